"""GetObjectAttributes: the attributes of an object that the client lists."""

from __future__ import annotations

from typing import Unpack

from metadata.records import Object
from s3api.errors import S3Error
from s3api.operations.call import Call, Output
from s3api.operations.steps.conditions import check_version
from s3api.operations.steps.inputs import CustomerKey
from s3api.operations.steps.object_encryption import check_customer_key
from s3api.operations.steps.paging import MAX_INT, page_size

_HEADER = "x-amz-object-attributes"
_KNOWN = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")


async def get_object_attributes(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    ObjectAttributes: list[str] | None = None,
    VersionId: str | None = None,
    MaxParts: int | None = None,
    PartNumberMarker: int | None = None,
    **more: Unpack[CustomerKey],
) -> Output:
    """Return the listed attributes. The ETag has no quotes, a composite checksum no "-N", as on AWS.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
    """
    wanted = _parse_attribute_list(ObjectAttributes or [])
    check_version(VersionId)
    limit = page_size(MaxParts, "max-parts")
    after = page_size(PartNumberMarker or 0, "part-number-marker", most=MAX_INT)
    found = await call.metadata.objects.get(Bucket, Key, VersionId)
    await check_customer_key(call, found.extras.encryption, more)
    members: Output = {
        "ETag": found.etag,
        "Checksum": _checksum_output(found),
        "StorageClass": found.properties.storage_class,
        "ObjectSize": found.size,
    }
    out = {name: members[name] for name in wanted if name in members}
    if "ObjectParts" in wanted and found.parts:
        out["ObjectParts"] = await _list_parts(call, found, after, limit)
    if found.versioned:
        out["VersionId"] = found.version_id
    return {"LastModified": found.modified_us, **out}


def _parse_attribute_list(names: list[str]) -> set[str]:
    """Parse x-amz-object-attributes, whose items may hold several names. Raises S3Error InvalidArgument."""
    wanted = {name.strip() for item in names for name in item.split(",")} - {""}
    if not wanted:
        raise S3Error(
            "InvalidArgument",
            f"The {_HEADER} header specifying the attributes to be retrieved is either missing or empty",
            ArgumentName=_HEADER,
        )
    if unknown := wanted - set(_KNOWN):
        raise S3Error(
            "InvalidArgument",
            "Invalid attribute name specified.",
            ArgumentName=_HEADER,
            ArgumentValue=min(unknown),
        )
    return wanted


def _checksum_output(found: Object) -> Output | None:
    checksum = found.checksum
    if checksum is None:
        return None
    return {f"Checksum{checksum.algorithm}": checksum.value.split("-")[0], "ChecksumType": checksum.type}


async def _list_parts(call: Call, found: Object, after: int, limit: int) -> Output:
    """Return a page of the parts. AWS lists none for an object without a checksum."""
    if found.checksum is None:
        return {"TotalPartsCount": found.parts}
    more = await call.metadata.objects.parts(found.data_id, after=after, limit=limit + 1) if limit else []
    parts = more[:limit]
    return {
        "TotalPartsCount": found.parts,
        "PartNumberMarker": after,
        "NextPartNumberMarker": parts[-1].number if parts else 0,
        "MaxParts": limit,
        "IsTruncated": len(more) > limit,
        "Parts": [
            {
                "PartNumber": part.number,
                "Size": part.size,
                **({f"Checksum{part.checksum.algorithm}": part.checksum.value} if part.checksum else {}),
            }
            for part in parts
        ],
    }
