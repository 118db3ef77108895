"""Encryption of blobs: AES-256-GCM in segments of 64 KiB, the format in which nodes store them.

A segment is 65,520 bytes of plaintext, encrypted, and a tag of 16 bytes; the last one is shorter. So 96 of
them fill a stripe of 6 MiB and 16 a chunk, a segment of a full stripe is one checksummed block of a chunk's
frame, and to read a range costs the segments that it touches.

The key of a blob is HKDF-SHA256 (RFC 5869) of the object's data key and the blob's id, and a blob is written
once: so a segment's number, counted through the blob, is a nonce that is never used twice under a key (NIST
SP 800-38D, section 8.2.1). A segment that was altered, moved within the blob or comes from another one does
not verify; how many there are is the metadata's to say.
"""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Buffer = bytes | bytearray | memoryview

SEGMENT_BYTES = 64 << 10
TAG_BYTES = 16
PLAIN_BYTES = SEGMENT_BYTES - TAG_BYTES
KEY_BYTES = 32


class Tampered(Exception):
    """Bytes that were not encrypted with this key, at this place: altered, moved, or another object's."""


class ContentKey:
    """The data key of one object, in clear. Never in a log: its repr says nothing."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes")
        self._secret = secret

    @classmethod
    def new(cls) -> ContentKey:
        return cls(os.urandom(KEY_BYTES))

    def __repr__(self) -> str:
        return "<ContentKey>"

    @property
    def secret(self) -> bytes:
        """The key's bytes, to wrap them."""
        return self._secret

    def blob(self, blob_id: bytes) -> BlobCipher:
        """Derive the cipher of one blob."""
        return BlobCipher(derive_key(self._secret, b"sixfold blob" + blob_id))

    def etag(self, md5: bytes) -> str:
        """Make an ETag that reveals nothing of the content; `md5` is the content's.

        As on AWS, the ETag of an object with SSE-C or SSE-KMS is not an MD5. The same content with the same
        data key has the same ETag.
        """
        return hmac.digest(derive_key(self._secret, b"sixfold etag"), md5, "sha256")[:16].hex()


class BlobCipher:
    """Encrypts and decrypts segments of one blob, by their number."""

    __slots__ = ("_aead",)

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def encrypt(self, plain: Buffer) -> bytearray:
        """Encrypt a whole blob; return its segments, each followed by its tag."""
        view = memoryview(plain)
        out = bytearray(stored_size(len(view)))
        for number, at in enumerate(range(0, len(view), PLAIN_BYTES)):
            encrypted = self._aead.encrypt(_nonce(number), view[at : at + PLAIN_BYTES], None)
            out[number * SEGMENT_BYTES : number * SEGMENT_BYTES + len(encrypted)] = encrypted
        return out

    def encrypt_in_place(self, segment: memoryview, number: int) -> None:
        """Encrypt all but the last 16 bytes of `segment`, and put the tag there."""
        segment[:] = self._aead.encrypt(_nonce(number), segment[:-TAG_BYTES], None)

    def decrypt_in_place(self, segment: memoryview, number: int) -> None:
        """Decrypt `segment` except its last 16 bytes, the tag, which are left. Raises Tampered."""
        segment[:-TAG_BYTES] = self._decrypt_segment(segment, number)

    def decrypt(self, stored: Buffer, first: int) -> bytes:
        """Decrypt consecutive segments, the first of which has the number `first`.

        Raises Tampered.
        """
        view = memoryview(stored)
        places = range(0, len(view), SEGMENT_BYTES)
        parts = [
            self._decrypt_segment(view[at : at + SEGMENT_BYTES], first + n) for n, at in enumerate(places)
        ]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _decrypt_segment(self, segment: memoryview, number: int) -> bytes:
        try:
            return self._aead.decrypt(_nonce(number), segment, None)
        except (InvalidTag, ValueError):
            raise Tampered(f"segment {number} does not verify") from None


def derive_key(secret: bytes, purpose: bytes, salt: bytes | None = None) -> bytes:
    """Derive a key for one purpose from `secret`: HKDF-SHA256."""
    return HKDF(SHA256(), KEY_BYTES, salt, purpose).derive(secret)


def stored_size(plain_bytes: int) -> int:
    """Return the encrypted size of a blob whose plaintext has `plain_bytes` bytes."""
    return plain_bytes + TAG_BYTES * -(-plain_bytes // PLAIN_BYTES)


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
