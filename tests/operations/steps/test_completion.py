"""The rules of CompleteMultipartUpload."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import pytest

from metadata.records import Checksum, Part, Properties, Upload
from s3api.errors import S3Error
from s3api.operations.steps import completion
from s3api.operations.steps.completion import PartReference

BIG = b"a" * completion.MIN_PART_BYTES
SMALL = b"tail"


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def sha256(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


SUMS = {"CRC32": crc32, "SHA256": sha256}


def upload(algorithm: str | None = None, kind: str | None = None) -> Upload:
    return Upload("0" * 64, "photos", "k", "alice", 1, Properties(), algorithm, kind)


def part(number: int, data: bytes, algorithm: str | None = None) -> Part:
    checksum = Checksum(algorithm, "FULL_OBJECT", SUMS[algorithm](data)) if algorithm else None
    return Part(number, hashlib.md5(data).hexdigest(), len(data), 1, checksum)


def code(call: Any, *args: Any) -> str:
    try:
        call(*args)
    except S3Error as error:
        return error.code
    return "fine"


def item(number: Any = 1, etag: Any = '"a"', **more: str) -> dict[str, Any]:
    return {"PartNumber": number, "ETag": etag, **more}


@pytest.mark.parametrize(
    ("given", "result"),
    [
        (None, "InvalidRequest"),
        ({}, "MalformedXML"),
        ({"Parts": []}, "MalformedXML"),
        ({"Parts": [{"PartNumber": 1}]}, "MalformedXML"),
        ({"Parts": [{"ETag": "a"}]}, "MalformedXML"),
        ({"Parts": [item(2), item(1)]}, "InvalidPartOrder"),
        ({"Parts": [item(1), item(10_000)]}, "fine"),
    ],
)
def test_the_list_of_parts(given: Any, result: str) -> None:
    assert code(completion.parse_part_list, given) == result


def test_parts_are_read() -> None:
    named = completion.parse_part_list({"Parts": [item(3, ' "abc" ', ChecksumSHA256="x"), item(4, "abc")]})
    assert named == [PartReference(3, "abc", {"SHA256": "x"}), PartReference(4, "abc", {})]
    twice = completion.parse_part_list({"Parts": [item(1, "a"), item(1, "b"), item(2, "c")]})
    assert [(part.number, part.etag) for part in twice] == [(1, "b"), (2, "c")]


def test_the_etag() -> None:
    one, two = hashlib.md5(BIG), hashlib.md5(SMALL)
    whole = hashlib.md5(one.digest() + two.digest()).hexdigest()
    assert completion.multipart_etag([one.hexdigest(), two.hexdigest()]) == f"{whole}-2"
    assert completion.multipart_etag(["abc"]) == completion.multipart_etag(["z" * 32]) == ""


def test_select_parts() -> None:
    stored = [part(1, BIG), part(2, b"never named"), part(7, SMALL)]
    named = [PartReference(1, stored[0].etag, {}), PartReference(7, stored[2].etag, {})]
    assert completion.select_parts(upload(), named, stored) == [stored[0], stored[2]]


@pytest.mark.parametrize(
    "name", [PartReference(2, "", {}), PartReference(1, "other", {}), PartReference(0, "", {})]
)
def test_unknown_parts(name: PartReference) -> None:
    with pytest.raises(S3Error) as caught:
        completion.select_parts(upload(), [name], [part(1, BIG)])
    assert caught.value.code == "InvalidPart"
    assert caught.value.details["PartNumber"] == str(name.number)


def test_a_part_before_the_last_is_too_small() -> None:
    stored = [part(1, BIG[1:]), part(2, SMALL)]
    named = [PartReference(p.number, p.etag, {}) for p in stored]
    with pytest.raises(S3Error) as caught:
        completion.select_parts(upload(), named, stored)
    assert caught.value.code == "EntityTooSmall"
    assert caught.value.details == {
        "ETag": stored[0].etag,
        "PartNumber": "1",
        "MinSizeAllowed": "5242880",
        "ProposedSize": "5242879",
    }


@pytest.mark.parametrize(
    ("algorithm", "kind", "stated", "result"),
    [
        ("CRC32", "COMPOSITE", {"CRC32": crc32(SMALL)}, "fine"),
        ("CRC32", "COMPOSITE", {"CRC32": crc32(BIG)}, "InvalidPart"),
        ("CRC32", "COMPOSITE", {"SHA256": sha256(SMALL)}, "InvalidPart"),
        ("CRC32", "COMPOSITE", {}, "InvalidRequest"),
        ("CRC32", "FULL_OBJECT", {}, "fine"),
        ("CRC32", "FULL_OBJECT", {"CRC32": crc32(BIG)}, "InvalidPart"),
        (None, None, {}, "fine"),
        (None, None, {"CRC32": crc32(SMALL)}, "InvalidPart"),
    ],
)
def test_checksums_of_parts(
    algorithm: str | None, kind: str | None, stated: dict[str, str], result: str
) -> None:
    one = part(1, SMALL, algorithm)
    assert (
        code(completion.select_parts, upload(algorithm, kind), [PartReference(1, one.etag, stated)], [one])
        == result
    )


def test_checksums_of_the_whole() -> None:
    parts = [part(1, BIG, "CRC32"), part(2, SMALL, "CRC32")]
    full = Checksum("CRC32", "FULL_OBJECT", crc32(BIG + SMALL))
    assert completion.object_checksum(upload("CRC32", "FULL_OBJECT"), parts) == full
    assert completion.object_checksum(upload(), parts) == full
    digests = b"".join(zlib.crc32(data).to_bytes(4, "big") for data in (BIG, SMALL))
    composite = Checksum("CRC32", "COMPOSITE", crc32(digests) + "-2")
    assert completion.object_checksum(upload("CRC32", "COMPOSITE"), parts) == composite


@pytest.mark.parametrize(
    "algorithms", [("CRC32", None), ("CRC32", "SHA256"), ("SHA256", "SHA256"), (None, None)]
)
def test_no_checksum_if_none_can_be_computed(algorithms: tuple[str | None, str | None]) -> None:
    parts = [part(n, SMALL, algorithm) for n, algorithm in enumerate(algorithms, 1)]
    assert completion.object_checksum(upload(), parts) is None


FULL = Checksum("CRC32", "FULL_OBJECT", crc32(SMALL))
COMPOSITE = Checksum("SHA256", "COMPOSITE", sha256(SMALL) + "-1")


@pytest.mark.parametrize(
    ("computed", "kind", "claims", "result"),
    [
        (FULL, None, {}, "fine"),
        (FULL, "FULL_OBJECT", {"ChecksumCRC32": crc32(SMALL)}, "fine"),
        (FULL, None, {"ChecksumCRC32": crc32(SMALL)}, "fine"),
        (FULL, None, {"ChecksumCRC32": crc32(BIG)}, "BadDigest"),
        (FULL, None, {"ChecksumCRC32": "nonsense"}, "InvalidRequest"),
        (FULL, "COMPOSITE", {}, "InvalidRequest"),
        (FULL, None, {"ChecksumSHA256": sha256(SMALL)}, "BadDigest"),
        (FULL, None, {"ChecksumSHA256": "x", "ChecksumCRC32": "y"}, "InvalidRequest"),
        (COMPOSITE, "COMPOSITE", {"ChecksumSHA256": sha256(SMALL) + "-1"}, "fine"),
        (COMPOSITE, None, {"ChecksumSHA256": sha256(SMALL)}, "fine"),
        (COMPOSITE, None, {"ChecksumSHA256": sha256(SMALL) + "-2"}, "BadDigest"),
        (COMPOSITE, None, {"ChecksumSHA256": sha256(BIG) + "-1"}, "BadDigest"),
        (None, None, {"ChecksumSHA256": sha256(BIG)}, "BadDigest"),
        (None, "FULL_OBJECT", {}, "InvalidRequest"),
        (None, None, {}, "fine"),
    ],
)
def test_stated_checksums_of_the_object(
    computed: Checksum | None, kind: str | None, claims: dict[str, str], result: str
) -> None:
    assert code(completion.check_stated_checksum, upload(), computed, kind, claims) == result


def test_the_stated_size() -> None:
    parts = [part(1, BIG), part(2, SMALL)]
    assert completion.total_size(parts, None) == completion.total_size(parts, len(BIG) + 4) == len(BIG) + 4
    with pytest.raises(S3Error, match="does not match what was computed"):
        completion.total_size(parts, 4)
