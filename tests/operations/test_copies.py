"""CopyObject and UploadPartCopy: what comes from the source or the request, and which bytes are read."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from metadata.errors import BlobGone, NoSuchBucket, NoSuchKey, NoSuchUpload, PreconditionFailed
from metadata.ids import new_id
from metadata.records import NO_CONDITIONS, NewObject, Properties
from s3api.errors import S3Error
from s3api.operations import copies
from s3api.operations.attributes import get_object_attributes
from s3api.operations.call import Call
from s3api.operations.copies import copy_object, upload_part_copy
from s3api.operations.deletes import delete_object
from s3api.operations.listing import list_parts
from s3api.operations.multipart import complete_multipart_upload, create_multipart_upload, upload_part
from s3api.operations.objects import head_object, put_object
from s3api.operations.steps.copy_source import copy_range, parse_source

from .conftest import NOW_US, at, sending
from .memory_blobs import MemoryBlobs

DATA = bytes(range(256)) * 40
MD5 = hashlib.md5(DATA).hexdigest()


@pytest.fixture
async def source(call: Call) -> Call:
    """photos/from contains DATA, with all headers and metadata."""
    await put_object(
        sending(call, DATA),
        Bucket="photos",
        Key="from",
        ContentType="image/png",
        CacheControl="no-cache",
        Metadata={"colour": "blue"},
        StorageClass="STANDARD_IA",
        WebsiteRedirectLocation="/elsewhere",
    )
    return at(call, NOW_US + 1)


async def bytes_of(call: Call, key: str) -> bytes:
    found = await call.metadata.objects.get("photos", key)
    extents = (
        (found.extent,) if found.extent else await call.metadata.objects.extents(found.data_id, 0, found.size)
    )
    return b"".join([bytes(piece) async for piece in call.blobs.read(extents)])


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("photos/from", "from"),
        ("/photos/from", "from"),
        ("photos%2Ffrom", "from"),
        ("photos//a//b", "/a//b"),
        ("photos/a%2Bb+c%20d", "a+b c d"),
        ("photos/%C3%BC?versionId=null", "ü"),
        ("photos/a?b", "a?b"),
        ("photos/a%3FversionId=x", "a?versionId=x"),
    ],
)
def test_sources(header: str, key: str) -> None:
    source = parse_source(header, {}, None)
    assert (source.bucket, source.key) == ("photos", key)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("photos", "InvalidArgument"),
        ("photos/", "InvalidArgument"),
        ("", "InvalidArgument"),
        ("//from", "InvalidArgument"),
        ("photos/%FF", "InvalidArgument"),
        ("photos/from?versionId=3HL4kqtJ", "InvalidArgument"),
        ("arn:aws:s3:eu-west-1:123456789012:accesspoint/x/object/from", "NotImplemented"),
    ],
)
def test_invalid_sources(header: str, code: str) -> None:
    with pytest.raises(S3Error) as caught:
        parse_source(header, {}, None)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("header", "span"),
    [(None, (0, 10)), ("bytes=0-9", (0, 10)), ("bytes=3-3", (3, 4)), ("bytes=9-9", (9, 10))],
)
def test_ranges(header: str | None, span: tuple[int, int]) -> None:
    assert copy_range(header, 10) == span


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("bytes=0-10", "InvalidArgument"),
        ("bytes=10-10", "InvalidRequest"),
        ("bytes=5-4", "InvalidArgument"),
        ("bytes=5-", "InvalidArgument"),
        ("bytes=-5", "InvalidArgument"),
        ("bytes=0-1,3-4", "InvalidArgument"),
        ("0-1", "InvalidArgument"),
        ("bytes=a-b", "InvalidArgument"),
    ],
)
def test_invalid_ranges(header: str, code: str) -> None:
    with pytest.raises(S3Error) as caught:
        copy_range(header, 10)
    assert caught.value.code == code


async def test_a_copy_keeps_what_aws_keeps(source: Call, blobs: MemoryBlobs) -> None:
    out = (await copy_object(source, Bucket="photos", Key="to", CopySource="photos/from"))["CopyObjectResult"]
    assert (out["ETag"], out["LastModified"], out["ChecksumType"]) == (f'"{MD5}"', NOW_US + 1, "FULL_OBJECT")
    head = await head_object(source, Bucket="photos", Key="to", ChecksumMode="ENABLED")
    assert (head["ContentType"], head["CacheControl"], head["Metadata"]) == (
        "image/png",
        "no-cache",
        {"colour": "blue"},
    )
    assert "StorageClass" not in head
    assert "WebsiteRedirectLocation" not in head
    assert head["ChecksumCRC64NVME"] == out["ChecksumCRC64NVME"]
    assert (len(blobs.bytes), blobs.reads) == (1, 0)


async def test_a_copy_remains_when_its_source_is_deleted(source: Call) -> None:
    await copy_object(source, Bucket="photos", Key="to", CopySource="photos/from")
    await delete_object(source, Bucket="photos", Key="from")
    assert await bytes_of(source, "to") == DATA


async def test_replacing_the_description(source: Call) -> None:
    await copy_object(
        source,
        Bucket="photos",
        Key="from",
        CopySource="photos/from",
        MetadataDirective="REPLACE",
        TaggingDirective="COPY",
        Metadata={"size": "large"},
        StorageClass="GLACIER_IR",
    )
    head = await head_object(source, Bucket="photos", Key="from")
    assert (head["ContentType"], head["Metadata"]) == ("binary/octet-stream", {"size": "large"})
    assert (head["StorageClass"], head.get("CacheControl")) == ("GLACIER_IR", None)
    assert await bytes_of(source, "from") == DATA


async def test_a_copy_onto_itself_must_change_something(source: Call) -> None:
    with pytest.raises(S3Error, match="trying to copy an object to itself"):
        await copy_object(source, Bucket="photos", Key="from", CopySource="photos/from", Metadata={"a": "b"})
    for more in ({"StorageClass": "STANDARD"}, {"WebsiteRedirectLocation": "/x"}):
        await copy_object(source, Bucket="photos", Key="from", CopySource="photos/from", **more)  # type: ignore[arg-type]
    head = await head_object(source, Bucket="photos", Key="from")
    assert (head["WebsiteRedirectLocation"], head["Metadata"]) == ("/x", {"colour": "blue"})


async def test_another_checksum_is_computed(source: Call, blobs: MemoryBlobs) -> None:
    out = await copy_object(
        source, Bucket="photos", Key="to", CopySource="photos/from", ChecksumAlgorithm="sha256"
    )
    assert "ChecksumSHA256" in out["CopyObjectResult"]
    assert blobs.reads == 1
    await copy_object(
        source, Bucket="photos", Key="two", CopySource="photos/from", ChecksumAlgorithm="CRC64NVME"
    )
    assert blobs.reads == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"MetadataDirective": "MOVE"}, "InvalidArgument"),
        ({"TaggingDirective": "MOVE"}, "InvalidArgument"),
        ({"ChecksumAlgorithm": "CRC16"}, "InvalidRequest"),
        ({"StorageClass": "COLD"}, "InvalidStorageClass"),
        ({"CopySourceIfMatch": '"other"'}, "PreconditionFailed"),
        ({"CopySourceIfNoneMatch": f'"{MD5}"'}, "PreconditionFailed"),
        ({"IfMatch": "*"}, "NotImplemented"),
        ({"ExpectedSourceBucketOwner": "bob"}, "AccessDenied"),
    ],
)
async def test_copies_that_are_refused(source: Call, more: dict[str, Any], code: str) -> None:
    with pytest.raises(S3Error) as caught:
        await copy_object(source, Bucket="photos", Key="to", CopySource="photos/from", **more)
    assert caught.value.code == code
    with pytest.raises(NoSuchKey):
        await head_object(source, Bucket="photos", Key="to")


async def test_missing_sources(source: Call) -> None:
    with pytest.raises(S3Error) as caught:
        await copy_object(source, Bucket="photos", Key="to", CopySource="photos/nothing")
    assert (caught.value.code, caught.value.details) == ("NoSuchKey", {"Key": "nothing"})
    with pytest.raises(S3Error) as caught:
        await copy_object(source, Bucket="photos", Key="to", CopySource="nowhere/from")
    assert (caught.value.code, caught.value.details) == ("NoSuchBucket", {"BucketName": "nowhere"})
    with pytest.raises(NoSuchBucket):
        await copy_object(source, Bucket="nowhere", Key="to", CopySource="photos/from")


async def test_conditions_of_the_target(source: Call) -> None:
    where: dict[str, Any] = {"Bucket": "photos", "Key": "to", "CopySource": "photos/from"}
    with pytest.raises(NoSuchKey):
        await copy_object(source, IfMatch=MD5, **where)
    await copy_object(source, IfNoneMatch="*", **where)
    with pytest.raises(PreconditionFailed):
        await copy_object(source, IfNoneMatch="*", **where)
    with pytest.raises(PreconditionFailed):
        await copy_object(source, IfMatch='"other"', **where)
    await copy_object(source, IfMatch=f'"{MD5}"', **where)


async def pretend(call: Call, blobs: MemoryBlobs, size: int) -> None:
    """photos/huge, an object with a record but without bytes."""
    new = NewObject("photos", "huge", new_id(), MD5, NOW_US, "alice", Properties(), None, blobs.pretend(size))
    await call.metadata.objects.put(new, NO_CONDITIONS)


async def test_five_gibibytes(call: Call, blobs: MemoryBlobs) -> None:
    await pretend(call, blobs, 5 << 30)
    await copy_object(call, Bucket="photos", Key="to", CopySource="photos/huge")
    await pretend(call, blobs, (5 << 30) + 1)
    with pytest.raises(S3Error, match="maximum allowable size for a copy source: 5368709120"):
        await copy_object(call, Bucket="photos", Key="to", CopySource="photos/huge")


async def test_a_source_that_changes_is_read_again(source: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its blob is deleted between the read and the transaction, twice."""
    put, left = source.metadata.objects.put, [1, 2]

    async def put_late(*args: Any, **kwargs: Any) -> None:
        if left:
            left.pop()
            raise BlobGone
        await put(*args, **kwargs)

    monkeypatch.setattr(source.metadata.objects, "put", put_late)
    await copy_object(source, Bucket="photos", Key="to", CopySource="photos/from")
    assert await bytes_of(source, "to") == DATA
    left.extend(range(copies.ATTEMPTS))
    with pytest.raises(S3Error, match="OperationAborted"):
        await copy_object(source, Bucket="photos", Key="to", CopySource="photos/from")


