"""ListObjectsV2."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from compat_tests.handmade import Raw
from compat_tests.listings import CUTS, TREE, UNORDERED, in_order
from compat_tests.support import S3, etag_of, keys_of, path_of, prefixes_of, refused, xml

MANY = 1002


def test_an_empty_bucket(s3: S3, bucket: str) -> None:
    answer = s3.list_objects_v2(Bucket=bucket)
    assert (answer["KeyCount"], answer["IsTruncated"], answer["MaxKeys"]) == (0, False, 1000)
    assert (answer["Name"], answer["Prefix"]) == (bucket, "")
    assert (
        not {"Contents", "CommonPrefixes", "NextContinuationToken", "Delimiter", "StartAfter"} & answer.keys()
    )


def test_what_an_entry_tells(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345")
    [entry] = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert (entry["Key"], entry["Size"], entry["ETag"]) == ("k", 5, etag_of(b"12345"))
    assert entry["StorageClass"] == "STANDARD"
    assert abs(datetime.now(UTC) - entry["LastModified"]) < timedelta(minutes=5)
    assert "Owner" not in entry


def test_the_checksum_is_told_by_name(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345", ChecksumAlgorithm="SHA256")
    [entry] = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert (entry["ChecksumAlgorithm"], entry["ChecksumType"]) == (["SHA256"], "FULL_OBJECT")


def test_the_owner_on_request(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("k")
    [entry] = s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"]
    assert entry["Owner"]["ID"] == s3.list_buckets()["Owner"]["ID"]


def test_the_order_is_that_of_utf8(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put(*UNORDERED)
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == in_order(UNORDERED)


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
    answer = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, Delimiter=delimiter)
    assert (keys_of(answer), prefixes_of(answer)) == (keys, prefixes)
    assert answer["KeyCount"] == len(keys) + len(prefixes)
    assert (answer["Prefix"], answer["Delimiter"]) == (prefix, delimiter)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6, 7])
def test_pages_join_up(s3: S3, bucket: str, put: Callable[..., None], size: int) -> None:
    """With a delimiter: a common prefix counts as one, and comes once."""
    put(*TREE)
    keys: list[str] = []
    prefixes: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = s3.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=size, **token)
        assert page["KeyCount"] == len(keys_of(page)) + len(prefixes_of(page)) <= size
        keys += keys_of(page)
        prefixes += prefixes_of(page)
        if not page["IsTruncated"]:
            break
        assert page["KeyCount"] == size
        token = {"ContinuationToken": page["NextContinuationToken"]}
    assert "NextContinuationToken" not in page
    assert (keys, prefixes) == CUTS["top"][2:]


def test_a_full_last_page_is_not_truncated(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a", "b")
    answer = s3.list_objects_v2(Bucket=bucket, MaxKeys=2)
    assert (answer["KeyCount"], answer["IsTruncated"]) == (2, False)
    assert "NextContinuationToken" not in answer


def test_the_token_is_repeated(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a", "b", "c")
    token = s3.list_objects_v2(Bucket=bucket, MaxKeys=1)["NextContinuationToken"]
    answer = s3.list_objects_v2(Bucket=bucket, ContinuationToken=token)
    assert (answer["ContinuationToken"], keys_of(answer)) == (token, ["b", "c"])


def test_a_token_outlives_its_key(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a", "b", "c")
    token = s3.list_objects_v2(Bucket=bucket, MaxKeys=2)["NextContinuationToken"]
    s3.delete_object(Bucket=bucket, Key="b")
    s3.delete_object(Bucket=bucket, Key="c")
    put("bb")
    assert keys_of(s3.list_objects_v2(Bucket=bucket, ContinuationToken=token)) == ["bb"]


def test_a_token_beside_start_after(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a", "b", "c")
    token = s3.list_objects_v2(Bucket=bucket, StartAfter="a", MaxKeys=1)["NextContinuationToken"]
    answer = s3.list_objects_v2(Bucket=bucket, StartAfter="a", ContinuationToken=token)
    assert (answer["StartAfter"], keys_of(answer)) == ("a", ["c"])


def test_an_empty_token_is_none(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a")
    answer = s3.list_objects_v2(Bucket=bucket, ContinuationToken="")
    assert (answer["ContinuationToken"], keys_of(answer)) == ("", ["a"])


@pytest.mark.parametrize("token", ["nonsense", "!!!"], ids=["word", "marks"])
def test_a_token_that_nobody_gave(raw: Raw, bucket: str, token: str) -> None:
    raw.ask("GET", f"/{bucket}", f"list-type=2&continuation-token={token}").refused("InvalidArgument", 400)


@pytest.mark.parametrize(
    ("after", "rest"), [("a", 1), ("a0", 1), ("b/1", 2), ("b/", 1), ("", 0), ("ユ", 9), ("zz", 7)], ids=repr
)
def test_start_after(s3: S3, bucket: str, put: Callable[..., None], after: str, rest: int) -> None:
    put(*TREE)
    answer = s3.list_objects_v2(Bucket=bucket, StartAfter=after)
    assert keys_of(answer) == TREE[rest:]


def test_start_after_within_a_common_prefix(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put(*TREE)
    answer = s3.list_objects_v2(Bucket=bucket, StartAfter="b/1", Delimiter="/")
    assert (keys_of(answer), prefixes_of(answer)) == (["d", "é", "ユ"], ["b/", "e/"])
    assert answer["StartAfter"] == "b/1"


def test_the_token_beats_start_after(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a", "b", "c", "d")
    token = s3.list_objects_v2(Bucket=bucket, MaxKeys=1, StartAfter="a")["NextContinuationToken"]
    assert keys_of(s3.list_objects_v2(Bucket=bucket, StartAfter="a", ContinuationToken=token)) == ["c", "d"]


def test_max_keys_0(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a")
    answer = s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
    assert (answer["KeyCount"], answer["MaxKeys"], answer["IsTruncated"]) == (0, 0, False)
    assert "Contents" not in answer


@pytest.mark.parametrize("value", ["-1", "x", "2147483648", "1.5"])
def test_max_keys_that_cannot_be(raw: Raw, bucket: str, value: str) -> None:
    raw.ask("GET", f"/{bucket}", f"list-type=2&max-keys={value}").refused("InvalidArgument", 400)


def test_never_more_than_a_thousand(s3: S3, bucket: str) -> None:
    """ListObjects and ListObjectVersions too: a thousand objects take their time."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: s3.put_object(Bucket=bucket, Key=f"{n:04}", Body=b""), range(MANY)))
    names = [f"{n:04}" for n in range(MANY)]
    answer = s3.list_objects_v2(Bucket=bucket, MaxKeys=2000)
    assert (keys_of(answer), answer["IsTruncated"], answer["MaxKeys"]) == (names[:1000], True, 1000)
    rest = s3.list_objects_v2(Bucket=bucket, ContinuationToken=answer["NextContinuationToken"])
    assert (keys_of(rest), rest["IsTruncated"]) == (names[1000:], False)
    assert keys_of(s3.list_objects(Bucket=bucket, MaxKeys=2000)) == names[:1000]
    assert keys_of(s3.list_object_versions(Bucket=bucket, MaxKeys=2000), "Versions") == names[:1000]


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.list_objects_v2(Bucket=bucket_name)


