"""AbortMultipartUpload."""

from __future__ import annotations

import pytest

from compat_tests.handmade import Raw
from compat_tests.support import S3, Upload, body_of, path_of, refused, status_of


@pytest.fixture
def upload(s3: S3, bucket: str) -> Upload:
    upload = Upload.start(s3, bucket, "k")
    upload.put(1, b"x")
    return upload


def test_it_is_gone(s3: S3, upload: Upload) -> None:
    assert status_of(s3.abort_multipart_upload(**upload.where)) == 204
    with refused("NoSuchUpload", 404):
        s3.list_parts(**upload.where)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=upload.bucket)


def test_a_second_time(upload: Upload) -> None:
    upload.abort()
    with refused("NoSuchUpload", 404):
        upload.abort()


def test_the_object_of_that_key_stays(s3: S3, upload: Upload) -> None:
    s3.put_object(Bucket=upload.bucket, Key="k", Body=b"stays")
    upload.abort()
    assert body_of(s3, upload.bucket, "k") == b"stays"


def test_other_uploads_stay(s3: S3, upload: Upload) -> None:
    other = Upload.start(s3, upload.bucket, "k")
    other.put(1, b"y")
    upload.abort()
    other.complete()
    assert body_of(s3, upload.bucket, "k") == b"y"


def test_an_upload_belongs_to_its_key(s3: S3, upload: Upload) -> None:
    with refused("NoSuchUpload", 404):
        s3.abort_multipart_upload(Bucket=upload.bucket, Key="other", UploadId=upload.id)
    assert s3.list_parts(**upload.where)["Parts"]


def test_no_such_upload_deletes_no_object(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"stays")
    with refused("NoSuchUpload", 404):
        s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId="none")
    assert body_of(s3, bucket, "k") == b"stays"


def test_an_empty_upload_id_deletes_no_object(raw: Raw, s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"stays")
    assert raw.ask("DELETE", path_of(bucket, "k"), "uploadId=").status in (400, 404)
    assert body_of(s3, bucket, "k") == b"stays"
