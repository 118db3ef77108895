"""Ownership controls (whether ACLs are enabled) and public access block of a bucket.

Buckets without them have the gateway's defaults, which are AWS's unless the settings differ. A deleted one is
stored as an empty document: that bucket has neither controls nor block.
"""

from __future__ import annotations

from typing import Any

from s3api.access.bucket_configuration import NO_OWNERSHIP, block_of, read_acl
from s3api.access.decision import ENFORCED, NO_BLOCK
from s3api.errors import S3Error
from s3api.operations.call import Call, Output
from s3api.operations.configurations import to_json

OWNERSHIPS = (ENFORCED, "BucketOwnerPreferred", NO_OWNERSHIP)
_BLOCK = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_EMPTY = "{}"


async def put_bucket_ownership_controls(
    call: Call, *, Bucket: str, OwnershipControls: dict[str, Any]
) -> Output:
    """Set the ownership. BucketOwnerEnforced is refused while the bucket's ACL grants access to others.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html
    """
    rules = OwnershipControls.get("Rules") or []
    if len(rules) != 1 or rules[0].get("ObjectOwnership") not in OWNERSHIPS:
        raise S3Error("MalformedXML")
    ownership = rules[0]["ObjectOwnership"]
    if ownership == ENFORCED and read_acl(call.settings.get("Acl")) is not None:
        raise S3Error("InvalidBucketAclWithObjectOwnership")
    await call.metadata.buckets.put_config(Bucket, "OwnershipControls", controls_document(ownership))
    return {}


async def get_bucket_ownership_controls(call: Call, *, Bucket: str) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketOwnershipControls.html"""
    document = call.settings.get("OwnershipControls")
    ownership = document.get("ObjectOwnership") if document is not None else _default_ownership(call)
    if ownership is None:
        raise S3Error("OwnershipControlsNotFoundError", BucketName=Bucket)
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": ownership}]}}


async def delete_bucket_ownership_controls(call: Call, *, Bucket: str) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketOwnershipControls.html"""
    await call.metadata.buckets.put_config(Bucket, "OwnershipControls", _EMPTY)
    return {}


async def put_public_access_block(
    call: Call, *, Bucket: str, PublicAccessBlockConfiguration: dict[str, Any]
) -> Output:
    """Set the four switches; a missing one is off, but one at least must be stated.

    Raises S3Error InvalidRequest.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html
    """
    if not PublicAccessBlockConfiguration:
        raise S3Error("InvalidRequest", "Must specify at least one configuration.")
    document = {name: bool(PublicAccessBlockConfiguration.get(name)) for name in _BLOCK}
    await call.metadata.buckets.put_config(Bucket, "PublicAccessBlock", to_json(document))
    return {}


async def get_public_access_block(call: Call, *, Bucket: str) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html"""
    document = call.settings.get("PublicAccessBlock")
    if document == {} or (document is None and call.defaults.block == NO_BLOCK):
        raise S3Error("NoSuchPublicAccessBlockConfiguration", BucketName=Bucket)
    block = block_of(call.settings, call.defaults)
    return {"PublicAccessBlockConfiguration": dict(zip(_BLOCK, block, strict=True))}


async def delete_public_access_block(call: Call, *, Bucket: str) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html"""
    await call.metadata.buckets.put_config(Bucket, "PublicAccessBlock", _EMPTY)
    return {}


def controls_document(ownership: str) -> str:
    """Return ownership controls as they are stored."""
    return to_json({"ObjectOwnership": ownership})


def _default_ownership(call: Call) -> str | None:
    default = call.defaults.ownership
    return default if default == ENFORCED else None
