"""What an operation is given beside its inputs: the stores, who calls, and the request's body.

An operation is one async function named as boto3 names it: `async def head_bucket(call, *, Bucket)`. Its
keyword parameters are the members of AWS's model that it honours (the wire layer refuses the others), its
result a dict of the model's output members (None values are left out). It knows no HTTP: it raises S3Error,
or lets the metadata store's conditions through.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metadata.bucket_settings import NO_SETTINGS, BucketSettings
from s3api.access.authority import AWS_DEFAULTS, Defaults
from s3api.access.caller import ANONYMOUS, Caller
from s3api.access.initiator import user_shown
from s3api.bucket_logs.destination import LogDestination
from s3api.events.targets import NO_TARGETS, Targets

if TYPE_CHECKING:
    from metadata import Metadata
    from metadata.bucket_settings import Buckets
    from metadata.records import Bucket
    from s3api.access.authority import Access
    from s3api.access.keys import Keys
    from s3api.blobs import BlobStore
    from s3api.body import Body
    from s3api.kms import Vault

Output = dict[str, Any]
FlushLog = Callable[["Bucket", LogDestination], Awaitable[str | None]]


@dataclass(slots=True)
class Call:
    """One authorised request.

    `owner` is the canonical id of the account that calls; `now_us` when it arrived. `bucket`, `settings`: of
    the bucket that the request names, as they were when it was authorised (None where it names none, or makes
    it); those of another bucket are had from `buckets`. `vault` has the keys of encryption; `secure`: whether
    the request came over TLS; `remote`: the address that it came from. `targets`: where events may be sent;
    `creation`: the kind of event that a PutObject is; `url`: where the request was sent, told to
    CompleteMultipartUpload alone.

    `flush_log` delivers what is collected of a bucket's log, and gives the log object's key.

    `access`: what the caller may do beyond what was asked already, None for one that may do everything here;
    `source_access` is that of a copy's source. `writer`: whose an object becomes that is made without an ACL,
    "" for the caller's account.
    """

    metadata: Metadata
    blobs: BlobStore
    owner: str
    request_id: str
    now_us: int
    region: str
    buckets: Buckets
    vault: Vault
    bucket: Bucket | None = None
    settings: BucketSettings = NO_SETTINGS
    remote: str = ""
    targets: Targets = NO_TARGETS
    creation: str = "ObjectCreated:Put"
    url: str = ""
    body: Body | None = None
    secure: bool = False
    principal: Caller = ANONYMOUS
    access: Access | None = None
    writer: str = ""
    source_access: Access | None = None
    defaults: Defaults = AWS_DEFAULTS
    keys: Keys | None = None
    flush_log: FlushLog | None = None

    def number(self, canonical: str) -> str | None:
        """An account's twelve digits."""
        return self.keys.number(canonical) if self.keys else None

    async def owner_shown(self, canonical: str) -> dict[str, str]:
        """An account as S3's answers show it; without a name where it is not there."""
        account = await self.keys.account(canonical) if self.keys else None
        return {"DisplayName": account.name, "ID": canonical} if account else {"ID": canonical}

    async def initiator_shown(self, initiator: str) -> dict[str, str]:
        """Who began an upload: a user by ARN and name, an account as `owner_shown` has it."""
        return user_shown(initiator) or await self.owner_shown(initiator)
