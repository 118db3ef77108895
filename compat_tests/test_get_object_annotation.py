"""GetObjectAnnotation."""

from __future__ import annotations

from compat_tests.support import S3, etag_of, refused


def test_the_text_and_what_is_known_of_it(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.put_object_annotation(Bucket=bucket, Key="k", AnnotationName="a", AnnotationPayload=b"text")
    answer = s3.get_object_annotation(Bucket=bucket, Key="k", AnnotationName="a")
    assert answer["AnnotationPayload"].read() == b"text"
    assert (answer["ContentLength"], answer["ETag"]) == (4, etag_of(b"text"))
    (listed,) = s3.list_object_annotations(Bucket=bucket, Key="k")["Annotations"]
    assert listed["LastModified"].replace(microsecond=0) == answer["LastModified"]


def test_what_is_not_there(s3: S3, bucket: str) -> None:
    with refused("NoSuchKey", 404):
        s3.get_object_annotation(Bucket=bucket, Key="none", AnnotationName="a")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("NoSuchAnnotation", 404):
        s3.get_object_annotation(Bucket=bucket, Key="k", AnnotationName="a")


def test_of_a_version(s3: S3, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    where = {"Bucket": bucket, "Key": "k"}
    first = s3.put_object(**where, Body=b"1")["VersionId"]
    s3.put_object_annotation(**where, AnnotationName="a", AnnotationPayload=b"first")
    s3.put_object(**where, Body=b"2")
    answer = s3.get_object_annotation(**where, AnnotationName="a", VersionId=first)
    assert answer["AnnotationPayload"].read() == b"first"
    with refused("NoSuchAnnotation", 404):
        s3.get_object_annotation(**where, AnnotationName="a")
