from __future__ import annotations

import pytest

from metadata.errors import NoSuchKey
from s3api.errors import S3Error
from s3api.operations.attributes import get_object_attributes
from s3api.operations.call import Call
from s3api.operations.objects import put_object

from .conftest import NOW_US, sending


@pytest.fixture
async def put(call: Call) -> Call:
    await put_object(sending(call, b"x"), Bucket="photos", Key="k", StorageClass="GLACIER_IR")
    return call


@pytest.mark.parametrize("wanted", [["ETag", "ObjectSize"], ["ETag, ObjectSize"], ["ETag,ObjectSize", ""]])
async def test_only_listed_attributes_are_returned(put: Call, wanted: list[str]) -> None:
    out = await get_object_attributes(put, Bucket="photos", Key="k", ObjectAttributes=wanted)
    assert out == {"LastModified": NOW_US, "ETag": "9dd4e461268c8034f5c8564e155c67a6", "ObjectSize": 1}


async def test_everything_of_a_plain_object(put: Call) -> None:
    names = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    out = await get_object_attributes(put, Bucket="photos", Key="k", VersionId="null", ObjectAttributes=names)
    assert set(out["Checksum"]) == {"ChecksumCRC64NVME", "ChecksumType"}
    assert (out["StorageClass"], "ObjectParts" in out) == ("GLACIER_IR", False)


@pytest.mark.parametrize("wanted", [None, [], [""], ["Etag"], ["ETag", "Size"]])
async def test_invalid_attribute_names(put: Call, wanted: list[str] | None) -> None:
    with pytest.raises(S3Error) as caught:
        await get_object_attributes(put, Bucket="photos", Key="k", ObjectAttributes=wanted)
    assert (caught.value.code, caught.value.details["ArgumentName"]) == (
        "InvalidArgument",
        "x-amz-object-attributes",
    )


async def test_a_missing_key(call: Call) -> None:
    with pytest.raises(NoSuchKey):
        await get_object_attributes(call, Bucket="photos", Key="k", ObjectAttributes=["ETag"])
