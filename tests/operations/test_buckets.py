from __future__ import annotations

from dataclasses import replace

import pytest

from metadata.errors import BucketNotEmpty, NoSuchBucket
from s3api.access.caller import Caller
from s3api.errors import S3Error
from s3api.operations.buckets import (
    check_bucket_name,
    create_bucket,
    delete_bucket,
    get_bucket_location,
    head_bucket,
    list_buckets,
)
from s3api.operations.call import Call
from s3api.operations.objects import put_object

from .conftest import sending


@pytest.mark.parametrize("name", ["abc", "a-b.c-d", "0a0", "a" * 63, "my.bucket.1", "1.2.3", "a--b"])
def test_names(name: str) -> None:
    check_bucket_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 64,
        "Abc",
        "a_b",
        "-abc",
        "abc-",
        ".abc",
        "abc.",
        "a..b",
        "192.168.5.4",
        "xn--abc",
        "sthree-abc",
        "sthree-configurator",
        "amzn-s3-demo-bucket",
        "abc-s3alias",
        "abc--ol-s3",
        "abc.mrap",
        "abc--x-s3",
        "abc--table-s3",
        "büc",
        "abc\n",
        "a b",
        "api",
        "١٢٣",
    ],
)
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(S3Error) as caught:
        check_bucket_name(name)
    assert caught.value.code == "InvalidBucketName"


def test_the_reserved_name_says_so() -> None:
    with pytest.raises(S3Error, match="reserved"):
        check_bucket_name("api")


async def test_create_and_delete_a_bucket(call: Call) -> None:
    made = await create_bucket(call, Bucket="music", CreateBucketConfiguration={"LocationConstraint": "EU"})
    assert made["Location"] == "/music"
    assert (await head_bucket(call, Bucket="music"))["BucketRegion"] == "eu-west-1"
    assert await get_bucket_location(call, Bucket="music") == {"LocationConstraint": "eu-west-1"}
    assert await delete_bucket(call, Bucket="music") == {}
    with pytest.raises(NoSuchBucket):
        await head_bucket(call, Bucket="music")


@pytest.mark.parametrize("configuration", [None, {}, {"LocationConstraint": "us-east-1"}])
async def test_us_east_1_has_no_location(call: Call, configuration: dict[str, str] | None) -> None:
    await create_bucket(call, Bucket="music", CreateBucketConfiguration=configuration)
    assert await get_bucket_location(call, Bucket="music") == {"LocationConstraint": None}


async def test_an_existing_bucket(call: Call) -> None:
    for configuration in (None, {"LocationConstraint": "us-east-1"}):
        assert (await create_bucket(call, Bucket="photos", CreateBucketConfiguration=configuration))[
            "Location"
        ]
    for configuration in ({"LocationConstraint": "eu-west-1"},):
        with pytest.raises(S3Error, match="BucketAlreadyOwnedByYou"):
            await create_bucket(call, Bucket="photos", CreateBucketConfiguration=configuration)
    with pytest.raises(S3Error, match="BucketAlreadyExists"):
        await create_bucket(replace(call, principal=Caller("bob")), Bucket="photos")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"CreateBucketConfiguration": {"LocationConstraint": "a b"}}, "InvalidLocationConstraint"),
        ({"CreateBucketConfiguration": {"Tags": [{"Key": "aws:a", "Value": "b"}]}}, "InvalidTag"),
        ({"CreateBucketConfiguration": {"Bucket": {"Type": "Directory"}}}, "NotImplemented"),
        ({"ACL": "public-read"}, "InvalidBucketAclWithObjectOwnership"),
        ({"ObjectOwnership": "Mine"}, "InvalidArgument"),
    ],
)
async def test_what_a_new_bucket_cannot_have(call: Call, more: dict[str, object], code: str) -> None:
    with pytest.raises(S3Error) as caught:
        await create_bucket(call, Bucket="music", **more)  # type: ignore[arg-type]
    assert caught.value.code == code
    with pytest.raises(NoSuchBucket):
        await head_bucket(call, Bucket="music")


async def test_a_bucket_with_objects_is_not_deleted(call: Call) -> None:
    await put_object(sending(call, b"x"), Bucket="photos", Key="k")
    with pytest.raises(BucketNotEmpty):
        await delete_bucket(call, Bucket="photos")


async def test_listing_by_pages(call: Call) -> None:
    for number in range(5):
        await create_bucket(call, Bucket=f"many-{number}")
    await create_bucket(replace(call, principal=Caller("bob")), Bucket="many-of-bob")
    names: list[str] = []
    token = None
    while True:
        page = await list_buckets(call, Prefix="many-", MaxBuckets=2, ContinuationToken=token)
        names += [bucket["Name"] for bucket in page["Buckets"]]
        assert page["Owner"] == {"ID": "alice"}
        if (token := page["ContinuationToken"]) is None:
            break
    assert names == [f"many-{number}" for number in range(5)]


async def test_listing_by_region(call: Call) -> None:
    await create_bucket(call, Bucket="music", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    page = await list_buckets(call, BucketRegion="eu-west-1")
    assert [bucket["Name"] for bucket in page["Buckets"]] == ["music"]


@pytest.mark.parametrize("most", [0, -1, 10_001])
async def test_page_sizes_of_buckets(call: Call, most: int) -> None:
    with pytest.raises(S3Error, match="InvalidArgument"):
        await list_buckets(call, MaxBuckets=most)
    with pytest.raises(S3Error, match="continuation token"):
        await list_buckets(call, ContinuationToken="photos")
