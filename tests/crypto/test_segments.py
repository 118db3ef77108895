"""Encrypted segments: round trips at every boundary, and corrupted data."""

from __future__ import annotations

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from s3api.crypto import PLAIN_BYTES, SEGMENT_BYTES, TAG_BYTES, ContentKey, Tampered, stored_size

BLOB, OTHER = bytes(15) + b"\1", bytes(15) + b"\2"
EDGES = [1, 2, 100, PLAIN_BYTES - 1, PLAIN_BYTES, PLAIN_BYTES + 1, SEGMENT_BYTES, 3 * PLAIN_BYTES + 17]


@pytest.mark.parametrize("size", EDGES)
def test_a_blob_comes_back_and_takes_sixteen_bytes_more_a_segment(size: int) -> None:
    plain, key = os.urandom(size), ContentKey.new()
    stored = key.blob(BLOB).encrypt(plain)
    assert len(stored) == stored_size(size) == size + TAG_BYTES * -(-size // PLAIN_BYTES)
    assert key.blob(BLOB).decrypt(stored, 0) == plain


def test_a_segment_opens_by_itself() -> None:
    plain, key = os.urandom(3 * PLAIN_BYTES + 5), ContentKey.new()
    stored = key.blob(BLOB).encrypt(plain)
    second = stored[SEGMENT_BYTES : 2 * SEGMENT_BYTES]
    assert key.blob(BLOB).decrypt(second, 1) == plain[PLAIN_BYTES : 2 * PLAIN_BYTES]
    assert key.blob(BLOB).decrypt(stored[2 * SEGMENT_BYTES :], 2) == plain[2 * PLAIN_BYTES :]


def test_the_format_is_what_the_docstring_says() -> None:
    secret, plain = bytes(range(32)), b"x" * (PLAIN_BYTES + 3)
    derived = HKDF(SHA256(), 32, None, b"sixfold blob" + BLOB).derive(secret)
    aead = AESGCM(derived)
    expected = aead.encrypt(bytes(12), plain[:PLAIN_BYTES], None)
    expected += aead.encrypt(bytes(11) + b"\1", plain[PLAIN_BYTES:], None)
    assert ContentKey(secret).blob(BLOB).encrypt(plain) == expected


def test_in_place_is_the_same_and_can_be_undone() -> None:
    plain, key = os.urandom(1000), ContentKey.new()
    room = memoryview(bytearray(plain + bytes(TAG_BYTES)))
    key.blob(BLOB).encrypt_in_place(room, 0)
    assert room == key.blob(BLOB).encrypt(plain)
    key.blob(BLOB).decrypt_in_place(room, 0)
    assert room[:-TAG_BYTES] == plain


@pytest.mark.parametrize("at", [0, 500, PLAIN_BYTES, SEGMENT_BYTES - 1])
def test_a_flipped_bit_anywhere_is_found(at: int) -> None:
    key = ContentKey.new()
    stored = key.blob(BLOB).encrypt(bytes(PLAIN_BYTES))
    stored[at] ^= 1
    with pytest.raises(Tampered):
        key.blob(BLOB).decrypt(stored, 0)


def test_another_place_another_blob_another_key_do_not_open() -> None:
    key = ContentKey.new()
    stored = key.blob(BLOB).encrypt(os.urandom(2 * PLAIN_BYTES))
    swapped = stored[SEGMENT_BYTES:] + stored[:SEGMENT_BYTES]
    for cipher, data, first in (
        (key.blob(BLOB), swapped, 0),
        (key.blob(BLOB), stored, 1),
        (key.blob(OTHER), stored, 0),
        (ContentKey.new().blob(BLOB), stored, 0),
        (key.blob(BLOB), stored[:-1], 0),
        (key.blob(BLOB), stored[: SEGMENT_BYTES + 4], 0),
    ):
        with pytest.raises(Tampered):
            cipher.decrypt(data, first)


def test_an_etag_depends_on_key_and_content_and_shows_neither() -> None:
    key, md5 = ContentKey.new(), bytes(16)
    assert key.etag(md5) == key.etag(md5) != ContentKey.new().etag(md5)
    assert key.etag(md5) != key.etag(bytes(15) + b"\1")
    assert len(key.etag(md5)) == 32
    assert md5.hex() != key.etag(md5)


def test_a_key_shows_nothing_of_itself() -> None:
    key = ContentKey(b"k" * 32)
    assert "6b" not in repr(key)
    assert "kkk" not in f"{key!r} {key}"
    with pytest.raises(ValueError, match="32 bytes"):
        ContentKey(b"short")
