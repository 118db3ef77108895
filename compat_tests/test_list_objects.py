"""ListObjects, the first version: markers in place of tokens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compat_tests.handmade import Raw
from compat_tests.listings import CUTS, TREE, UNORDERED, in_order
from compat_tests.support import S3, etag_of, keys_of, prefixes_of, refused, xml


def test_an_empty_bucket(s3: S3, bucket: str) -> None:
    answer = s3.list_objects(Bucket=bucket)
    assert (answer["Name"], answer["Prefix"], answer["Marker"]) == (bucket, "", "")
    assert (answer["MaxKeys"], answer["IsTruncated"]) == (1000, False)
    assert not {"Contents", "CommonPrefixes", "NextMarker"} & answer.keys()


def test_what_an_entry_tells(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345")
    [entry] = s3.list_objects(Bucket=bucket)["Contents"]
    assert (entry["Key"], entry["Size"], entry["ETag"]) == ("k", 5, etag_of(b"12345"))
    assert (entry["StorageClass"], entry["Owner"]["ID"]) == ("STANDARD", s3.list_buckets()["Owner"]["ID"])


def test_the_order_is_that_of_utf8(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put(*UNORDERED)
    assert keys_of(s3.list_objects(Bucket=bucket)) == in_order(UNORDERED)


@pytest.mark.parametrize(("prefix", "delimiter", "keys", "prefixes"), CUTS.values(), ids=CUTS)
def test_prefix_and_delimiter(
    s3: S3,
    bucket: str,
    put: Callable[..., None],
    prefix: str,
    delimiter: str,
    keys: list[str],
    prefixes: list[str],
) -> None:
    put(*TREE)
    answer = s3.list_objects(Bucket=bucket, Prefix=prefix, Delimiter=delimiter)
    assert (keys_of(answer), prefixes_of(answer)) == (keys, prefixes)


def test_next_marker_wants_a_delimiter(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    """ "This element is returned only if you have the delimiter request parameter specified"."""
    put("a", "b", "c")
    answer = s3.list_objects(Bucket=bucket, MaxKeys=2)
    assert (keys_of(answer), answer["IsTruncated"]) == (["a", "b"], True)
    assert "NextMarker" not in answer
    assert s3.list_objects(Bucket=bucket, MaxKeys=2, Delimiter="/")["NextMarker"] == "b"


def test_next_marker_may_be_a_prefix(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put(*TREE)
    answer = s3.list_objects(Bucket=bucket, MaxKeys=2, Delimiter="/")
    assert (keys_of(answer), prefixes_of(answer), answer["NextMarker"]) == (["a"], ["b/"], "b/")
    rest = s3.list_objects(Bucket=bucket, Marker="b/", Delimiter="/")
    assert (keys_of(rest), prefixes_of(rest), rest["Marker"]) == (["d", "é", "ユ"], ["e/"], "b/")


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_pages_join_up(s3: S3, bucket: str, put: Callable[..., None], size: int) -> None:
    put(*TREE)
    pages = list(
        s3.get_paginator("list_objects").paginate(
            Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": size}
        )
    )
    assert [key for page in pages for key in keys_of(page)] == CUTS["top"][2]
    assert [prefix for page in pages for prefix in prefixes_of(page)] == CUTS["top"][3]


@pytest.mark.parametrize(("marker", "rest"), [("a", 1), ("b/", 1), ("b/1", 2), ("zz", 7), ("ユ", 9)])
def test_marker(s3: S3, bucket: str, put: Callable[..., None], marker: str, rest: int) -> None:
    put(*TREE)
    answer = s3.list_objects(Bucket=bucket, Marker=marker)
    assert (keys_of(answer), answer["Marker"]) == (TREE[rest:], marker)


def test_max_keys_0(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a")
    answer = s3.list_objects(Bucket=bucket, MaxKeys=0)
    assert (answer["MaxKeys"], answer["IsTruncated"], "Contents" in answer) == (0, False, False)


@pytest.mark.parametrize("value", ["-1", "x"])
def test_max_keys_that_cannot_be(raw: Raw, bucket: str, value: str) -> None:
    raw.ask("GET", f"/{bucket}", f"max-keys={value}").refused("InvalidArgument", 400)


def test_encoding_type_url(raw: Raw, bucket: str, put: Callable[..., None]) -> None:
    put("a b/1", "a b/2", "c")
    query = "encoding-type=url&delimiter=/&max-keys=1&marker=a%20a"
    root = xml(raw.ask("GET", f"/{bucket}", query).body)
    assert root.findtext("CommonPrefixes/Prefix") in ("a+b/", "a%20b/")
    assert root.findtext("NextMarker") in ("a+b/", "a%20b/")
    assert root.findtext("Marker") in ("a+a", "a%20a")


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.list_objects(Bucket=bucket_name)
