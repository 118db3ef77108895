"""Endpoint of the IAM API: receives a signed form, answers with an XML document.

The steps in order: receive the form (the signature covers its digest), verify the signature, find the
operation, parse its inputs, authorize the caller by its own policies, run the operation.
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from metadata.errors import MetadataUnavailable, NoSuchUser
from metadata.records import IamUser
from s3api.access.caller import Caller
from s3api.access.context import ConditionContext
from s3api.access.decision import decide_without_bucket, refusal_message
from s3api.access.principal import Principal
from s3api.access.request_context import RequestContext
from s3api.body import Body
from s3api.errors import S3Error
from s3api.iam.actions import ACTIONS
from s3api.iam.api import IamCall, no_such_user, user_arn
from s3api.iam.errors import IamError
from s3api.iam.wire import MAX_FORM_BYTES, IamWire, read_form, render_error
from s3api.signatures import SignedRequest, parse_service_request
from s3api.signatures.public_hosts import RawHeaders, verify_for_public_hosts

if TYPE_CHECKING:
    from metadata import Metadata
    from s3api.access.denials import Denials
    from s3api.access.keys import Keys
    from s3api.http.request import Request
    from s3api.observe import AccessRecord
    from s3api.wire import Reply

log = logging.getLogger("sixfold.iam")
FORM_TYPE = "application/x-www-form-urlencoded"
# Operations that act on no existing user.
_WITHOUT_USER = frozenset(
    {
        "CreateUser",
        "GetAccountSummary",
        "GetPolicy",
        "GetPolicyVersion",
        "ListGroups",
        "ListOpenIDConnectProviders",
        "ListPolicies",
        "ListRoles",
        "ListUsers",
    }
)
# S3's error codes for bad signatures, and the codes of AWS's query APIs for them.
_SIGNATURE_CODES = {
    "AuthorizationHeaderMalformed": "IncompleteSignature",
    "RequestTimeTooSkewed": "SignatureDoesNotMatch",
    "SignatureDoesNotMatch": "SignatureDoesNotMatch",
    "AccessDenied": "AccessDenied",
}


def is_form(request: Request) -> bool:
    """Whether a request to "/" is a request to a query API such as IAM."""
    kind = request.headers.get("content-type", "")
    return request.method == "POST" and kind.partition(";")[0].strip().lower() == FORM_TYPE


class IamEndpoint:
    """The IAM API of a gateway. One instance serves all requests."""

    def __init__(
        self,
        *,
        metadata: Metadata,
        keys: Keys,
        denials: Denials,
        body_idle_s: float,
        public_hosts: Sequence[str] = (),
    ) -> None:
        self._metadata, self._keys, self._denials = metadata, keys, denials
        self._idle_s, self._public_hosts = body_idle_s, public_hosts
        self._wire = IamWire(ACTIONS)

    async def answer(self, request: Request, record: AccessRecord, now_us: int) -> Reply:
        """Answer a request. Every failure becomes an error response, except ClientGone, which is raised."""
        record.operation = "iam"
        try:
            return await self._answer(request, record, now_us)
        except IamError as why:
            error = why
        except S3Error as why:
            code = _SIGNATURE_CODES.get(why.code, "IncompleteSignature")
            error = IamError(code, why.message or "The request signature cannot be accepted.")
        except MetadataUnavailable:
            error = IamError("ServiceUnavailable", "The store cannot take this request now.")
        record.code = error.code
        return render_error(error, record.request_id)

    async def _answer(self, request: Request, record: AccessRecord, now_us: int) -> Reply:
        received = Body(request.pieces, None, limit_bytes=MAX_FORM_BYTES, idle_s=self._idle_s)
        body = bytes(await received.read_all(MAX_FORM_BYTES))
        principal = await self._authenticate(request, body, record, now_us)
        form = read_form(body)
        action = self._wire.find(form)
        record.operation = f"iam.{action.name}"
        inputs = action.read(form)
        user = await self._user(action.name, principal, inputs.get("UserName"))
        named = inputs.get("UserName")
        self._authorize(principal, action.name, _resource(principal, user, inputs), request, record, now_us)
        if user is None and named is not None and action.name not in _WITHOUT_USER:
            raise no_such_user(named)
        call = IamCall(self._metadata, principal, now_us, user)
        result = await action.handler(call, **inputs)
        if not action.name.startswith(("Get", "List")):
            self._keys.forget()
        return action.render(result, record.request_id)

    async def _authenticate(self, request: Request, body: bytes, record: AccessRecord, now_us: int) -> Caller:
        def read(headers: RawHeaders) -> SignedRequest | None:
            return parse_service_request(
                request.method, request.raw_path, request.raw_query, headers, body, now_us, b"iam"
            )

        signed = read(request.raw_headers)
        if signed is None:
            raise IamError("MissingAuthenticationToken", "Request is missing Authentication Token")
        key = await self._keys.find(signed.access_key)
        if key is None:
            raise IamError("InvalidClientTokenId", "The security token included in the request is invalid.")
        try:
            signed.verify(key.secret_key)
        except S3Error as refused:
            verify_for_public_hosts(refused, key.secret_key, request, self._public_hosts, read)
        record.access_key, record.owner = key.access_key, key.owner
        principal = await self._keys.principal(key)
        if principal.anonymous:  # its user has been deleted
            raise IamError("InvalidClientTokenId", "The security token included in the request is invalid.")
        return principal

    async def _user(self, action: str, principal: Principal, name: str | None) -> IamUser | None:
        """Return the user that a request acts on: the one it names, else the caller; None for a root user."""
        if action in _WITHOUT_USER:
            return None
        try:
            name = name or principal.user
            return await self._metadata.users.get(principal.account, name) if name else None
        except NoSuchUser:
            return None

    def _authorize(
        self,
        principal: Caller,
        name: str,
        arn: str,
        request: Request,
        record: AccessRecord,
        now_us: int,
    ) -> None:
        action = f"iam:{name}"
        request_context = RequestContext(
            request_id=record.request_id,
            operation=name,
            bucket=None,
            headers=request.headers,
            query={},
            now_us=now_us,
            source_ip=record.client or None,
            secure=request.secure,
            tls=request.tls_version,
        )
        context = ConditionContext(principal, request_context)
        decision = decide_without_bucket(principal, action, arn, context.get)
        if decision.allowed:
            return
        self._denials.record(
            record.request_id,
            time_us=now_us,
            operation=f"iam.{name}",
            principal=principal.arn or "anonymous",
            source_ip=record.client or None,
            action=action,
            resource=arn,
            reason=decision.reason,
            statement=decision.statement,
        )
        raise IamError("AccessDenied", refusal_message(principal, action, arn, decision))


def _resource(principal: Principal, user: IamUser | None, inputs: Mapping[str, Any]) -> str:
    """Return the ARN of the resource that the operation acts on, for the policy decision."""
    if user is not None:
        return user_arn(principal.number, user.path, user.name)
    if "UserName" not in inputs and (arn := inputs.get("PolicyArn")) is not None:
        return str(arn)
    if (name := inputs.get("UserName")) is not None:
        return user_arn(principal.number, inputs.get("Path", "/"), name)
    if (prefix := inputs.get("PathPrefix")) is not None:
        return user_arn(principal.number, prefix, "")
    return f"arn:aws:iam::{principal.number}:root"
