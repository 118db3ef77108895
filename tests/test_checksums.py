"""Each algorithm against known vectors, botocore's own classes, and direct computation."""

from __future__ import annotations

import base64
import hashlib
import random

import botocore.session
import pytest
from botocore import httpchecksum

from s3api import checksums
from s3api.checksums import ALGORITHMS, BY_HEADER, BY_MEMBER, Algorithm
from s3api.errors import S3Error

# Of b"123456789": the check values of the CRC catalogue, and what sha*sum and md5sum print.
VECTORS = {
    "CRC32": "cbf43926",
    "CRC32C": "e3069283",
    "CRC64NVME": "ae8b14860a799888",
    "MD5": "25f9e794323b453885f5181f1b624d0b",
    "SHA1": "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
    "SHA256": "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
    "SHA512": (
        "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274a"
        "d27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85"
    ),
}
XX_OF_NOTHING = {
    "XXHASH64": "ef46db3751d8e999",
    "XXHASH3": "2d06800538d394c2",
    "XXHASH128": "99aa06d3014798d86001c324468d497f",
}
BOTOCORE = {
    "CRC32": httpchecksum.Crc32Checksum,
    "CRC32C": httpchecksum.CrtCrc32cChecksum,
    "CRC64NVME": httpchecksum.CrtCrc64NvmeChecksum,
    "SHA1": httpchecksum.Sha1Checksum,
    "SHA256": httpchecksum.Sha256Checksum,
    "SHA512": httpchecksum.Sha512Checksum,
    "XXHASH64": httpchecksum.CrtXxhash64Checksum,
    "XXHASH3": httpchecksum.CrtXxhash3Checksum,
    "XXHASH128": httpchecksum.CrtXxhash128Checksum,
}
CRCS = ["CRC32", "CRC32C", "CRC64NVME"]


def value_of(algo: Algorithm, data: bytes) -> str:
    hasher = algo.new()
    hasher.update(data)
    return checksums.encode(hasher.digest())


def test_the_table_is_the_models() -> None:
    model = botocore.session.get_session().get_service_model("s3")
    members = model.operation_model("PutObject").input_shape.members
    assert set(ALGORITHMS) == set(model.shape_for("ChecksumAlgorithm").enum)
    assert set(checksums.TYPES) == set(model.shape_for("ChecksumType").enum)
    for algo in ALGORITHMS.values():
        assert members[algo.member].serialization["name"] == algo.header
        assert BY_HEADER[algo.header] is algo is BY_MEMBER[algo.member]


@pytest.mark.parametrize(("name", "expected"), VECTORS.items())
def test_known_vectors(name: str, expected: str) -> None:
    hasher = ALGORITHMS[name].new()
    hasher.update(b"12345")
    hasher.update(memoryview(bytearray(b"6789")))
    assert hasher.digest().hex() == expected
    assert len(hasher.digest()) == ALGORITHMS[name].digest_bytes


@pytest.mark.parametrize(("name", "expected"), XX_OF_NOTHING.items())
def test_xxhash_of_nothing(name: str, expected: str) -> None:
    assert ALGORITHMS[name].new().digest().hex() == expected
    assert len(expected) == 2 * ALGORITHMS[name].digest_bytes


@pytest.mark.parametrize("name", BOTOCORE)
def test_agrees_with_botocore(name: str) -> None:
    data = random.Random(1).randbytes(200_003)
    theirs, ours = BOTOCORE[name](), ALGORITHMS[name].new()
    for start in range(0, len(data), 4099):
        theirs.update(data[start : start + 4099])
        ours.update(memoryview(data)[start : start + 4099])
    assert checksums.encode(ours.digest()) == theirs.b64digest()


@pytest.mark.parametrize("name", CRCS)
def test_full_object_equals_the_whole(name: str) -> None:
    algo, rng = ALGORITHMS[name], random.Random(name)
    pieces = [rng.randbytes(rng.choice([0, 1, 7, 5000, 70_001])) for _ in range(40)]
    combined = checksums.full_object(algo, [(value_of(algo, piece), len(piece)) for piece in pieces])
    assert combined == value_of(algo, b"".join(pieces))
    assert checksums.full_object(algo, []) == value_of(algo, b"")


