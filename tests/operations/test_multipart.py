"""Multipart uploads from beginning to end."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import zlib
from dataclasses import replace
from typing import Any

import pytest

from metadata.errors import NoSuchBucket, NoSuchUpload, PreconditionFailed
from s3api.errors import S3Error
from s3api.operations.attributes import get_object_attributes
from s3api.operations.call import Call
from s3api.operations.listing import list_multipart_uploads, list_objects
from s3api.operations.multipart import (
    abort_multipart_upload,
    complete_multipart_upload,
    create_multipart_upload,
    upload_part,
)
from s3api.operations.objects import head_object, put_object
from s3api.operations.steps.uploads import data_id_of, new_upload_id

from .conftest import sending
from .memory_blobs import MemoryBlobs

BIG = b"a" * (5 << 20)
TAIL = b"tail"


async def begin(call: Call, key: str = "k", **more: Any) -> dict[str, Any]:
    made = await create_multipart_upload(call, Bucket="photos", Key=key, **more)
    return {"Bucket": "photos", "Key": key, "UploadId": made["UploadId"]}


async def send(call: Call, where: dict[str, Any], *bodies: bytes) -> dict[str, Any]:
    """Upload the parts; return the input of CompleteMultipartUpload."""
    parts = []
    for number, data in enumerate(bodies, 1):
        out = await upload_part(sending(call, data), PartNumber=number, **where)
        parts.append({"PartNumber": number, **out})
    return {"Parts": parts}


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def test_upload_ids() -> None:
    ids = [new_upload_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert {len(data_id_of(one)) for one in ids} == {16}
    for wrong in ("", "x", ids[0][:-1], ids[0].upper() + "0", ids[0] + "\n"):
        with pytest.raises(S3Error, match="NoSuchUpload"):
            data_id_of(wrong)


@pytest.mark.parametrize(
    ("algorithm", "kind", "result"),
    [
        (None, None, (None, None)),
        ("CRC32", None, ("CRC32", "COMPOSITE")),
        ("crc32c", "FULL_OBJECT", ("CRC32C", "FULL_OBJECT")),
        ("CRC64NVME", None, ("CRC64NVME", "FULL_OBJECT")),
        ("SHA256", "COMPOSITE", ("SHA256", "COMPOSITE")),
        ("XXHASH3", None, ("XXHASH3", "COMPOSITE")),
    ],
)
async def test_the_checksum_of_an_upload(call: Call, algorithm: Any, kind: Any, result: Any) -> None:
    made = await create_multipart_upload(
        call, Bucket="photos", Key="k", ChecksumAlgorithm=algorithm, ChecksumType=kind
    )
    assert (made["ChecksumAlgorithm"], made["ChecksumType"]) == result


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [("CRC16", None), (None, "COMPOSITE"), ("CRC64NVME", "COMPOSITE"), ("SHA256", "FULL_OBJECT")],
)
async def test_checksums_that_an_upload_cannot_have(call: Call, algorithm: Any, kind: Any) -> None:
    with pytest.raises(S3Error, match="InvalidRequest"):
        await create_multipart_upload(
            call, Bucket="photos", Key="k", ChecksumAlgorithm=algorithm, ChecksumType=kind
        )


async def test_an_upload_into_a_missing_bucket(call: Call) -> None:
    with pytest.raises(NoSuchBucket):
        await create_multipart_upload(call, Bucket="nowhere", Key="k")


async def test_from_beginning_to_end(call: Call, blobs: MemoryBlobs) -> None:
    where = await begin(call, ContentType="image/png", Metadata={"a": "b"}, StorageClass="STANDARD_IA")
    parts = await send(call, where, BIG, TAIL)
    assert (await list_objects(call, Bucket="photos"))["Contents"] == []
    out = await complete_multipart_upload(call, MultipartUpload=parts, MpuObjectSize=len(BIG) + 4, **where)
    digests = hashlib.md5(BIG).digest() + hashlib.md5(TAIL).digest()
    assert out["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-2"'
    assert (out["Bucket"], out["Key"]) == ("photos", "k")
    assert out["ChecksumType"] == "FULL_OBJECT"
    head = await head_object(call, Bucket="photos", Key="k", PartNumber=2)
    assert (head["ContentLength"], head["PartsCount"]) == (4, 2)
    assert (head["ContentType"], head["Metadata"], head["StorageClass"]) == (
        "image/png",
        {"a": "b"},
        "STANDARD_IA",
    )
    assert (await list_multipart_uploads(call, Bucket="photos"))["Uploads"] == []


async def test_a_repeated_completion_answers_as_before(call: Call) -> None:
    where = await begin(call)
    parts = await send(call, where, BIG, TAIL)
    first = await complete_multipart_upload(call, MultipartUpload=parts, IfNoneMatch="*", **where)
    again = await complete_multipart_upload(call, MultipartUpload=parts, IfNoneMatch="*", **where)
    assert first == again
    with pytest.raises(NoSuchUpload):
        await complete_multipart_upload(call, MultipartUpload={"Parts": parts["Parts"][:1]}, **where)
    await put_object(sending(call, b"x"), Bucket="photos", Key="k")
    with pytest.raises(NoSuchUpload):
        await complete_multipart_upload(call, MultipartUpload=parts, **where)


async def test_completions_at_the_same_time(call: Call) -> None:
    where = await begin(call)
    parts = await send(call, where, BIG, TAIL)
    outs = await asyncio.gather(
        *(complete_multipart_upload(call, MultipartUpload=parts, IfNoneMatch="*", **where) for _ in range(5))
    )
    assert all(out == outs[0] for out in outs)


async def test_only_the_named_parts_count(call: Call) -> None:
    where = await begin(call)
    parts = await send(call, where, BIG, TAIL, TAIL)
    del parts["Parts"][1]
    out = await complete_multipart_upload(call, MultipartUpload=parts, **where)
    assert out["ETag"].endswith('-2"')
    head = await head_object(call, Bucket="photos", Key="k")
    assert head["ContentLength"] == len(BIG) + 4


async def test_a_completion_between_reading_the_upload_and_its_parts(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = await begin(call)
    parts = await send(call, where, BIG, TAIL)
    first: list[Any] = []
    list_parts = call.metadata.uploads.list_parts

    async def late(*given: Any, **more: Any) -> Any:
        monkeypatch.undo()
        first.append(await complete_multipart_upload(call, MultipartUpload=parts, **where))
        return await list_parts(*given, **more)

    monkeypatch.setattr(call.metadata.uploads, "list_parts", late)
    assert await complete_multipart_upload(call, MultipartUpload=parts, **where) == first[0]


async def test_a_part_sent_again_replaces_the_first(call: Call) -> None:
    where = await begin(call)
    old = await send(call, where, b"old")
    new = await send(call, where, b"newer")
    with pytest.raises(S3Error, match="InvalidPart"):
        await complete_multipart_upload(call, MultipartUpload=old, **where)
    await complete_multipart_upload(call, MultipartUpload=new, **where)
    assert (await head_object(call, Bucket="photos", Key="k"))["ContentLength"] == 5


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"MultipartUpload": None}, "InvalidRequest"),
        ({"MultipartUpload": {"Parts": []}}, "MalformedXML"),
        ({"MpuObjectSize": 1}, "InvalidRequest"),
        ({"ChecksumType": "COMPOSITE"}, "InvalidRequest"),
        ({"ChecksumCRC32": "AAAAAA=="}, "BadDigest"),
        ({"IfMatch": "*"}, "NotImplemented"),
    ],
)
async def test_completions_that_are_refused_can_be_tried_again(
    call: Call, given: dict[str, Any], code: str
) -> None:
    where = await begin(call)
    parts = await send(call, where, TAIL)
    with pytest.raises(S3Error) as caught:
        await complete_multipart_upload(call, **where | {"MultipartUpload": parts} | given)
    assert caught.value.code == code
    await complete_multipart_upload(call, MultipartUpload=parts, **where)


async def test_conditions(call: Call) -> None:
    where = await begin(call)
    parts = await send(call, where, TAIL)
    there = await put_object(sending(call, b"x"), Bucket="photos", Key="k")
    with pytest.raises(PreconditionFailed):
        await complete_multipart_upload(call, MultipartUpload=parts, IfNoneMatch="*", **where)
    with pytest.raises(PreconditionFailed):
        await complete_multipart_upload(call, MultipartUpload=parts, IfMatch='"other"', **where)
    await complete_multipart_upload(call, MultipartUpload=parts, IfMatch=there["ETag"], **where)


async def test_a_composite_checksum(call: Call) -> None:
    where = await begin(call, ChecksumAlgorithm="CRC32")
    parts = await send(call, where, BIG, TAIL)
    assert [part["ChecksumCRC32"] for part in parts["Parts"]] == [crc32(BIG), crc32(TAIL)]
    out = await complete_multipart_upload(call, MultipartUpload=parts, **where)
    digests = b"".join(zlib.crc32(data).to_bytes(4, "big") for data in (BIG, TAIL))
    assert (out["ChecksumCRC32"], out["ChecksumType"]) == (crc32(digests) + "-2", "COMPOSITE")
    wanted = ["Checksum", "ObjectParts", "ETag", "StorageClass", "ObjectSize"]
    shown = await get_object_attributes(call, Bucket="photos", Key="k", ObjectAttributes=wanted, MaxParts=1)
    assert shown["ETag"] == out["ETag"].strip('"')
    assert shown["Checksum"] == {"ChecksumCRC32": crc32(digests), "ChecksumType": "COMPOSITE"}
    assert (shown["ObjectSize"], shown["StorageClass"]) == (len(BIG) + 4, "STANDARD")
    assert shown["ObjectParts"] == {
        "TotalPartsCount": 2,
        "PartNumberMarker": 0,
        "NextPartNumberMarker": 1,
        "MaxParts": 1,
        "IsTruncated": True,
        "Parts": [{"PartNumber": 1, "Size": len(BIG), "ChecksumCRC32": crc32(BIG)}],
    }
    rest = await get_object_attributes(
        call, Bucket="photos", Key="k", ObjectAttributes=["ObjectParts"], PartNumberMarker=1
    )
    assert set(rest) == {"LastModified", "ObjectParts"}
    assert [part["PartNumber"] for part in rest["ObjectParts"]["Parts"]] == [2]


async def test_a_checksum_of_the_whole(call: Call) -> None:
    where = await begin(call, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    parts = await send(call, where, BIG, TAIL)
    given: dict[str, Any] = {"MultipartUpload": parts, "ChecksumType": "FULL_OBJECT", **where}
    with pytest.raises(S3Error, match="BadDigest"):
        await complete_multipart_upload(call, ChecksumCRC32=crc32(BIG), **given)
    out = await complete_multipart_upload(call, ChecksumCRC32=crc32(BIG + TAIL), **given)
    assert (out["ChecksumCRC32"], out["ChecksumType"]) == (crc32(BIG + TAIL), "FULL_OBJECT")
    shown = await get_object_attributes(call, Bucket="photos", Key="k", ObjectAttributes=["ObjectParts"])
    assert [part["Size"] for part in shown["ObjectParts"]["Parts"]] == [len(BIG), len(TAIL)]


async def test_a_part_with_another_checksum_stores_nothing(call: Call, blobs: MemoryBlobs) -> None:
    where = await begin(call, ChecksumAlgorithm="SHA256")
    with pytest.raises(S3Error, match="expected checksum Type: sha256, actual checksum Type: crc32"):
        await upload_part(sending(call, TAIL), PartNumber=1, ChecksumCRC32=crc32(TAIL), **where)
    assert blobs.bytes == {}


@pytest.mark.parametrize("number", [0, -1, 10_001])
async def test_part_numbers(call: Call, blobs: MemoryBlobs, number: int) -> None:
    where = await begin(call)
    with pytest.raises(S3Error, match="between 1 and 10000"):
        await upload_part(sending(call, TAIL), PartNumber=number, **where)
    assert blobs.bytes == {}


async def test_an_aborted_upload_is_gone(call: Call, blobs: MemoryBlobs) -> None:
    where = await begin(call)
    parts = await send(call, where, TAIL)
    assert await abort_multipart_upload(call, **where) == {}
    kept = dict(blobs.bytes)
    with pytest.raises(NoSuchUpload):
        await upload_part(sending(call, TAIL), PartNumber=2, **where)
    with pytest.raises(NoSuchUpload):
        await complete_multipart_upload(call, MultipartUpload=parts, **where)
    with pytest.raises(NoSuchUpload):
        await abort_multipart_upload(call, **where)
    assert blobs.bytes == kept


async def test_an_upload_is_one_of_its_key(call: Call) -> None:
    where = await begin(call)
    with pytest.raises(NoSuchUpload):
        await upload_part(sending(call, TAIL), PartNumber=1, **where | {"Key": "other"})
    with pytest.raises(NoSuchUpload):
        await abort_multipart_upload(replace(call), **where | {"Key": "other"})
