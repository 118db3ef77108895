"""Listings over the real store: pages, markers, prefixes, encodings, as AWS documents them."""

from __future__ import annotations

from typing import Any

import pytest

from metadata.errors import NoSuchBucket, NoSuchUpload
from s3api.errors import S3Error
from s3api.operations.call import Call
from s3api.operations.listing import (
    list_multipart_uploads,
    list_object_versions,
    list_objects,
    list_objects_v2,
    list_parts,
)
from s3api.operations.multipart import create_multipart_upload, upload_part
from s3api.operations.objects import put_object

from .conftest import NOW_US, at, sending

KEYS = ["a", "b/1", "b/2", "b/c/3", "c", "d/4", "e f+g"]


@pytest.fixture
async def filled(call: Call) -> Call:
    for key in KEYS:
        await put_object(sending(call, key.encode()), Bucket="photos", Key=key)
    return call


def keys(page: dict[str, Any], member: str = "Contents") -> list[str]:
    return [entry["Key"] for entry in page[member]]


def prefixes(page: dict[str, Any]) -> list[str]:
    return [entry["Prefix"] for entry in page["CommonPrefixes"]]


async def test_an_entry(filled: Call) -> None:
    page = await list_objects(filled, Bucket="photos", MaxKeys=1)
    entry = page["Contents"][0]
    checksum = entry.pop("ChecksumAlgorithm"), entry.pop("ChecksumType")
    assert checksum == (["CRC64NVME"], "FULL_OBJECT")
    assert entry == {
        "Key": "a",
        "LastModified": NOW_US,
        "ETag": '"0cc175b9c0f1b6a831c399e269772661"',
        "Size": 1,
        "StorageClass": "STANDARD",
        "Owner": {"ID": "alice"},
    }


async def test_everything_on_one_page(filled: Call) -> None:
    page = await list_objects(filled, Bucket="photos")
    assert (keys(page), page["IsTruncated"], page["MaxKeys"]) == (KEYS, False, 1000)
    assert (page["Name"], page["Prefix"], page["Marker"], page["Delimiter"]) == ("photos", "", "", None)
    assert "NextMarker" not in page
    second = await list_objects_v2(filled, Bucket="photos")
    assert (keys(second), second["KeyCount"], second["IsTruncated"]) == (KEYS, 7, False)
    assert {entry.get("Owner") for entry in second["Contents"]} == {None}
    third = await list_objects_v2(filled, Bucket="photos", FetchOwner=True)
    assert third["Contents"][0]["Owner"] == {"ID": "alice"}


async def test_next_marker_only_with_a_delimiter(filled: Call) -> None:
    plain = await list_objects(filled, Bucket="photos", MaxKeys=2)
    assert (plain["IsTruncated"], plain.get("NextMarker")) == (True, None)
    page = await list_objects(filled, Bucket="photos", MaxKeys=2, Delimiter="/")
    assert (keys(page), prefixes(page), page["NextMarker"]) == (["a"], ["b/"], "b/")


@pytest.mark.parametrize("marker", ["b/", "b/1", "b/c/3", "b/zzz"])
async def test_a_v1_marker_hides_the_common_prefix_it_stands_in(filled: Call, marker: str) -> None:
    page = await list_objects(filled, Bucket="photos", Delimiter="/", Marker=marker)
    assert (keys(page), prefixes(page)) == (["c", "e f+g"], ["d/"])


async def test_v1_by_pages_of_one(filled: Call) -> None:
    seen: list[str] = []
    marker = None
    while True:
        page = await list_objects(filled, Bucket="photos", MaxKeys=1, Delimiter="/", Marker=marker)
        seen += keys(page) + prefixes(page)
        if not page["IsTruncated"]:
            break
        marker = page["NextMarker"]
    assert seen == ["a", "b/", "c", "d/", "e f+g"]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
async def test_v2_by_pages(filled: Call, size: int) -> None:
    seen: list[str] = []
    token = None
    while True:
        page = await list_objects_v2(
            filled, Bucket="photos", MaxKeys=size, Delimiter="/", ContinuationToken=token, StartAfter="A"
        )
        assert page["KeyCount"] == len(keys(page)) + len(prefixes(page)) <= size
        assert page.get("ContinuationToken") == token
        assert page["StartAfter"] == "A"
        seen += sorted(keys(page) + prefixes(page))
        if not page["IsTruncated"]:
            assert "NextContinuationToken" not in page
            break
        token = page["NextContinuationToken"]
    assert seen == ["a", "b/", "c", "d/", "e f+g"]