async def upload(call: Call, **more: Any) -> dict[str, Any]:
    made = await create_multipart_upload(call, Bucket="photos", Key="whole", **more)
    return {"Bucket": "photos", "Key": "whole", "UploadId": made["UploadId"]}


async def test_a_part_out_of_a_range(source: Call, blobs: MemoryBlobs) -> None:
    where = await upload(source, ChecksumAlgorithm="SHA256")
    out = await upload_part_copy(
        source, PartNumber=1, CopySource="photos/from", CopySourceRange="bytes=100-299", **where
    )
    result = out["CopyPartResult"]
    assert result["ETag"] == f'"{hashlib.md5(DATA[100:300]).hexdigest()}"'
    assert set(result) == {"ETag", "LastModified", "ChecksumSHA256"}
    assert len(blobs.bytes) == 1
    part = {"PartNumber": 1, "ETag": result["ETag"], "ChecksumSHA256": result["ChecksumSHA256"]}
    await complete_multipart_upload(source, MultipartUpload={"Parts": [part]}, **where)
    await delete_object(source, Bucket="photos", Key="from")
    assert await bytes_of(source, "whole") == DATA[100:300]


async def test_a_whole_plain_source_is_not_read(source: Call, blobs: MemoryBlobs) -> None:
    where = await upload(source)
    out = await upload_part_copy(source, PartNumber=1, CopySource="photos/from", **where)
    assert out["CopyPartResult"] == {"ETag": f'"{MD5}"', "LastModified": NOW_US + 1}
    assert blobs.reads == 0


