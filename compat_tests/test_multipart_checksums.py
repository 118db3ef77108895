"""Checksums of multipart objects: COMPOSITE and FULL_OBJECT."""

from __future__ import annotations

from typing import Any

import pytest

from compat_tests.handmade import Headers, Raw
from compat_tests.sums import ALGORITHMS, BY_NAME, Algorithm
from compat_tests.support import S3, big_part, etag_of, path_of, refused, refused_head, xml

KINDS = [(algorithm, kind) for algorithm in ALGORITHMS for kind in algorithm.kinds]
BODIES = [big_part(1), b"the end"]
each_kind = pytest.mark.parametrize(("algorithm", "kind"), KINDS, ids=lambda value: str(value))


class HandmadeUpload:
    """An upload over plain requests: boto3 would add checksums of its own."""

    def __init__(self, raw: Raw, bucket: str, algorithm: Algorithm | None, kind: str = "") -> None:
        self.raw, self.path, self.algorithm = raw, path_of(bucket, "k"), algorithm
        headers: Headers = {"x-amz-checksum-algorithm": algorithm.name} if algorithm else {}
        if kind:
            headers["x-amz-checksum-type"] = kind
        answer = raw.ask("POST", self.path, "uploads=", headers=headers)
        assert answer.status == 200, answer.body
        self.created = answer.headers
        self.id = xml(answer.body).findtext("UploadId")

    def put(self, number: int, body: bytes, algorithm: Algorithm | None, value: str = "") -> Any:
        headers: Headers = {algorithm.header: value or algorithm.of(body)} if algorithm else {}
        return self.raw.ask(
            "PUT", self.path, f"partNumber={number}&uploadId={self.id}", headers=headers, body=body
        )

    def put_all(self) -> None:
        for number, body in enumerate(BODIES, 1):
            answer = self.put(number, body, self.algorithm)
            assert answer.status == 200, answer.body
            if self.algorithm:
                assert answer.headers[self.algorithm.header] == self.algorithm.of(body)

    def complete(self, values: list[str] | None = None, headers: Headers | None = None) -> Any:
        """`values`: the checksum named for each part; its own by default."""
        parts = ""
        for number, body in enumerate(BODIES, 1):
            parts += f"<Part><PartNumber>{number}</PartNumber><ETag>{etag_of(body)}</ETag>"
            if self.algorithm:
                value = values[number - 1] if values else self.algorithm.of(body)
                parts += (
                    f"<Checksum{self.algorithm.name}>{value}</Checksum{self.algorithm.name}>" if value else ""
                )
            parts += "</Part>"
        document = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        return self.raw.ask("POST", self.path, f"uploadId={self.id}", headers=headers, body=document)


def expected(algorithm: Algorithm, kind: str) -> str:
    return algorithm.composite(*BODIES) if kind == "COMPOSITE" else algorithm.of(b"".join(BODIES))


@each_kind
def test_the_whole_has_its_checksum(raw: Raw, bucket: str, algorithm: Algorithm, kind: str) -> None:
    upload = HandmadeUpload(raw, bucket, algorithm, kind)
    assert upload.created["x-amz-checksum-algorithm"] == algorithm.name
    assert upload.created["x-amz-checksum-type"] == kind
    upload.put_all()
    answer = upload.complete()
    assert answer.status == 200, answer.body
    root = xml(answer.body)
    assert root.findtext(algorithm.member) == expected(algorithm, kind)
    assert root.findtext("ChecksumType") == kind
    got = raw.ask("HEAD", upload.path, headers={"x-amz-checksum-mode": "ENABLED"}).headers
    assert (got[algorithm.header], got["x-amz-checksum-type"]) == (expected(algorithm, kind), kind)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=str)
def test_the_kind_by_default(raw: Raw, bucket: str, algorithm: Algorithm) -> None:
    created = HandmadeUpload(raw, bucket, algorithm).created
    assert created["x-amz-checksum-type"] == algorithm.kinds[0]


@pytest.mark.parametrize(
    ("name", "kind"), [("CRC64NVME", "COMPOSITE"), ("SHA1", "FULL_OBJECT"), ("SHA256", "FULL_OBJECT")]
)
def test_kinds_that_do_not_go_together(s3: S3, bucket: str, name: str, kind: str) -> None:
    with refused("InvalidRequest", 400):
        s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=name, ChecksumType=kind)


def test_unknown_kind_and_algorithm(s3: S3, bucket: str) -> None:
    with refused("InvalidRequest", 400):
        s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="ADLER32")
    with refused("InvalidRequest", 400):
        s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32", ChecksumType="HALF")


@each_kind
def test_a_wrong_checksum_of_the_whole(
    raw: Raw, s3: S3, bucket: str, algorithm: Algorithm, kind: str
) -> None:
    upload = HandmadeUpload(raw, bucket, algorithm, kind)
    upload.put_all()
    wrong = algorithm.wrong() + ("-2" if kind == "COMPOSITE" else "")
    upload.complete(headers={algorithm.header: wrong}).refused("BadDigest", 400)
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="k")
    assert upload.complete(headers={algorithm.header: expected(algorithm, kind)}).status == 200


@pytest.mark.parametrize("name", ["CRC32", "SHA256", "CRC64NVME"])
def test_a_wrong_checksum_of_a_part_in_the_list(raw: Raw, s3: S3, bucket: str, name: str) -> None:
    algorithm = BY_NAME[name]
    upload = HandmadeUpload(raw, bucket, algorithm)
    upload.put_all()
    upload.complete([algorithm.wrong(), algorithm.of(BODIES[1])]).refused("InvalidPart", 400)
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="k")


def test_a_composite_wants_every_parts_checksum_in_the_list(raw: Raw, bucket: str) -> None:
    upload = HandmadeUpload(raw, bucket, BY_NAME["SHA256"])
    upload.put_all()
    upload.complete(["", ""]).refused("InvalidRequest", 400)


def test_a_full_object_does_not(raw: Raw, bucket: str) -> None:
    upload = HandmadeUpload(raw, bucket, BY_NAME["CRC32"], "FULL_OBJECT")
    upload.put_all()
    assert upload.complete(["", ""]).status == 200


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=str)
def test_a_wrong_checksum_of_a_part(raw: Raw, s3: S3, bucket: str, algorithm: Algorithm) -> None:
    upload = HandmadeUpload(raw, bucket, algorithm)
    upload.put(1, b"x", algorithm, algorithm.wrong()).refused("BadDigest", 400)
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key="k", UploadId=upload.id)


def test_a_part_with_another_algorithm(raw: Raw, bucket: str) -> None:
    upload = HandmadeUpload(raw, bucket, BY_NAME["SHA256"])
    upload.put(1, b"x", BY_NAME["CRC32"]).refused("InvalidRequest", 400)


def test_another_kind_at_completion(raw: Raw, bucket: str) -> None:
    upload = HandmadeUpload(raw, bucket, BY_NAME["CRC32"], "FULL_OBJECT")
    upload.put_all()
    upload.complete(headers={"x-amz-checksum-type": "COMPOSITE"}).refused("InvalidRequest", 400)


def test_without_any_it_is_crc64nvme_of_the_whole(raw: Raw, bucket: str) -> None:
    upload = HandmadeUpload(raw, bucket, None)
    upload.put_all()
    assert upload.complete().status == 200
    got = raw.ask("HEAD", upload.path, headers={"x-amz-checksum-mode": "ENABLED"}).headers
    value = BY_NAME["CRC64NVME"].of(b"".join(BODIES))
    assert (got["x-amz-checksum-crc64nvme"], got["x-amz-checksum-type"]) == (value, "FULL_OBJECT")
