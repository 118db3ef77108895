"""What an operation is given beside its inputs: the stores, the caller, the request and its body.

An operation is one async function named as boto3 names it: `async def head_bucket(call, *, Bucket)`. Its
keyword parameters are the members of AWS's model that it honours (the wire layer refuses the others), its
result a dict of the model's output members (None values are left out). It knows no HTTP: it raises S3Error,
or lets the metadata store's errors through.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metadata.bucket_settings import NO_SETTINGS, BucketSettings
from s3api.access.bucket_configuration import AWS_DEFAULTS, Defaults
from s3api.access.caller import Caller
from s3api.access.initiator import initiator_user
from s3api.access.request_context import RequestContext
from s3api.bucket_logs.destination import LogDestination
from s3api.events.targets import NO_TARGETS, Targets

if TYPE_CHECKING:
    from metadata import Metadata
    from metadata.bucket_settings import Buckets
    from metadata.records import Bucket
    from s3api.access.authority import Access
    from s3api.access.keys import Keys
    from s3api.blobs.interface import Blobs
    from s3api.body import Body
    from s3api.kms import DataKeys

Output = dict[str, Any]
FlushLog = Callable[["Bucket", LogDestination], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Backend:
    """What all requests of a gateway share: S3, browser forms, websites, REST and background work.

    `data_keys` wraps and unwraps data keys. `targets`: where events may be sent. `defaults`: the access
    rules of buckets without rules of their own. `flush_log` delivers what is collected of a bucket's log and
    returns the log object's key, None where bucket logs are not running.
    """

    metadata: Metadata
    blobs: Blobs
    buckets: Buckets
    keys: Keys
    data_keys: DataKeys
    region: str
    targets: Targets = NO_TARGETS
    defaults: Defaults = AWS_DEFAULTS
    flush_log: FlushLog | None = None

    async def call_on_bucket(self, principal: Caller, request: RequestContext) -> Call:
        """Make the call of a request to a bucket that exists. Raises NoSuchBucket."""
        call = Call(self, principal, request)
        call.bucket, call.settings = await self.buckets.find(request.bucket or "")
        return call


@dataclass(slots=True)
class Call:
    """One request to one operation.

    `bucket`, `settings`: of the bucket that the request names, as they were when it was authorised (None
    where it names none, or makes it). `body`: for operations whose input is a stream.

    `access`: the rules to ask for what was not authorised already, None for a caller who may do everything
    here; `source_access`: those of a copy's source. `writer`: the owner of objects made without an ACL, ""
    for the caller's account.
    """

    backend: Backend
    principal: Caller
    request: RequestContext
    bucket: Bucket | None = None
    settings: BucketSettings = NO_SETTINGS
    body: Body | None = None
    access: Access | None = None
    source_access: Access | None = None
    writer: str = ""

    @property
    def metadata(self) -> Metadata:
        return self.backend.metadata

    @property
    def blobs(self) -> Blobs:
        return self.backend.blobs

    @property
    def data_keys(self) -> DataKeys:
        return self.backend.data_keys

    @property
    def defaults(self) -> Defaults:
        return self.backend.defaults

    @property
    def owner(self) -> str:
        """The canonical id of the caller's account, "" for an anonymous caller."""
        return self.principal.account

    @property
    def now_us(self) -> int:
        """When the request arrived."""
        return self.request.now_us

    def number(self, canonical: str) -> str:
        """Return an account's twelve digits."""
        return self.backend.keys.number(canonical)

    async def owner_element(self, canonical: str) -> dict[str, str]:
        """Describe an account as the Owner element of answers; without a name where it does not exist."""
        account = await self.backend.keys.account(canonical)
        return {"DisplayName": account.name, "ID": canonical} if account else {"ID": canonical}

    async def initiator_element(self, initiator: str) -> dict[str, str]:
        """Describe an upload's initiator: a user by ARN and name, an account as `owner_element` does."""
        return initiator_user(initiator) or await self.owner_element(initiator)
