"""ListBuckets, CreateBucket, HeadBucket, DeleteBucket, GetBucketLocation."""

from __future__ import annotations

import re
from typing import Any, Unpack

from metadata.errors import BucketExists
from metadata.records import ENABLED, OFF
from metadata.records import Bucket as BucketRecord
from s3api.bucket_names import RESERVED, is_bucket_name
from s3api.errors import S3Error
from s3api.operations.acls import BucketAcl, acl_of_new_bucket
from s3api.operations.bucket_logging import flush_on_change
from s3api.operations.call import Call, Output
from s3api.operations.configurations import to_json
from s3api.operations.configurations.small_documents import check_tagging
from s3api.operations.ownership import OWNERSHIPS, controls_document
from s3api.operations.steps.paging import make_token, read_token
from s3api.operations.steps.tags_and_lock import LOCK

MAX_BUCKETS = 10_000
US_EAST_1 = "us-east-1"

_REGION = re.compile(r"[A-Za-z0-9-]{1,63}", re.ASCII)


async def list_buckets(
    call: Call,
    *,
    Prefix: str | None = None,
    BucketRegion: str | None = None,
    MaxBuckets: int | None = None,
    ContinuationToken: str | None = None,
) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html"""
    if MaxBuckets is not None and not 1 <= MaxBuckets <= MAX_BUCKETS:
        raise S3Error(
            "InvalidArgument",
            f"Argument max-buckets must be an integer between 1 and {MAX_BUCKETS}",
            ArgumentName="max-buckets",
            ArgumentValue=str(MaxBuckets),
        )
    after = read_token(ContinuationToken)[0] if ContinuationToken is not None else ""
    buckets, next_after = await call.metadata.buckets.list(
        owner=call.owner,
        prefix=Prefix or "",
        region=BucketRegion or None,
        after=after,
        limit=MaxBuckets or MAX_BUCKETS,
    )
    return {
        "Owner": await call.owner_element(call.owner),
        "Buckets": [_bucket_output(bucket) for bucket in buckets],
        "Prefix": Prefix,
        "ContinuationToken": make_token(next_after) if next_after is not None else None,
    }


async def create_bucket(
    call: Call,
    *,
    Bucket: str,
    CreateBucketConfiguration: dict[str, Any] | None = None,
    ObjectOwnership: str | None = None,
    ObjectLockEnabledForBucket: bool | None = None,
    **more: Unpack[BucketAcl],
) -> Output:
    """Create a bucket in any LocationConstraint, us-east-1 included (older SDKs send it).

    Without one, the gateway's region. To create one's own bucket again is BucketAlreadyOwnedByYou; in
    us-east-1 AWS answers 200 and keeps the content (API_CreateBucket, "BucketAlreadyOwnedByYou").
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    """
    check_bucket_name(Bucket)
    _check_ownership(ObjectOwnership)
    configuration = CreateBucketConfiguration or {}
    region = _parse_location(configuration) or call.backend.region
    configs: dict[str, str] = {}
    if tags := configuration.get("Tags"):
        configs["Tagging"] = to_json(check_tagging({"TagSet": tags}))
    if ObjectOwnership is not None:
        configs["OwnershipControls"] = controls_document(ObjectOwnership)
    if acl := await acl_of_new_bucket(call, more, ObjectOwnership or call.defaults.ownership):
        configs["Acl"] = acl
    if ObjectLockEnabledForBucket:
        configs[LOCK] = to_json({"ObjectLockEnabled": "Enabled"})
    try:
        await call.metadata.buckets.create(
            Bucket,
            region=region,
            owner=call.owner,
            now_us=call.now_us,
            versioning=ENABLED if ObjectLockEnabledForBucket else OFF,
            configs=configs,
        )
    except BucketExists as exists:
        if exists.owner == call.owner and await _in_us_east_1(call, Bucket, region):
            return {"Location": f"/{Bucket}", "BucketArn": _arn(Bucket)}
        code = "BucketAlreadyOwnedByYou" if exists.owner == call.owner else "BucketAlreadyExists"
        raise S3Error(code, BucketName=Bucket) from None
    return {"Location": f"/{Bucket}", "BucketArn": _arn(Bucket)}


async def head_bucket(call: Call, *, Bucket: str) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html"""
    bucket = await call.metadata.buckets.get(Bucket)
    return {
        "BucketRegion": bucket.region,
        "BucketArn": _arn(Bucket),
        "AccessPointAlias": False,
        "ContentType": "application/xml",
    }


async def delete_bucket(call: Call, *, Bucket: str) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html"""
    await call.metadata.buckets.delete(Bucket)
    await flush_on_change(call, {})
    return {}


async def get_bucket_location(call: Call, *, Bucket: str) -> Output:
    """Return the region; no LocationConstraint for us-east-1, as on AWS.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
    """
    bucket = await call.metadata.buckets.get(Bucket)
    return {"LocationConstraint": None if bucket.region == US_EAST_1 else bucket.region}


def check_bucket_name(name: str) -> None:
    """Raise S3Error InvalidBucketName for a name that a new bucket cannot have."""
    if name in RESERVED:
        raise S3Error(
            "InvalidBucketName",
            f"The bucket name '{name}' is reserved: below /{name}/ is this server's own interface.",
            BucketName=name,
        )
    if not is_bucket_name(name):
        raise S3Error("InvalidBucketName", "The specified bucket is not valid.", BucketName=name)


async def _in_us_east_1(call: Call, name: str, wanted: str) -> bool:
    return US_EAST_1 == wanted == (await call.metadata.buckets.get(name)).region


def _parse_location(configuration: dict[str, Any]) -> str | None:
    """Return the region of a CreateBucketConfiguration.

    Raises S3Error NotImplemented, InvalidLocationConstraint.
    """
    known = ("LocationConstraint", "Tags")
    unknown = [name for name in configuration if name not in known and configuration[name]]
    if unknown:
        raise S3Error(
            "NotImplemented", f"CreateBucketConfiguration.{unknown[0]} is not implemented.", Header=unknown[0]
        )
    region: str | None = configuration.get("LocationConstraint")
    if region and not _REGION.fullmatch(region):
        raise S3Error("InvalidLocationConstraint", LocationConstraint=region)
    return "eu-west-1" if region == "EU" else region


def _check_ownership(ownership: str | None) -> None:
    if ownership is not None and ownership not in OWNERSHIPS:
        raise S3Error(
            "InvalidArgument",
            f"Invalid x-amz-object-ownership header: {ownership}",
            ArgumentName="x-amz-object-ownership",
        )


def _bucket_output(bucket: BucketRecord) -> Output:
    return {
        "Name": bucket.name,
        "CreationDate": bucket.created_us,
        "BucketRegion": bucket.region,
        "BucketArn": _arn(bucket.name),
    }


def _arn(name: str) -> str:
    return f"arn:aws:s3:::{name}"
