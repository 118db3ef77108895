"""The checksum algorithms of S3, computed by libraries that are independent of the server."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import xxhash
from awscrt import checksums as crt

DIGITS = b"123456789"  # the usual input of published check values


@dataclass(frozen=True, slots=True)
class Algorithm:
    """`check`: the published digest of DIGITS, in hex. `kinds`: multipart checksum types, default first."""

    name: str
    digest: Callable[[bytes], bytes]
    check: str
    kinds: tuple[str, ...] = ("COMPOSITE",)

    @property
    def header(self) -> str:
        return f"x-amz-checksum-{self.name.lower()}"

    @property
    def member(self) -> str:
        return f"Checksum{self.name}"

    def of(self, data: bytes) -> str:
        """The checksum header's value for `data`."""
        return base64.b64encode(self.digest(data)).decode()

    def wrong(self) -> str:
        """A well-formed checksum that matches no body of the tests."""
        return self.of(b"something else altogether")

    def composite(self, *parts: bytes) -> str:
        """The COMPOSITE checksum of an object: the checksum of its parts' checksums, "-", their number."""
        return f"{self.of(b''.join(map(self.digest, parts)))}-{len(parts)}"

    def __str__(self) -> str:
        return self.name


def _crc(compute: Callable[[bytes], int], width: int) -> Callable[[bytes], bytes]:
    return lambda data: compute(data).to_bytes(width, "big")


_CRC = ("COMPOSITE", "FULL_OBJECT")
ALGORITHMS = [
    Algorithm("CRC32", _crc(zlib.crc32, 4), "cbf43926", _CRC),
    Algorithm("CRC32C", _crc(crt.crc32c, 4), "e3069283", _CRC),
    Algorithm("CRC64NVME", _crc(crt.crc64nvme, 8), "ae8b14860a799888", ("FULL_OBJECT",)),
    Algorithm("SHA1", lambda d: hashlib.sha1(d).digest(), "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
    Algorithm(
        "SHA256",
        lambda d: hashlib.sha256(d).digest(),
        "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
    ),
    Algorithm(
        "SHA512",
        lambda d: hashlib.sha512(d).digest(),
        "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274a"
        "d27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85",
    ),
    Algorithm("MD5", lambda d: hashlib.md5(d).digest(), "25f9e794323b453885f5181f1b624d0b"),
    Algorithm("XXHASH64", lambda d: xxhash.xxh64(d).digest(), "8cb841db40e6ae83"),
    Algorithm("XXHASH3", lambda d: xxhash.xxh3_64(d).digest(), "72dcb18b67a17dff"),
    Algorithm("XXHASH128", lambda d: xxhash.xxh3_128(d).digest(), "33119477ede5dcd5e9716427681d5860"),
]
BY_NAME = {algorithm.name: algorithm for algorithm in ALGORITHMS}