async def test_start_after_and_prefix(filled: Call) -> None:
    page = await list_objects_v2(filled, Bucket="photos", Prefix="b/", StartAfter="b/1", Delimiter="/")
    assert (keys(page), prefixes(page), page["StartAfter"]) == (["b/2"], ["b/c/"], "b/1")
    inside = await list_objects_v2(filled, Bucket="photos", StartAfter="b/1", Delimiter="/")
    assert prefixes(inside) == ["b/", "d/"]


@pytest.mark.parametrize("token", ["b/1", "AAAAAAAA"])
async def test_a_bad_token(filled: Call, token: str) -> None:
    with pytest.raises(S3Error, match="The continuation token provided is incorrect"):
        await list_objects_v2(filled, Bucket="photos", ContinuationToken=token)


async def test_encoding(filled: Call) -> None:
    page = await list_objects(
        filled, Bucket="photos", Prefix="e ", Marker="e +", Delimiter="+", EncodingType="url"
    )
    assert (page["Prefix"], page["Marker"], page["Delimiter"]) == ("e%20", "e%20%2B", "%2B")
    assert (prefixes(page), page["EncodingType"]) == (["e%20f%2B"], "url")
    plain = await list_objects_v2(filled, Bucket="photos", StartAfter="e  ", EncodingType="url")
    assert (keys(plain), plain["StartAfter"]) == (["e%20f%2Bg"], "e%20%20")
    with pytest.raises(S3Error, match="Invalid Encoding Method"):
        await list_objects(filled, Bucket="photos", EncodingType="xml")


async def test_max_keys(filled: Call) -> None:
    none = await list_objects_v2(filled, Bucket="photos", MaxKeys=0)
    assert (none["Contents"], none["KeyCount"], none["IsTruncated"], none["MaxKeys"]) == ([], 0, False, 0)
    assert (await list_objects(filled, Bucket="photos", MaxKeys=5000))["MaxKeys"] == 1000
    with pytest.raises(S3Error, match="maxKeys must be an integer between 0 and 2147483647"):
        await list_objects(filled, Bucket="photos", MaxKeys=-1)


@pytest.mark.parametrize("size", [0, 1])
async def test_a_missing_bucket(call: Call, size: int) -> None:
    for operation, name in (
        (list_objects, "MaxKeys"),
        (list_objects_v2, "MaxKeys"),
        (list_object_versions, "MaxKeys"),
        (list_multipart_uploads, "MaxUploads"),
    ):
        sized: dict[str, Any] = {name: size}
        with pytest.raises(NoSuchBucket):
            await operation(call, Bucket="nowhere", **sized)


async def test_versions(filled: Call) -> None:
    page = await list_object_versions(filled, Bucket="photos", MaxKeys=2, Delimiter="/", Prefix="b/")
    assert keys(page, "Versions") == ["b/1", "b/2"]
    assert [(v["VersionId"], v["IsLatest"]) for v in page["Versions"]] == [("null", True)] * 2
    assert (page["NextKeyMarker"], page["NextVersionIdMarker"]) == ("b/2", "null")
    rest = await list_object_versions(
        filled, Bucket="photos", Delimiter="/", Prefix="b/", KeyMarker="b/2", VersionIdMarker="null"
    )
    assert (rest["Versions"], prefixes(rest), rest["IsTruncated"]) == ([], ["b/c/"], False)
    assert (rest["KeyMarker"], rest["VersionIdMarker"]) == ("b/2", "null")


async def test_versions_end_a_page_with_a_prefix(filled: Call) -> None:
    page = await list_object_versions(filled, Bucket="photos", MaxKeys=2, Delimiter="/")
    assert (page["NextKeyMarker"], page["NextVersionIdMarker"]) == ("b/", None)
    rest = await list_object_versions(filled, Bucket="photos", Delimiter="/", KeyMarker="b/")
    assert keys(rest, "Versions") + prefixes(rest) == ["c", "e f+g", "d/"]


@pytest.mark.parametrize(("key", "version"), [(None, "null"), ("a", "3HL4kqtJ")])
async def test_bad_version_markers(call: Call, key: str | None, version: str) -> None:
    with pytest.raises(S3Error) as caught:
        await list_object_versions(call, Bucket="photos", KeyMarker=key, VersionIdMarker=version)
    assert caught.value.details["ArgumentName"] == "version-id-marker"


