from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from metadata.errors import NoSuchBucket, NoSuchKey, PreconditionFailed
from s3api.access.bucket_configuration import AWS_DEFAULTS
from s3api.errors import S3Error
from s3api.operations.call import Call
from s3api.operations.deletes import delete_object, delete_objects
from s3api.operations.objects import head_object, put_object

from .conftest import sending


@pytest.fixture
async def etag(call: Call) -> str:
    """The ETag, with quotes, of the objects k0 to k3."""
    for number in range(4):
        out = await put_object(sending(call, b"x"), Bucket="photos", Key=f"k{number}")
    return str(out["ETag"])


def from_us(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


async def is_there(call: Call, key: str) -> bool:
    try:
        await head_object(call, Bucket="photos", Key=key)
    except NoSuchKey:
        return False
    return True


@pytest.mark.parametrize("more", [{}, {"VersionId": "null"}, {"IfMatch": "*"}])
async def test_a_key_is_deleted(call: Call, etag: str, more: dict[str, str]) -> None:
    assert await delete_object(call, Bucket="photos", Key="k0", **more) == {}
    assert not await is_there(call, "k0")


async def test_a_missing_key_is_a_success_a_missing_bucket_an_error(call: Call) -> None:
    assert await delete_object(call, Bucket="photos", Key="nothing") == {}
    with pytest.raises(NoSuchBucket):
        await delete_object(call, Bucket="nowhere", Key="k")


async def test_conditions(call: Call, etag: str) -> None:
    with pytest.raises(PreconditionFailed):
        await delete_object(call, Bucket="photos", Key="k0", IfMatch='"other"')
    assert await is_there(call, "k0")
    await delete_object(call, Bucket="photos", Key="k0", IfMatch=etag)
    with pytest.raises(NoSuchKey):
        await delete_object(call, Bucket="photos", Key="k0", IfMatch=etag)


async def test_conditions_of_size_and_time(call: Call, etag: str) -> None:
    with pytest.raises(S3Error, match="NotImplemented"):
        await delete_object(call, Bucket="photos", Key="k0", IfMatchSize=1)
    call.backend = replace(call.backend, defaults=AWS_DEFAULTS._replace(lenient=True))
    modified = from_us((await head_object(call, Bucket="photos", Key="k0"))["LastModified"])
    for wrong in ({"IfMatchSize": 2}, {"IfMatchLastModifiedTime": modified - timedelta(seconds=1)}):
        with pytest.raises(PreconditionFailed):
            await delete_object(call, Bucket="photos", Key="k0", **wrong)
    right: dict[str, Any] = {
        "IfMatch": etag,
        "IfMatchSize": 1,
        "IfMatchLastModifiedTime": modified.replace(microsecond=0),
    }
    await delete_object(call, Bucket="photos", Key="k0", **right)
    assert not await is_there(call, "k0")
    assert await delete_object(call, Bucket="photos", Key="k0", IfMatchSize=1) == {}
    assert await delete_object(call, Bucket="photos", Key="k0", IfMatch=etag) == {}


async def test_another_version(call: Call, etag: str) -> None:
    with pytest.raises(S3Error, match="Invalid version id specified"):
        await delete_object(call, Bucket="photos", Key="k0", VersionId="3HL4kqtJ")
    assert await is_there(call, "k0")


async def test_each_entry_succeeds_or_fails_on_its_own(call: Call, etag: str) -> None:
    wanted: list[dict[str, Any]] = [
        {"Key": "k0"},
        {"Key": "nothing"},
        {"Key": "k1", "ETag": '"other"'},
        {"Key": "k2", "ETag": etag, "VersionId": "null"},
        {"Key": "k3", "VersionId": "3HL4kqtJ"},
        {"Key": "k3", "Size": 1},
        {"Key": "gone", "ETag": "*"},
        {"Key": "x" * 1025},
        {"Key": "k0"},
    ]
    out = await delete_objects(call, Bucket="photos", Delete={"Objects": wanted})
    assert [(entry["Key"], entry["VersionId"]) for entry in out["Deleted"]] == [
        ("k0", None),
        ("nothing", None),
        ("k2", "null"),
        ("k0", None),
    ]
    assert [(entry["Key"][:4], entry["Code"]) for entry in out["Errors"]] == [
        ("k1", "PreconditionFailed"),
        ("k3", "NoSuchVersion"),
        ("k3", "NotImplemented"),
        ("gone", "NoSuchKey"),
        ("xxxx", "KeyTooLongError"),
    ]
    assert all(entry["Message"] for entry in out["Errors"])
    assert [await is_there(call, f"k{number}") for number in range(4)] == [False, True, False, True]


async def test_quiet_omits_the_successes(call: Call, etag: str) -> None:
    wanted = [{"Key": "k0"}, {"Key": "k1", "ETag": '"other"'}]
    out = await delete_objects(call, Bucket="photos", Delete={"Objects": wanted, "Quiet": True})
    assert (out["Deleted"], [entry["Key"] for entry in out["Errors"]]) == ([], ["k1"])


@pytest.mark.parametrize("wanted", [[], [{"Key": f"{n}"} for n in range(1001)], [{"VersionId": "null"}]])
async def test_empty_and_too_long_lists(call: Call, wanted: list[dict[str, str]]) -> None:
    with pytest.raises(S3Error, match="MalformedXML"):
        await delete_objects(call, Bucket="photos", Delete={"Objects": wanted})


async def test_a_thousand(call: Call) -> None:
    out = await delete_objects(
        call, Bucket="photos", Delete={"Objects": [{"Key": f"k{n}"} for n in range(1000)]}
    )
    assert (len(out["Deleted"]), out["Errors"]) == (1000, [])


async def test_a_missing_bucket(call: Call) -> None:
    with pytest.raises(NoSuchBucket):
        await delete_objects(call, Bucket="nowhere", Delete={"Objects": [{"Key": "k"}]})
