"""CreateBucket, and the rules for names ("General purpose bucket naming rules")."""

from __future__ import annotations

import pytest

from compat_tests.handmade import Raw
from compat_tests.support import S3, answer_headers, refused

BAD_NAMES = {
    "two_letters": "ab",
    "64_letters": "a" * 64,
    "upper_case": "Has-Upper-Case",
    "underscore": "has_underscore",
    "first_hyphen": "-hyphen-first",
    "last_hyphen": "hyphen-last-",
    "first_dot": ".dot-first",
    "last_dot": "dot-last.",
    "two_dots": "two..dots",
    "hyphen_before_dot": "one-.dot",
    "hyphen_after_dot": "one.-dot",
    "ip_address": "192.168.5.4",
    "xn_prefix": "xn--punycode",
    "sthree_prefix": "sthree-reserved",
    "s3alias_suffix": "anything-s3alias",
    "ol_s3_suffix": "anything--ol-s3",
}


def test_create_answers_where_the_bucket_is(s3: S3, bucket_name: str) -> None:
    answer = s3.create_bucket(Bucket=bucket_name)
    assert answer["Location"] == f"/{bucket_name}"
    assert answer_headers(answer)["content-length"] == "0"
    assert bucket_name in [b["Name"] for b in s3.list_buckets()["Buckets"]]


def test_creating_ones_own_bucket_again(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="stays", Body=b"x")
    if s3.meta.region_name == "us-east-1":
        s3.create_bucket(Bucket=bucket)
    else:
        with refused("BucketAlreadyOwnedByYou", 409) as error:
            s3.create_bucket(Bucket=bucket)
        assert error["BucketName"] == bucket
    assert s3.head_object(Bucket=bucket, Key="stays")["ContentLength"] == 1


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "EU"])
def test_location_constraint_is_taken(s3: S3, bucket_name: str, region: str) -> None:
    s3.create_bucket(Bucket=bucket_name, CreateBucketConfiguration={"LocationConstraint": region})
    s3.head_bucket(Bucket=bucket_name)


@pytest.mark.parametrize(
    "body", [b"", b'<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>']
)
def test_configuration_may_be_empty(raw: Raw, s3: S3, bucket_name: str, body: bytes) -> None:
    assert raw.ask("PUT", f"/{bucket_name}", body=body).status == 200
    s3.head_bucket(Bucket=bucket_name)


@pytest.mark.parametrize("slash", ["", "/"], ids=["bare", "slash"])
def test_path_may_end_in_a_slash(raw: Raw, s3: S3, bucket_name: str, slash: str) -> None:
    assert raw.ask("PUT", f"/{bucket_name}{slash}").status == 200
    s3.head_bucket(Bucket=bucket_name)


@pytest.mark.parametrize(
    "body", [b"<CreateBucketConfiguration>", b"nonsense", b"<Other/>"], ids=["cut", "text", "other"]
)
def test_malformed_configuration_is_refused(raw: Raw, s3: S3, bucket_name: str, body: bytes) -> None:
    raw.ask("PUT", f"/{bucket_name}", body=body).refused("MalformedXML", 400)
    assert bucket_name not in [b["Name"] for b in s3.list_buckets()["Buckets"]]


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
def test_bad_names_are_refused(raw: Raw, name: str) -> None:
    try:
        raw.ask("PUT", f"/{name}").refused("InvalidBucketName", 400)
    finally:
        raw.ask("DELETE", f"/{name}")


@pytest.mark.parametrize("tail", ["-9", ".dots.are-fine"], ids=["digit", "dots"])
def test_good_names_are_taken(s3: S3, bucket_name: str, tail: str) -> None:
    name = bucket_name + tail
    s3.create_bucket(Bucket=name)
    s3.delete_bucket(Bucket=name)


def test_63_letters_are_taken(s3: S3, bucket_name: str) -> None:
    name = bucket_name.ljust(63, "x")
    s3.create_bucket(Bucket=name)
    s3.delete_bucket(Bucket=name)


def test_with_object_lock(s3: S3, bucket_name: str) -> None:
    s3.create_bucket(Bucket=bucket_name, ObjectLockEnabledForBucket=True)
    found = s3.get_object_lock_configuration(Bucket=bucket_name)
    assert found["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}
    assert s3.get_bucket_versioning(Bucket=bucket_name)["Status"] == "Enabled"


def test_with_tags(s3: S3, bucket_name: str) -> None:
    tags = [{"Key": "team", "Value": "blue"}]
    s3.create_bucket(Bucket=bucket_name, CreateBucketConfiguration={"Tags": tags})
    assert s3.get_bucket_tagging(Bucket=bucket_name)["TagSet"] == tags
