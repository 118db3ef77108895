"""Who may do what, asked by the gateway for every request: what must be loaded to tell, and the answer.

The usual request (an account's own key, on its own bucket without policy or ACLs) is let through after three
comparisons. For all others an `Access` is made: it holds what the request says and what the bucket says,
loads the object's owner, ACL and tags where one of those matters, and asks `s3api.access.decision`.
Operations that touch more than the request names (a copy's source, the keys of a DeleteObjects) ask the same
`Access`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from metadata.errors import IsDeleteMarker, NoSuchBucket, NoSuchKey, NoSuchUpload, NoSuchVersion
from s3api.access import acl as acls
from s3api.access import initiator
from s3api.access.actions import required_actions, required_source_actions
from s3api.access.caller import Caller
from s3api.access.context import ConditionContext
from s3api.access.copy_source import CopySource
from s3api.access.decision import (
    ENFORCED,
    FULL_BLOCK,
    NO_BLOCK,
    OBJECT_OWNER_ACTIONS,
    BucketRules,
    Decision,
    ObjectRules,
    PublicAccessBlock,
    decide,
    decide_with_write,
    decide_without_bucket,
    refusal_message,
)
from s3api.access.policy import Policy, read_bucket_policy
from s3api.access.principal import ANONYMOUS_OWNER, Principal
from s3api.access.request_context import RequestContext
from s3api.errors import S3Error
from s3api.operation_table import rules_of

if TYPE_CHECKING:
    from metadata import Metadata
    from metadata.bucket_settings import Buckets, BucketSettings
    from metadata.records import Bucket, Object
    from s3api.access.denials import Denials
    from s3api.access.keys import Keys

NO_OWNERSHIP = "ObjectWriter"
"""What holds in a bucket without ownership controls, as AWS's older buckets have none."""
_BESIDE = frozenset({"s3:PutObjectAcl", "s3:PutObjectTagging"})
_MISSING = (NoSuchKey, NoSuchVersion, IsDeleteMarker)


class Defaults(NamedTuple):
    """What holds for buckets that say nothing themselves: AWS's of today, or those of before April 2023.

    `lenient`: whether what AWS refuses and other stores take is taken (`Settings.lenient`).
    """

    ownership: str = ENFORCED
    block: PublicAccessBlock = FULL_BLOCK
    lenient: bool = False


AWS_DEFAULTS = Defaults()
OPEN_DEFAULTS = Defaults(NO_OWNERSHIP, NO_BLOCK)


class Authority:
    """Decides for one gateway."""

    def __init__(
        self,
        *,
        metadata: Metadata,
        buckets: Buckets,
        keys: Keys,
        denials: Denials,
        region: str,
        defaults: Defaults = AWS_DEFAULTS,
    ) -> None:
        self.metadata, self.buckets, self.keys = metadata, buckets, keys
        self.denials, self.region, self.defaults = denials, region, defaults
        self._acls_by_default = defaults.ownership != ENFORCED

    def has_full_access(self, principal: Principal, bucket: Bucket, settings: BucketSettings) -> bool:
        """Whether `principal` may do everything to that bucket and all in it, for sure."""
        if principal.user is not None or principal.account != bucket.owner:
            return False
        if not settings:
            return not self._acls_by_default
        return settings.get("Policy") is None and ownership_of(settings, self.defaults) == ENFORCED

    def bucket_rules(self, bucket: Bucket, settings: BucketSettings) -> BucketRules:
        """What the bucket says of who may use it."""
        acl = settings.get("Acl") if settings else None
        return BucketRules(
            bucket.name,
            bucket.owner,
            policy_of(bucket.name, settings),
            read_acl(acl),
            ownership_of(settings, self.defaults),
            block_of(settings, self.defaults),
        )

    def object_owner(self, principal: Principal, bucket: Bucket, settings: BucketSettings) -> str:
        """Whose an object becomes that `principal` puts there without an ACL."""
        if principal.account == bucket.owner or ownership_of(settings, self.defaults) == ENFORCED:
            return bucket.owner
        return principal.account or ANONYMOUS_OWNER

    def access_for(
        self, principal: Caller, request: RequestContext, bucket: Bucket, settings: BucketSettings
    ) -> Access:
        return Access(self, principal, request, self.bucket_rules(bucket, settings))

    async def check_without_bucket(
        self,
        principal: Caller,
        request: RequestContext,
        document: Mapping[str, Any] | None = None,
    ) -> None:
        """For what belongs to no bucket that is there. Raises S3Error AccessDenied."""
        context = _context(self, principal, request, None)
        if document:
            context.document = _said_in(request, document)
        arn = f"arn:aws:s3:::{request.bucket or '*'}"
        wants = required_actions(request.operation, request.headers, version=False)
        for action in (wants.action, *wants.also):
            decision = decide_without_bucket(principal, action, arn, context.get)
            if not decision.allowed:
                raise self.refusal(principal, request, action, arn, decision, own=True)

    def refusal(
        self,
        principal: Principal,
        request: RequestContext,
        action: str,
        arn: str,
        decision: Decision,
        *,
        own: bool,
        note: bool = True,
    ) -> S3Error:
        """The refusal, noted. Only principals of the bucket's own account learn why (AWS does the same)."""
        if note:
            self.denials.record(
                request.request_id,
                time_us=request.now_us,
                operation=request.operation,
                principal=principal.arn or "anonymous",
                source_ip=request.source_ip,
                action=action,
                resource=arn,
                reason=decision.reason,
                statement=decision.statement,
            )
        if own and not principal.anonymous:
            return S3Error("AccessDenied", refusal_message(principal, action, arn, decision))
        return S3Error("AccessDenied")


