"""DeleteObjectAnnotation."""

from __future__ import annotations

import pytest

from compat_tests.support import S3, refused, status_of


@pytest.fixture
def where(s3: S3, bucket: str) -> dict[str, str]:
    at = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**at, Body=b"x")
    s3.put_object_annotation(**at, AnnotationName="a", AnnotationPayload=b"text")
    return at


def test_it_is_gone_and_the_object_is_not(s3: S3, where: dict[str, str]) -> None:
    assert status_of(s3.delete_object_annotation(**where, AnnotationName="a")) == 204
    with refused("NoSuchAnnotation", 404):
        s3.get_object_annotation(**where, AnnotationName="a")
    assert s3.get_object(**where)["Body"].read() == b"x"


def test_a_second_time_is_no_error(s3: S3, where: dict[str, str]) -> None:
    for _ in range(2):
        s3.delete_object_annotation(**where, AnnotationName="a")


def test_with_a_condition_on_the_object(s3: S3, where: dict[str, str]) -> None:
    with refused("PreconditionFailed", 412):
        s3.delete_object_annotation(**where, AnnotationName="a", ObjectIfMatch='"another"')
    s3.delete_object_annotation(**where, AnnotationName="a", ObjectIfMatch=s3.head_object(**where)["ETag"])


def test_of_nothing(s3: S3, bucket: str) -> None:
    with refused("NoSuchKey", 404):
        s3.delete_object_annotation(Bucket=bucket, Key="none", AnnotationName="a")