async def test_a_range_over_several_extents(call: Call, blobs: MemoryBlobs) -> None:
    """The source is itself a multipart object, of 5 MiB and a tail."""
    first, second = DATA * 512, b"tail"
    where = await upload(call)
    parts = []
    for number, data in ((1, first), (2, second)):
        part = await upload_part(sending(call, data), PartNumber=number, **where)
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    await complete_multipart_upload(call, MultipartUpload={"Parts": parts}, **where)
    copy = await copy_object(call, Bucket="photos", Key="twin", CopySource="photos/whole")
    assert copy["CopyObjectResult"]["ETag"].endswith('-2"')
    assert await bytes_of(call, "twin") == first + second
    attributes = await get_object_attributes(
        call, Bucket="photos", Key="twin", ObjectAttributes=["ObjectSize"]
    )
    assert attributes["ObjectSize"] == len(first) + 4
    where = await upload(call)
    span = f"bytes={len(first) - 2}-{len(first) + 1}"
    out = await upload_part_copy(call, PartNumber=1, CopySource="photos/whole", CopySourceRange=span, **where)
    assert out["CopyPartResult"]["ETag"] == f'"{hashlib.md5(first[-2:] + b"ta").hexdigest()}"'
    assert [part["Size"] for part in (await list_parts(call, **where))["Parts"]] == [4]


async def test_part_copies_that_are_refused(source: Call) -> None:
    where = await upload(source)
    for number in (0, 10_001):
        with pytest.raises(S3Error, match="between 1 and 10000"):
            await upload_part_copy(source, PartNumber=number, CopySource="photos/from", **where)
    with pytest.raises(NoSuchUpload):
        await upload_part_copy(
            source, PartNumber=1, CopySource="photos/from", **where | {"UploadId": "0" * 64}
        )
    with pytest.raises(S3Error, match="PreconditionFailed"):
        await upload_part_copy(
            source, PartNumber=1, CopySource="photos/from", CopySourceIfMatch='"x"', **where
        )


async def test_an_empty_source(call: Call, blobs: MemoryBlobs) -> None:
    await put_object(sending(call, b""), Bucket="photos", Key="from")
    await copy_object(call, Bucket="photos", Key="to", CopySource="photos/from", ChecksumAlgorithm="SHA1")
    assert (await head_object(call, Bucket="photos", Key="to"))["ContentLength"] == 0
    where = await upload(call, ChecksumAlgorithm="CRC32")
    out = await upload_part_copy(call, PartNumber=1, CopySource="photos/from", **where)
    assert out["CopyPartResult"]["ChecksumCRC32"] == "AAAAAA=="
