"""Fill a store before an upgrade, and check its contents afterwards.

`fill` writes through S3 and REST and returns a record as JSON; `check` compares the store with that record.
The two run on different versions of the program, so this module knows no storage format.
"""

from __future__ import annotations

import hashlib
from typing import Any

import httpx

BUCKET, OTHER = "first", "second.bucket"
MIB = 1 << 20
PART_BYTES = 5 * MIB
KEYS = {
    "empty": 0,
    "one-byte": 1,
    "sixty-one": 61,
    "a/b/c.txt": 4096,
    "a//b/../ümläut %2F+\U0001f600": 70_001,
    "more-than-a-stripe": 7 * MIB + 11,
}
LISTED = ("a/", "empty", "joined", "more-than-a-stripe", "one-byte", "pieces", "replaced", "sixty-one")


def content(seed: str, size: int) -> bytes:
    """`size` bytes that compress well, and differ between seeds and offsets."""
    line = b"".join(b"%s %d\n" % (seed.encode(), number) for number in range(32))
    return (line * (size // len(line) + 1))[:size]


def fill(s3: Any, http: httpx.Client) -> dict[str, Any]:
    for bucket in (BUCKET, OTHER):
        s3.create_bucket(Bucket=bucket)
    for key, size in KEYS.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=content(key, size))
    s3.put_object(Bucket=BUCKET, Key="replaced", Body=content("old", 5000))
    s3.put_object(
        Bucket=BUCKET,
        Key="replaced",
        Body=content("new", 6000),
        ContentType="text/plain; charset=utf-8",
        CacheControl="no-store",
        ContentDisposition='attachment; filename="x"',
        Metadata={"colour": "blue"},
        StorageClass="STANDARD_IA",
        ChecksumAlgorithm="SHA256",
    )
    s3.put_object(Bucket=BUCKET, Key="deleted", Body=content("deleted", 5000))
    s3.delete_object(Bucket=BUCKET, Key="deleted")
    upload = _upload(s3, "joined", "SHA256", "COMPOSITE")
    s3.complete_multipart_upload(
        Bucket=BUCKET, Key="joined", UploadId=upload["id"], MultipartUpload=upload["parts"]
    )
    source = {"Bucket": BUCKET, "Key": "joined"}
    s3.copy_object(Bucket=OTHER, Key="copy", CopySource=source)
    s3.copy_object(Bucket=OTHER, Key="copy-of-one", CopySource={"Bucket": BUCKET, "Key": "replaced"})
    _copied_parts(s3, source)
    waiting = _upload(s3, "waiting", "CRC64NVME", "FULL_OBJECT")
    answer = http.put("/api/file", params={"name": "page.txt"}, content=content("rest", 900))
    answer.raise_for_status()
    record = {"objects": {}, "waiting": waiting, "file": answer.json()["id"]}
    for bucket in (BUCKET, OTHER):
        for listed in s3.list_objects_v2(Bucket=bucket)["Contents"]:
            record["objects"][f"{bucket}/{listed['Key']}"] = describe(s3, bucket, listed["Key"])
    return record


def check(s3: Any, http: httpx.Client, record: dict[str, Any]) -> None:
    """Assert that all contents are unchanged, and that the unfinished upload can be completed."""
    names = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    assert {BUCKET, OTHER, "files"} <= names
    for name, was in record["objects"].items():
        bucket, _, key = name.partition("/")
        assert_same(was, describe(s3, bucket, key))
    found = s3.list_objects_v2(Bucket=BUCKET, Delimiter="/")
    keys = [each["Key"] for each in found["Contents"]] + [each["Prefix"] for each in found["CommonPrefixes"]]
    assert tuple(sorted(keys)) == LISTED
    assert http.get(f"/api/file/{record['file']}").content == content("rest", 900)
    _finish(s3, record["waiting"])
    s3.put_object(Bucket=BUCKET, Key="replaced", Body=b"newest")
    assert s3.get_object(Bucket=BUCKET, Key="replaced")["Body"].read() == b"newest"
    s3.delete_object(Bucket=BUCKET, Key="joined")
    # The copy shares its blob with the deleted object.
    assert_same(record["objects"][f"{OTHER}/copy"], describe(s3, OTHER, "copy"))


def assert_same(was: dict[str, Any], now: dict[str, Any]) -> None:
    """Assert equality, except for members that the later version adds."""
    assert now["sha256"] == was["sha256"]
    for answer in ("get", "attributes"):
        assert {name: now[answer].get(name) for name in was[answer]} == was[answer]


def describe(s3: Any, bucket: str, key: str) -> dict[str, Any]:
    """Everything that a client sees of an object, as JSON."""
    got = s3.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    kept = {
        name: str(value)
        for name, value in got.items()
        if name not in ("Body", "ResponseMetadata", "AcceptRanges")
    }
    wanted = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    attributes = s3.get_object_attributes(Bucket=bucket, Key=key, ObjectAttributes=wanted)
    attributes.pop("ResponseMetadata")
    return {
        "get": kept,
        "attributes": {name: str(value) for name, value in attributes.items()},
        "sha256": hashlib.sha256(got["Body"].read()).hexdigest(),
    }


def _upload(s3: Any, key: str, algorithm: str, kind: str) -> dict[str, Any]:
    """Start an upload, put two parts, and do not complete it."""
    begun = s3.create_multipart_upload(
        Bucket=BUCKET, Key=key, ChecksumAlgorithm=algorithm, ChecksumType=kind, Metadata={"made": "in parts"}
    )
    parts = []
    for number, size in ((1, PART_BYTES), (2, 1001)):
        done = s3.upload_part(
            Bucket=BUCKET,
            Key=key,
            UploadId=begun["UploadId"],
            PartNumber=number,
            Body=content(f"{key}{number}", size),
            ChecksumAlgorithm=algorithm,
        )
        name = f"Checksum{algorithm}"
        parts.append({"PartNumber": number, "ETag": done["ETag"], name: done[name]})
    return {"id": begun["UploadId"], "parts": {"Parts": parts}}


def _copied_parts(s3: Any, source: dict[str, str]) -> None:
    """Make an object with one part copied from a range of another object."""
    upload_id = s3.create_multipart_upload(Bucket=BUCKET, Key="pieces")["UploadId"]
    named = {"Bucket": BUCKET, "Key": "pieces", "UploadId": upload_id}
    span = f"bytes=3-{PART_BYTES + 2}"
    copied = s3.upload_part_copy(**named, PartNumber=1, CopySource=source, CopySourceRange=span)
    sent = s3.upload_part(**named, PartNumber=2, Body=content("pieces", 77))
    etags = [copied["CopyPartResult"]["ETag"], sent["ETag"]]
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
    s3.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})


def _finish(s3: Any, waiting: dict[str, Any]) -> None:
    (listed,) = s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]
    assert (listed["Key"], listed["UploadId"]) == ("waiting", waiting["id"])
    assert listed["Initiator"] == listed["Owner"]
    named = {"Bucket": BUCKET, "Key": "waiting"}
    s3.complete_multipart_upload(**named, UploadId=waiting["id"], MultipartUpload=waiting["parts"])
    got = s3.get_object(**named)
    assert got["Body"].read() == content("waiting1", PART_BYTES) + content("waiting2", 1001)
    assert got["Metadata"] == {"made": "in parts"}