@pytest.fixture
async def uploads(call: Call) -> list[tuple[str, str]]:
    """(key, upload id), in the order of a listing."""
    made = []
    for later, key in enumerate(["a", "b/1", "b/2", "c", "c"]):
        one = await create_multipart_upload(at(call, NOW_US + later), Bucket="photos", Key=key)
        made.append((key, one["UploadId"]))
    return made


async def test_uploads(call: Call, uploads: list[tuple[str, str]]) -> None:
    page = await list_multipart_uploads(call, Bucket="photos")
    assert [(entry["Key"], entry["UploadId"]) for entry in page["Uploads"]] == uploads
    assert page["Uploads"][0]["Initiated"] == NOW_US
    assert page["Uploads"][0]["Initiator"] == page["Uploads"][0]["Owner"] == {"ID": "alice"}
    assert (page["IsTruncated"], page["MaxUploads"]) == (False, 1000)


async def test_uploads_by_pages_of_one(call: Call, uploads: list[tuple[str, str]]) -> None:
    seen: list[tuple[str, str]] = []
    markers: dict[str, Any] = {}
    while True:
        page = await list_multipart_uploads(call, Bucket="photos", MaxUploads=1, **markers)
        seen += [(entry["Key"], entry["UploadId"]) for entry in page["Uploads"]]
        if not page["IsTruncated"]:
            break
        markers = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
    assert seen == uploads


async def test_uploads_with_a_delimiter(call: Call, uploads: list[tuple[str, str]]) -> None:
    page = await list_multipart_uploads(call, Bucket="photos", Delimiter="/", MaxUploads=2)
    assert (keys(page, "Uploads"), prefixes(page), page["IsTruncated"]) == (["a"], ["b/"], True)
    rest = await list_multipart_uploads(call, Bucket="photos", Delimiter="/", KeyMarker=page["NextKeyMarker"])
    assert (keys(rest, "Uploads"), prefixes(rest)) == (["c", "c"], [])


async def test_a_bad_upload_marker(call: Call) -> None:
    with pytest.raises(S3Error, match="Invalid uploadId marker"):
        await list_multipart_uploads(call, Bucket="photos", KeyMarker="a", UploadIdMarker="x")
    alone = await list_multipart_uploads(call, Bucket="photos", UploadIdMarker="x")
    assert alone["UploadIdMarker"] == ""


async def test_parts(call: Call) -> None:
    made = await create_multipart_upload(call, Bucket="photos", Key="k", ChecksumAlgorithm="crc32")
    where: dict[str, Any] = {"Bucket": "photos", "Key": "k", "UploadId": made["UploadId"]}
    for number in (5, 1, 3):
        await upload_part(sending(call, b"x" * number), PartNumber=number, **where)
    page = await list_parts(call, MaxParts=2, **where)
    assert [(part["PartNumber"], part["Size"]) for part in page["Parts"]] == [(1, 1), (3, 3)]
    assert page["Parts"][0]["ETag"] == '"9dd4e461268c8034f5c8564e155c67a6"'
    assert page["Parts"][0]["ChecksumCRC32"] == "jNwWgw=="
    assert (page["IsTruncated"], page["NextPartNumberMarker"], page["MaxParts"]) == (True, 3, 2)
    assert (page["ChecksumAlgorithm"], page["ChecksumType"]) == ("CRC32", "COMPOSITE")
    rest = await list_parts(call, PartNumberMarker=3, **where)
    assert [part["PartNumber"] for part in rest["Parts"]] == [5]
    assert (rest["IsTruncated"], rest["PartNumberMarker"], rest["NextPartNumberMarker"]) == (False, 3, 5)
    none = await list_parts(call, MaxParts=0, **where)
    assert (none["Parts"], none["IsTruncated"]) == ([], False)


async def test_parts_without_an_algorithm_show_no_checksum(call: Call) -> None:
    made = await create_multipart_upload(call, Bucket="photos", Key="k")
    where: dict[str, Any] = {"Bucket": "photos", "Key": "k", "UploadId": made["UploadId"]}
    await upload_part(sending(call, b"x"), PartNumber=1, **where)
    page = await list_parts(call, **where)
    assert set(page["Parts"][0]) == {"PartNumber", "LastModified", "ETag", "Size"}


@pytest.mark.parametrize("upload_id", ["x", "0" * 64])
async def test_parts_of_nothing(call: Call, upload_id: str) -> None:
    with pytest.raises((NoSuchUpload, S3Error)):
        await list_parts(call, Bucket="photos", Key="k", UploadId=upload_id)