@dataclass(slots=True)
class Access:
    """What one request may do. `needed_acl`: nothing but an ACL allowed what was asked."""

    authority: Authority
    principal: Caller
    request: RequestContext
    rules: BucketRules
    document: Mapping[str, Sequence[str]] = field(default_factory=dict)
    needed_acl: bool = False

    @property
    def own(self) -> bool:
        return not self.principal.anonymous and self.principal.account == self.rules.owner

    def awaits_body(self) -> bool:
        """Whether a policy uses condition keys whose values are in the request's body."""
        policies = [policy for _, policy in self.principal.policies]
        if self.rules.policy:
            policies.append(self.rules.policy)
        return body_may_decide(self.request.operation, policies)

    def read_document(self, document: Mapping[str, Any]) -> None:
        self.document = _said_in(self.request, document)

    async def check(self, key: str | None, version_id: str | None) -> None:
        """Let the operation go on, or raise S3Error AccessDenied, or NoSuchKey to who may know that."""
        wants = required_actions(self.request.operation, self.request.headers, version=version_id is not None)
        context = self._context()
        object_rules = await self._object_rules(wants.action, key, version_id, context)
        await self._check(wants.action, key, context, object_rules)
        for action in wants.also:
            if action in _BESIDE:
                decision = decide_with_write(self.principal, action, self.rules, key, context.get)
                self._insist(decision, action, key)
            else:
                await self._check(action, key, context, object_rules)

    async def check_source(self, source: CopySource) -> Access | None:
        """The same for a copy's source; what the caller may do there, None where that is everything. Raises
        S3Error NoSuchBucket, AccessDenied, NoSuchKey.
        """
        try:
            bucket, settings = await self.authority.buckets.find(source.bucket)
        except NoSuchBucket:
            raise S3Error("NoSuchBucket", BucketName=source.bucket) from None
        if self.authority.has_full_access(self.principal, bucket, settings):
            return None
        there = replace(self, rules=self.authority.bucket_rules(bucket, settings))
        context = there._context()
        context.overrides["s3:versionid"] = (source.version_id,) if source.version_id else None
        request = self.request
        for action in required_source_actions(
            request.operation, request.headers, version=source.version_id is not None
        ):
            object_rules = await there._object_rules(action, source.key, source.version_id, context)
            await there._check(action, source.key, context, object_rules)
        return there

    def refusal_of(
        self, action: str, key: str, version_id: str | None = None, *, note: bool = True
    ) -> S3Error | None:
        """The refusal of `action` on one key of several, None where it is allowed. For actions that no
        object's ACL decides. `note`: whether to keep it, which is too much for a thousand of them."""
        context = self._context()
        context.overrides["s3:versionid"] = (version_id,) if version_id else None
        decision = decide(self.principal, action, self.rules, key, context.get)
        return None if decision.allowed else self._refusal(decision, action, key, note=note)

    def may_list(self, key: str) -> bool:
        """Whether the principal may know that a key is not there."""
        context = self._context()
        context.overrides["s3:prefix"] = (key,)
        return decide(self.principal, "s3:ListBucket", self.rules, None, context.get).allowed

    def listing_denied(self) -> S3Error:
        """What to say instead of "no such key" to who may not know."""
        kind = "identity" if self.own else "resource"
        decision = Decision(False, f"because no {kind}-based policy allows the s3:ListBucket action")
        return self._refusal(decision, "s3:ListBucket", None)

    async def _check(
        self, action: str, key: str | None, context: ConditionContext, object_rules: ObjectRules | None
    ) -> None:
        decision = decide(self.principal, action, self.rules, key, context.get, object_rules=object_rules)
        if decision.allowed or key is None:
            self._insist(decision, action, key)
        elif action in initiator.INITIATOR_ACTIONS and not decision.by_deny and await self._is_initiator(key):
            return
        elif (
            object_rules is None
            and self.rules.has_acls
            and action in OBJECT_OWNER_ACTIONS
            and not decision.by_deny
        ):
            # There is no object whose ACL could allow it.
            if self.may_list(key):
                raise S3Error("NoSuchKey", Key=key)
            raise self._refusal(decision, action, key)
        else:
            raise self._refusal(decision, action, key)

    async def _is_initiator(self, key: str) -> bool:
        """Whether it was the principal who began the upload that the request names."""
        upload_id = self.request.query.get("uploadId", "")
        if self.principal.anonymous or not upload_id.isalnum():
            return False
        try:
            upload = await self.authority.metadata.uploads.get(self.rules.bucket, key, upload_id)
        except (NoSuchBucket, NoSuchUpload):
            return False
        return initiator.is_initiator(self.principal, upload.initiator)

    def _insist(self, decision: Decision, action: str, key: str | None) -> None:
        if not decision.allowed:
            raise self._refusal(decision, action, key)
        self.needed_acl = self.needed_acl or decision.needs_acl

    def _refusal(self, decision: Decision, action: str, key: str | None, *, note: bool = True) -> S3Error:
        arn = self.rules.arn(key)
        return self.authority.refusal(
            self.principal, self.request, action, arn, decision, own=self.own, note=note
        )

    async def _object_rules(
        self, action: str, key: str | None, version_id: str | None, context: ConditionContext
    ) -> ObjectRules | None:
        """The object, where its owner and ACL may decide; its tags are put into the context where a policy
        asks for them. None where it is not there."""
        by_acl = self.rules.has_acls and action in OBJECT_OWNER_ACTIONS
        by_tags = self._wants_tags()
        if key is None or not (by_acl or by_tags):
            return None
        try:
            found = await self.authority.metadata.objects.get(self.rules.bucket, key, version_id)
        except _MISSING:
            return None
        context.existing_tags = found.extras.tags or {}
        return object_rules_of(found) if by_acl else None

    def _wants_tags(self) -> bool:
        own = any(policy.wants_existing_tags for _, policy in self.principal.policies)
        return own or (self.rules.policy is not None and self.rules.policy.wants_existing_tags)

    def _context(self) -> ConditionContext:
        context = _context(self.authority, self.principal, self.request, self.rules.owner)
        context.document = self.document
        return context


