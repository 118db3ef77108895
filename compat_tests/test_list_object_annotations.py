"""ListObjectAnnotations."""

from __future__ import annotations

import pytest

from compat_tests.support import S3, etag_of, refused

NAMES = ["a", "b.1", "b.2", "b.3", "c"]


@pytest.fixture
def where(s3: S3, bucket: str) -> dict[str, str]:
    at = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**at, Body=b"x")
    for name in reversed(NAMES):
        s3.put_object_annotation(**at, AnnotationName=name, AnnotationPayload=name.encode())
    return at


def names(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["AnnotationName"] for each in answer.get("Annotations", [])]


def test_by_name_with_what_is_known_of_each(s3: S3, where: dict[str, str]) -> None:
    answer = s3.list_object_annotations(**where)
    assert names(answer) == NAMES
    assert (answer["AnnotationCount"], answer["Key"]) == (5, "k")
    second = answer["Annotations"][1]
    assert (second["Size"], second["ETag"]) == (3, etag_of(b"b.1"))


def test_by_prefix(s3: S3, where: dict[str, str]) -> None:
    assert names(s3.list_object_annotations(**where, AnnotationPrefix="b.")) == NAMES[1:4]
    assert names(s3.list_object_annotations(**where, AnnotationPrefix="d")) == []
    with refused("InvalidPrefix", 400):
        s3.list_object_annotations(**where, AnnotationPrefix="a b")


@pytest.mark.parametrize("size", [1, 2, 5])
def test_page_by_page(s3: S3, where: dict[str, str], size: int) -> None:
    found, token = [], {}
    while True:
        page = s3.list_object_annotations(**where, MaxAnnotationResults=size, **token)
        assert len(page["Annotations"]) <= size
        found += names(page)
        if "NextContinuationToken" not in page:
            break
        token = {"ContinuationToken": page["NextContinuationToken"]}
    assert found == NAMES


def test_of_nothing(s3: S3, bucket: str) -> None:
    with refused("NoSuchKey", 404):
        s3.list_object_annotations(Bucket=bucket, Key="none")
    s3.put_object(Bucket=bucket, Key="bare", Body=b"x")
    assert names(s3.list_object_annotations(Bucket=bucket, Key="bare")) == []
