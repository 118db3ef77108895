"""What an operation is given beside its inputs: the stores, who calls, and the request's body.

An operation is one async function named as boto3 names it: `async def head_bucket(call, *, Bucket)`. Its
keyword parameters are the members of AWS's model that it honours (the wire layer refuses the others), its
result a dict of the model's output members (None values are left out). It knows no HTTP: it raises S3Error,
or lets the metadata store's conditions through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metadata import Metadata
    from s3api.blobs import BlobStore
    from s3api.body import Body

Output = dict[str, Any]


@dataclass(slots=True)
class Call:
    """One authorised request.

    `owner` is the canonical id of the account that calls; `now_us` when it arrived.
    """

    metadata: Metadata
    blobs: BlobStore
    owner: str
    request_id: str
    now_us: int
    region: str
    body: Body | None = None