def test_encoding_type_url(raw: Raw, bucket: str, put: Callable[..., None]) -> None:
    """The API page's own example: test_file(3).png appears as test_file%283%29.png."""
    put("test_file(3).png", "dir a/b&c")
    query = "list-type=2&encoding-type=url&delimiter=%26&prefix=dir%20"
    root = xml(raw.ask("GET", f"/{bucket}", query).body)
    assert root.findtext("EncodingType") == "url"
    assert root.findtext("CommonPrefixes/Prefix") in ("dir+a/b%26", "dir%20a/b%26")
    assert (root.findtext("Prefix"), root.findtext("Delimiter")) in (("dir+", "%26"), ("dir%20", "%26"))
    root = xml(raw.ask("GET", f"/{bucket}", "list-type=2&encoding-type=url&start-after=dir%20z").body)
    assert [key.text for key in root.iter("Key")] == ["test_file%283%29.png"]
    assert root.findtext("StartAfter") in ("dir+z", "dir%20z")


def test_without_encoding_type(raw: Raw, bucket: str, put: Callable[..., None]) -> None:
    put("a b+c%41&<é>")
    root = xml(raw.ask("GET", f"/{bucket}", "list-type=2").body)
    assert [key.text for key in root.iter("Key")] == ["a b+c%41&<é>"]
    assert root.find("EncodingType") is None


def test_unknown_encoding_type(raw: Raw, bucket: str) -> None:
    raw.ask("GET", f"/{bucket}", "list-type=2&encoding-type=base64").refused("InvalidArgument", 400)


def test_unknown_list_type(raw: Raw, bucket: str) -> None:
    raw.ask("GET", f"/{bucket}", "list-type=3").refused("InvalidArgument", 400)


def test_a_new_page_sees_new_keys(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a", "c")
    token = s3.list_objects_v2(Bucket=bucket, MaxKeys=1)["NextContinuationToken"]
    put("b")
    assert keys_of(s3.list_objects_v2(Bucket=bucket, ContinuationToken=token)) == ["b", "c"]


def test_the_path_may_end_in_a_slash(raw: Raw, bucket: str, put: Callable[..., None]) -> None:
    put("a")
    root = xml(raw.ask("GET", path_of(bucket) + "/", "list-type=2").body)
    assert [key.text for key in root.iter("Key")] == ["a"]