@pytest.mark.parametrize("name", CRCS)
def test_full_object_of_10000_large_parts(name: str) -> None:
    """Lengths past 32 bits: 10,000 parts of 5 GiB, against squaring (a part joined with itself, doubling)."""
    algo = ALGORITHMS[name]
    assert algo.combine is not None
    size, part = 5 << 30, 0x1234ABCD
    power = {1: part}
    for exponent in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096):
        power[2 * exponent] = algo.combine(power[exponent], power[exponent], exponent * size)
    expected, done = 0, 0
    for exponent in sorted(power, reverse=True):
        if 10_000 & exponent:
            expected = algo.combine(expected, power[exponent], exponent * size)
            done += exponent
    value = checksums.encode(part.to_bytes(algo.digest_bytes, "big"))
    whole = checksums.encode(expected.to_bytes(algo.digest_bytes, "big"))
    assert done == 10_000
    assert checksums.full_object(algo, [(value, size)] * 10_000) == whole


@pytest.mark.parametrize("name", [n for n in ALGORITHMS if n not in CRCS])
def test_full_object_needs_a_crc(name: str) -> None:
    with pytest.raises(S3Error) as caught:
        checksums.full_object(ALGORITHMS[name], [])
    assert caught.value.code == "InvalidRequest"


def test_composite_is_the_checksum_of_checksums() -> None:
    digests = [hashlib.sha256(part).digest() for part in (b"one", b"two", b"three")]
    expected = base64.b64encode(hashlib.sha256(b"".join(digests)).digest()).decode() + "-3"
    assert checksums.composite(ALGORITHMS["SHA256"], [checksums.encode(d) for d in digests]) == expected


@pytest.mark.parametrize("name", ALGORITHMS)
def test_types(name: str) -> None:
    algo = ALGORITHMS[name]
    allowed = {"CRC64NVME": {"FULL_OBJECT"}, "CRC32": {"FULL_OBJECT", "COMPOSITE"}}
    allowed["CRC32C"] = allowed["CRC32"]
    expected = allowed.get(name, {"COMPOSITE"})
    assert checksums.checksum_type(algo, None) == ("FULL_OBJECT" if name == "CRC64NVME" else "COMPOSITE")
    for kind in checksums.TYPES:
        if kind in expected:
            assert checksums.checksum_type(algo, kind.lower()) == kind
            continue
        with pytest.raises(S3Error) as caught:
            checksums.checksum_type(algo, kind)
        assert caught.value.code == "InvalidRequest"
        assert caught.value.message == (
            f"The {kind} checksum type cannot be used with the {name.lower()} checksum algorithm."
        )
    with pytest.raises(S3Error, match="x-amz-checksum-type"):
        checksums.checksum_type(algo, "HALF")


@pytest.mark.parametrize("name", ALGORITHMS)
def test_values_are_checked(name: str) -> None:
    algo = ALGORITHMS[name]
    good = value_of(algo, b"abc")
    assert checksums.matches(algo, good, checksums.decode(algo, good))
    assert not checksums.matches(algo, value_of(algo, b"abd"), checksums.decode(algo, good))
    longer = checksums.encode(bytes(algo.digest_bytes + 1))
    for bad in (
        "",
        "=",
        good[:-1],
        good + "=",
        " " + good,
        good + "\n",
        longer,
        "é" * len(good),
        "!" * len(good),
    ):
        with pytest.raises(S3Error) as caught:
            checksums.decode(algo, bad)
        assert caught.value.code == "InvalidRequest"
        assert caught.value.message == f"Value for x-amz-checksum-{name.lower()} header is invalid."


def test_base64_has_one_spelling() -> None:
    """The bits that base64 leaves over are zero: "AAAAAB==" would be a second name of the same bytes."""
    assert checksums.decode(ALGORITHMS["CRC32"], "AAAAAA==") == bytes(4)
    with pytest.raises(S3Error):
        checksums.decode(ALGORITHMS["CRC32"], "AAAAAB==")


def test_composite_values() -> None:
    algo = ALGORITHMS["CRC32"]
    assert checksums.decode_composite(algo, "AAAAAA==-12") == (bytes(4), 12)
    assert checksums.decode_composite(algo, "AAAAAA==") == (bytes(4), None)
    for bad in (
        "AAAAAA==-",
        "AAAAAA==-0",
        "AAAAAA==-10001",
        "AAAAAA==-1_0",
        "AAAAAA==-+1",
        "-1",
        "AAAAAA==-²",
        "A-1-1",
    ):
        with pytest.raises(S3Error):
            checksums.decode_composite(algo, bad)


def test_names_in_any_case() -> None:
    assert checksums.algorithm("crc64nvme") is ALGORITHMS["CRC64NVME"]
    with pytest.raises(S3Error) as caught:
        checksums.algorithm("CRC16")
    assert caught.value.code == "InvalidRequest"


def test_bad_digest() -> None:
    assert checksums.bad_digest(ALGORITHMS["SHA1"]).code == "BadDigest"
