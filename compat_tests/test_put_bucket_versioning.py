"""PutBucketVersioning, and "Working with objects in a versioning-enabled / -suspended bucket" of the User
Guide."""

from __future__ import annotations

import pytest

from compat_tests.handmade import Raw
from compat_tests.support import S3, Upload, answer_headers, big_part, body_of, path_of, refused, refused_head

MISSING = "0" * 30


def enable(s3: S3, bucket: str, status: str = "Enabled") -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


@pytest.fixture
def versioned(s3: S3, bucket: str) -> str:
    enable(s3, bucket)
    return bucket


def listed(s3: S3, bucket: str) -> list[tuple[str, bool]]:
    answer = s3.list_object_versions(Bucket=bucket)
    both = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
    return sorted((entry["VersionId"], entry["IsLatest"]) for entry in both)


def test_every_put_is_a_version(s3: S3, versioned: str) -> None:
    ids = [s3.put_object(Bucket=versioned, Key="k", Body=body)["VersionId"] for body in (b"1", b"22")]
    assert len(set(ids)) == 2
    assert body_of(s3, versioned, "k") == b"22"
    answer = s3.get_object(Bucket=versioned, Key="k", VersionId=ids[0])
    assert (answer["VersionId"], answer["Body"].read()) == (ids[0], b"1")
    assert s3.head_object(Bucket=versioned, Key="k")["VersionId"] == ids[1]
    assert listed(s3, versioned) == sorted([(ids[0], False), (ids[1], True)])


def test_before_versioning_it_was_null(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    assert "VersionId" not in s3.head_object(Bucket=bucket, Key="k")
    enable(s3, bucket)
    assert s3.head_object(Bucket=bucket, Key="k")["VersionId"] == "null"
    s3.put_object(Bucket=bucket, Key="k", Body=b"new")
    assert body_of(s3, bucket, "k", VersionId="null") == b"old"


def test_a_delete_marker_hides_and_goes(s3: S3, versioned: str) -> None:
    made = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
    gone = s3.delete_object(Bucket=versioned, Key="k")
    assert gone["DeleteMarker"] is True
    marker = gone["VersionId"]
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=versioned, Key="k")
    with refused("MethodNotAllowed", 405):
        s3.get_object(Bucket=versioned, Key="k", VersionId=marker)
    with refused_head(405):
        s3.head_object(Bucket=versioned, Key="k", VersionId=marker)
    assert "Contents" not in s3.list_objects_v2(Bucket=versioned)
    assert listed(s3, versioned) == sorted([(made, False), (marker, True)])
    back = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)
    assert (back["DeleteMarker"], back["VersionId"]) == (True, marker)
    assert body_of(s3, versioned, "k") == b"x"


def test_a_missing_key_says_that_it_was_deleted(raw: Raw, s3: S3, versioned: str) -> None:
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    answer = raw.ask("GET", path_of(versioned, "k"))
    assert answer.status == 404
    assert (answer.headers["x-amz-delete-marker"], answer.headers["x-amz-version-id"]) == ("true", marker)


def test_suspended(s3: S3, versioned: str) -> None:
    kept = s3.put_object(Bucket=versioned, Key="k", Body=b"kept")["VersionId"]
    enable(s3, versioned, "Suspended")
    assert "VersionId" not in s3.put_object(Bucket=versioned, Key="k", Body=b"one")
    s3.put_object(Bucket=versioned, Key="k", Body=b"two")
    assert listed(s3, versioned) == sorted([(kept, False), ("null", True)])
    assert s3.delete_object(Bucket=versioned, Key="k")["VersionId"] == "null"
    assert listed(s3, versioned) == sorted([(kept, False), ("null", True)])
    assert body_of(s3, versioned, "k", VersionId=kept) == b"kept"
    s3.delete_object(Bucket=versioned, Key="k", VersionId="null")
    assert body_of(s3, versioned, "k") == b"kept"


def test_versions_that_are_not_there(s3: S3, versioned: str) -> None:
    s3.put_object(Bucket=versioned, Key="k", Body=b"x")
    with refused("NoSuchVersion", 404):
        s3.get_object(Bucket=versioned, Key="k", VersionId=MISSING)
    with refused("InvalidArgument", 400):
        s3.get_object(Bucket=versioned, Key="k", VersionId="nonsense")
    s3.delete_object(Bucket=versioned, Key="k", VersionId=MISSING)
    assert body_of(s3, versioned, "k") == b"x"


def test_copies_of_a_version(s3: S3, versioned: str) -> None:
    old = s3.put_object(Bucket=versioned, Key="k", Body=b"old")["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Body=b"new")
    source = {"Bucket": versioned, "Key": "k", "VersionId": old}
    answer = s3.copy_object(Bucket=versioned, Key="copy", CopySource=source)
    assert answer["CopySourceVersionId"] == old
    assert body_of(s3, versioned, "copy", VersionId=answer["VersionId"]) == b"old"
    s3.delete_object(Bucket=versioned, Key="k")
    with refused("NoSuchKey", 404):
        s3.copy_object(Bucket=versioned, Key="copy", CopySource={"Bucket": versioned, "Key": "k"})


def test_a_completed_upload_is_a_version(s3: S3, versioned: str) -> None:
    s3.put_object(Bucket=versioned, Key="k", Body=b"first")
    upload = Upload.start(s3, versioned, "k")
    upload.put(1, big_part(1))
    answer = upload.complete()
    assert s3.head_object(Bucket=versioned, Key="k")["VersionId"] == answer["VersionId"]
    assert len(listed(s3, versioned)) == 2


def test_many_deletes(s3: S3, versioned: str) -> None:
    old = s3.put_object(Bucket=versioned, Key="k", Body=b"old")["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Body=b"new")
    wanted = {"Objects": [{"Key": "k", "VersionId": old}, {"Key": "k"}]}
    deleted = s3.delete_objects(Bucket=versioned, Delete=wanted)["Deleted"]
    assert deleted[0] == {"Key": "k", "VersionId": old}
    assert deleted[1]["DeleteMarker"] is True
    assert (deleted[1]["DeleteMarkerVersionId"], True) in listed(s3, versioned)


def test_a_bucket_with_versions_is_not_empty(s3: S3, versioned: str) -> None:
    s3.delete_object(Bucket=versioned, Key="k")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=versioned)


def test_bad_configurations(raw: Raw, s3: S3, bucket: str) -> None:
    path = path_of(bucket)
    for body in (b"", b"<VersioningConfiguration/>", b"<VersioningConfiguration><Status>On</Status>"):
        assert raw.ask("PUT", path, "versioning=", body=body).status == 400
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        enable(s3, bucket_name)


def test_attributes_name_the_version(s3: S3, versioned: str) -> None:
    made = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
    answer = s3.get_object_attributes(Bucket=versioned, Key="k", ObjectAttributes=["ObjectSize"])
    assert answer["VersionId"] == made
    assert answer_headers(answer)["x-amz-version-id"] == made
