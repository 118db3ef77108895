"""ListObjectVersions of a bucket that never had versions: each object once, as version "null"."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compat_tests.handmade import Raw
from compat_tests.listings import CUTS, TREE
from compat_tests.support import S3, etag_of, keys_of, prefixes_of, refused


def test_each_object_is_its_null_version(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a", "b")
    s3.put_object(Bucket=bucket, Key="a", Body=b"again")
    answer = s3.list_object_versions(Bucket=bucket)
    assert [(v["Key"], v["VersionId"], v["IsLatest"]) for v in answer["Versions"]] == [
        ("a", "null", True),
        ("b", "null", True),
    ]
    first = answer["Versions"][0]
    assert (first["ETag"], first["Size"], first["StorageClass"]) == (etag_of(b"again"), 5, "STANDARD")
    assert first["Owner"]["ID"]
    assert "DeleteMarkers" not in answer


def test_an_empty_bucket(s3: S3, bucket: str) -> None:
    answer = s3.list_object_versions(Bucket=bucket)
    assert (answer["Name"], answer["IsTruncated"], answer["MaxKeys"]) == (bucket, False, 1000)
    assert (answer["Prefix"], answer["KeyMarker"], answer["VersionIdMarker"]) == ("", "", "")
    assert not {"Versions", "DeleteMarkers", "CommonPrefixes"} & answer.keys()


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
    answer = s3.list_object_versions(Bucket=bucket, Prefix=prefix, Delimiter=delimiter)
    assert (keys_of(answer, "Versions"), prefixes_of(answer)) == (keys, prefixes)


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_pages_join_up(s3: S3, bucket: str, put: Callable[..., None], size: int) -> None:
    put(*TREE)
    paginator = s3.get_paginator("list_object_versions")
    pages = list(paginator.paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": size}))
    assert [key for page in pages for key in keys_of(page, "Versions")] == CUTS["top"][2]
    assert [prefix for page in pages for prefix in prefixes_of(page)] == CUTS["top"][3]


def test_next_markers(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a", "b", "c")
    answer = s3.list_object_versions(Bucket=bucket, MaxKeys=2)
    assert (answer["IsTruncated"], answer["NextKeyMarker"], answer["NextVersionIdMarker"]) == (
        True,
        "b",
        "null",
    )
    rest = s3.list_object_versions(Bucket=bucket, KeyMarker="b", VersionIdMarker="null")
    assert keys_of(rest, "Versions") == ["c"]
    assert (rest["KeyMarker"], rest["VersionIdMarker"]) == ("b", "null")
    assert keys_of(s3.list_object_versions(Bucket=bucket, KeyMarker="a"), "Versions") == ["b", "c"]


def test_a_version_marker_wants_a_key_marker(raw: Raw, bucket: str) -> None:
    raw.ask("GET", f"/{bucket}", "versions=&version-id-marker=null").refused("InvalidArgument", 400)


def test_max_keys(raw: Raw, s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a")
    assert "Versions" not in s3.list_object_versions(Bucket=bucket, MaxKeys=0)
    raw.ask("GET", f"/{bucket}", "versions=&max-keys=-1").refused("InvalidArgument", 400)


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.list_object_versions(Bucket=bucket_name)
