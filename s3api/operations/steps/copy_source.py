"""The source of a copy: parse its headers, read it, check its conditions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from metadata.errors import NoSuchBucket, NoSuchKey
from metadata.records import Object
from s3api.access.copy_source import parse_copy_source
from s3api.errors import S3Error
from s3api.operations.call import Call
from s3api.operations.steps.conditions import CopySourceConditions, check_copy_source, check_version

MAX_COPY_BYTES = 5 << 30
_RANGE = re.compile(r"bytes=(\d{1,19})-(\d{1,19})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a copy as the request names it, with the conditions on it.

    `expected_owner`: x-amz-source-expected-bucket-owner. `version_id`: None for the current version.
    """

    bucket: str
    key: str
    conditions: CopySourceConditions
    expected_owner: str | None
    version_id: str | None = None


def parse_source(header: str, conditions: CopySourceConditions, expected_owner: str | None) -> Source:
    """Parse the headers that name a copy's source. Raises S3Error InvalidArgument, NotImplemented."""
    found = parse_copy_source(header)
    check_version(found.version_id)
    return Source(found.bucket, found.key, conditions, expected_owner, found.version_id)


def copy_range(header: str | None, size: int) -> tuple[int, int]:
    """Parse x-amz-copy-source-range into [start, stop), for a source of `size` bytes.

    The range must lie within the source. Raises S3Error InvalidArgument, InvalidRequest.
    """
    if header is None:
        return 0, size
    match = _RANGE.fullmatch(header)
    if not match or int(match[1]) > int(match[2]):
        raise _bad_range(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are"
            " the zero-based offsets of the first and last bytes to copy",
            header,
        )
    first, last = int(match[1]), int(match[2])
    if first >= size:
        raise S3Error("InvalidRequest", "The specified copy range is invalid for the source object size")
    if last >= size:
        raise _bad_range(f"Range specified is not valid for source object of size: {size}", header)
    return first, last + 1


async def read_source(call: Call, source: Source) -> Object:
    """Read the source object as it stands now, and check the conditions on it.

    The permission to read it was checked before. Raises S3Error AccessDenied (another owner than the expected
    one), NoSuchBucket and NoSuchKey (which name the source, not the target), PreconditionFailed.
    """
    try:
        bucket = await call.metadata.buckets.get(source.bucket)
        if source.expected_owner not in (None, bucket.owner, call.number(bucket.owner)):
            raise S3Error("AccessDenied")
        found = await call.metadata.objects.get(source.bucket, source.key, source.version_id)
    except NoSuchBucket:
        raise S3Error("NoSuchBucket", BucketName=source.bucket) from None
    except NoSuchKey:
        raise S3Error("NoSuchKey", Key=source.key) from None
    check_copy_source(found.etag, found.modified_us, source.conditions, now_us=call.now_us)
    return found


def check_copy_size(size: int) -> None:
    """Raise S3Error InvalidRequest for a source of more than 5 GiB."""
    if size > MAX_COPY_BYTES:
        raise S3Error(
            "InvalidRequest",
            "The specified copy source is larger than the maximum allowable size for a copy source:"
            f" {MAX_COPY_BYTES}",
        )


def _bad_range(message: str, value: str) -> S3Error:
    return S3Error("InvalidArgument", message, ArgumentName="x-amz-copy-source-range", ArgumentValue=value)
