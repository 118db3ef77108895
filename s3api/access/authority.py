"""Authorization of requests: loads what a decision needs, and raises AccessDenied.

The usual request (an account's own key, on its own bucket without policy or ACLs) is allowed after three
comparisons (`Authority.has_full_access`). Each other request gets an `Access`: it holds the caller, the
request and the bucket's rules, loads the object's owner, ACL and tags where they matter, and calls
`s3api.access.decision`. Operations that read or write more than the request names (the source of a copy, the
keys of a DeleteObjects) use the same `Access`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from metadata.errors import IsDeleteMarker, NoSuchBucket, NoSuchKey, NoSuchUpload, NoSuchVersion
from s3api.access import initiator
from s3api.access.actions import required_actions, required_source_actions
from s3api.access.body_keys import body_condition_keys, body_may_decide
from s3api.access.bucket_configuration import (
    AWS_DEFAULTS,
    Defaults,
    block_of,
    object_rules_of,
    ownership_of,
    policy_of,
    read_acl,
)
from s3api.access.caller import Caller
from s3api.access.context import ConditionContext
from s3api.access.copy_source import CopySource
from s3api.access.decision import (
    ENFORCED,
    OBJECT_OWNER_ACTIONS,
    BucketRules,
    Decision,
    ObjectRules,
    decide,
    decide_with_write,
    decide_without_bucket,
    refusal_message,
)
from s3api.access.principal import ANONYMOUS_OWNER, Principal
from s3api.access.request_context import RequestContext
from s3api.errors import S3Error

if TYPE_CHECKING:
    from metadata import Metadata
    from metadata.bucket_settings import Buckets, BucketSettings
    from metadata.records import Bucket
    from s3api.access.denials import Denials
    from s3api.access.keys import Keys

_ALLOWED_WITH_WRITE = frozenset({"s3:PutObjectAcl", "s3:PutObjectTagging"})
_MISSING = (NoSuchKey, NoSuchVersion, IsDeleteMarker)


class Authority:
    """Authorizes the requests of one gateway."""

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
        """Whether `principal` may do everything to the bucket and its objects, without a further check."""
        if principal.user is not None or principal.account != bucket.owner:
            return False
        if not settings:
            return not self._acls_by_default
        return settings.get("Policy") is None and ownership_of(settings, self.defaults) == ENFORCED

    def bucket_rules(self, bucket: Bucket, settings: BucketSettings) -> BucketRules:
        """Gather a bucket's access rules."""
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
        """Return the owner of an object that `principal` puts into the bucket without an ACL."""
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
        """Check a request that no existing bucket is named in. Raises S3Error AccessDenied."""
        context = _context(self, principal, request, None)
        if document:
            context.document = body_condition_keys(request, document)
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
        """Record a refusal and make its error.

        Only principals of the bucket's own account get the reason, as on AWS.
        """
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
    """Authorization of one request in one bucket. `needed_acl`: whether only an ACL allowed the request."""

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
        self.document = body_condition_keys(self.request, document)

    async def check(self, key: str | None, version_id: str | None) -> None:
        """Check the request's operation. Raises S3Error AccessDenied, or NoSuchKey if the caller may list."""
        wants = required_actions(self.request.operation, self.request.headers, version=version_id is not None)
        context = self._context()
        object_rules = await self._object_rules(wants.action, key, version_id, context)
        await self._check(wants.action, key, context, object_rules)
        for action in wants.also:
            if action in _ALLOWED_WITH_WRITE:
                decision = decide_with_write(self.principal, action, self.rules, key, context.get)
                self._require(decision, action, key)
            else:
                await self._check(action, key, context, object_rules)

    async def check_source(self, source: CopySource) -> Access | None:
        """Check that the caller may read the source of a copy; return its access to that bucket.

        None for a caller with full access to it. Raises S3Error NoSuchBucket, AccessDenied, NoSuchKey.
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

    def refusal_for_key(
        self, action: str, key: str, version_id: str | None = None, *, note: bool = True
    ) -> S3Error | None:
        """Check `action` on one of several keys; return the error, None if it is allowed.

        Not for actions that an object's ACL decides. `note`: whether to record a refusal, which is too
        expensive for a thousand keys.
        """
        context = self._context()
        context.overrides["s3:versionid"] = (version_id,) if version_id else None
        decision = decide(self.principal, action, self.rules, key, context.get)
        return None if decision.allowed else self._refusal(decision, action, key, note=note)

    def may_list(self, key: str) -> bool:
        """Whether the caller may learn that a key does not exist: it needs s3:ListBucket."""
        context = self._context()
        context.overrides["s3:prefix"] = (key,)
        return decide(self.principal, "s3:ListBucket", self.rules, None, context.get).allowed

    def listing_denied(self) -> S3Error:
        """Make the AccessDenied that replaces NoSuchKey for a caller without s3:ListBucket."""
        kind = "identity" if self.own else "resource"
        decision = Decision(False, f"because no {kind}-based policy allows the s3:ListBucket action")
        return self._refusal(decision, "s3:ListBucket", None)

    async def _check(
        self, action: str, key: str | None, context: ConditionContext, object_rules: ObjectRules | None
    ) -> None:
        decision = decide(self.principal, action, self.rules, key, context.get, object_rules=object_rules)
        if decision.allowed or key is None:
            self._require(decision, action, key)
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
        """Whether the caller initiated the multipart upload that the request names."""
        upload_id = self.request.query.get("uploadId", "")
        if self.principal.anonymous or not upload_id.isalnum():
            return False
        try:
            upload = await self.authority.metadata.uploads.get(self.rules.bucket, key, upload_id)
        except (NoSuchBucket, NoSuchUpload):
            return False
        return initiator.is_initiator(self.principal, upload.initiator)

    def _require(self, decision: Decision, action: str, key: str | None) -> None:
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
        """Load the object's owner and ACL where they may decide, and its tags where a policy uses them.

        None: they do not decide, or there is no object. The tags go into `context`.
        """
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


def _context(
    authority: Authority, principal: Principal, request: RequestContext, owner: str | None
) -> ConditionContext:
    return ConditionContext(
        principal,
        request,
        region=authority.region,
        bucket_owner_number=None if owner is None else authority.keys.number(owner),
    )
