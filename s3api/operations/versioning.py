"""GetBucketVersioning, PutBucketVersioning."""

from __future__ import annotations

from typing import Any

from metadata.records import ENABLED, OFF, SUSPENDED
from s3api.errors import S3Error
from s3api.operations.call import Call, Output

_LOCKED = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."


async def get_bucket_versioning(call: Call, *, Bucket: str) -> Output:
    """Return the versioning state; nothing for a bucket that never had versioning.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
    """
    bucket = await call.metadata.buckets.get(Bucket)
    return {"Status": None if bucket.versioning == OFF else bucket.versioning}


async def put_bucket_versioning(
    call: Call, *, Bucket: str, VersioningConfiguration: dict[str, Any] | None = None
) -> Output:
    """Enable or suspend versioning. MFA delete is not implemented and refused.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
    """
    wanted = VersioningConfiguration or {}
    status = wanted.get("Status")
    if status not in (ENABLED, SUSPENDED):
        raise S3Error(
            "IllegalVersioningConfigurationException",
            "The Versioning element must be specified" if status is None else None,
        )
    if wanted.get("MFADelete") == ENABLED:
        raise S3Error("NotImplemented", "MFA delete is not implemented.", Header="MfaDelete")
    if status == SUSPENDED and call.settings.get("ObjectLock"):
        raise S3Error("InvalidBucketState", _LOCKED)
    seen = call.bucket.revision if call.bucket and status == SUSPENDED else None
    await call.metadata.buckets.set_versioning(Bucket, status, at_revision=seen)
    return {}