def body_may_decide(operation: str, policies: Iterable[Policy]) -> bool:
    """Whether one of the policies uses condition keys whose values are in the operation's body."""
    keys = rules_of(operation).body_condition_keys
    return bool(keys) and any(key.startswith(keys) for policy in policies for key in policy.keys)


def object_rules_of(found: Object) -> ObjectRules:
    return ObjectRules(found.owner, read_acl(found.extras.acl))


def read_acl(document: Any) -> acls.ACL | None:
    """An ACL as it is kept: pairs of grantee and permission."""
    return None if document is None else tuple(acls.Grant(*pair) for pair in document)


def ownership_of(settings: BucketSettings, defaults: Defaults) -> str:
    """A bucket's ObjectOwnership."""
    said = settings.get("OwnershipControls") if settings else None
    if said is None:
        return defaults.ownership
    name: str = said.get("ObjectOwnership") or NO_OWNERSHIP
    return name


def block_of(settings: BucketSettings, defaults: Defaults) -> PublicAccessBlock:
    """A bucket's public access block."""
    said = settings.get("PublicAccessBlock") if settings else None
    return defaults.block if said is None else parse_public_access_block(said)


def parse_public_access_block(document: Mapping[str, Any]) -> PublicAccessBlock:
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return PublicAccessBlock(*(bool(document.get(name)) for name in names))


def policy_of(bucket: str, settings: BucketSettings) -> Policy | None:
    """The bucket's policy, parsed once for each revision."""
    return settings.parse("Policy", _PolicyOf(bucket)) if settings else None


@dataclass(frozen=True, slots=True)
class _PolicyOf:
    """Reads a policy's text; two of one bucket are equal, so that what one read is found again."""

    bucket: str

    def __call__(self, text: str) -> Policy:
        return read_bucket_policy(text, self.bucket, lenient=True)


def _context(
    authority: Authority, principal: Principal, request: RequestContext, owner: str | None
) -> ConditionContext:
    return ConditionContext(
        principal,
        request,
        region=authority.region,
        bucket_owner_number=None if owner is None else authority.keys.number(owner),
    )


def _said_in(request: RequestContext, document: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """The condition keys that a request's document has, with their values."""
    if request.operation == "PutObjectTagging":
        tags = (document.get("Tagging") or {}).get("TagSet") or []
        out: dict[str, Sequence[str]] = {f"s3:requestobjecttag/{tag['Key']}": (tag["Value"],) for tag in tags}
        return out | ({"s3:requestobjecttagkeys": tuple(tag["Key"] for tag in tags)} if tags else {})
    if request.operation == "CreateBucket":
        region = (document.get("CreateBucketConfiguration") or {}).get("LocationConstraint")
        return {"s3:locationconstraint": (region,)} if region else {}
    if request.operation == "PutObjectLegalHold":
        hold = (document.get("LegalHold") or {}).get("Status")
        return {"s3:object-lock-legal-hold": (hold,)} if hold else {}
    return _retention(document.get("Retention") or {}, request.now_us)


def _retention(retention: Mapping[str, Any], now_us: int) -> dict[str, Sequence[str]]:
    out: dict[str, Sequence[str]] = {}
    if mode := retention.get("Mode"):
        out["s3:object-lock-mode"] = (mode,)
    until = retention.get("RetainUntilDate")
    if isinstance(until, datetime):
        out["s3:object-lock-retain-until-date"] = (until.isoformat(),)
        days = (until.timestamp() - now_us / 1e6) // 86400
        out["s3:object-lock-remaining-retention-days"] = (str(int(days)),)
    return out
