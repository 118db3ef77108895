"""Key wrapping: encrypts a data key with another key, so that it can be stored in the database.

The wrapped key is a random salt of 16 bytes and the data key encrypted with AES-256-GCM (48 bytes) under
HKDF-SHA256(key, salt): each wrapping has a key of its own, so that no nonce repeats however many data keys
one key wraps. The context (AWS: encryption context) is authenticated, not stored: `unwrap`
needs it again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from s3api.crypto.segments import KEY_BYTES, TAG_BYTES, Tampered, derive_key

SALT_BYTES = 16
WRAPPED_BYTES = SALT_BYTES + KEY_BYTES + TAG_BYTES
_PURPOSE = b"sixfold wrap"
_NONCE = bytes(12)

Context = Mapping[str, str]


def wrap(key: bytes, secret: bytes, context: Context) -> bytes:
    """Encrypt `secret` with `key`, bound to `context`."""
    salt = os.urandom(SALT_BYTES)
    return salt + AESGCM(derive_key(key, _PURPOSE, salt)).encrypt(_NONCE, secret, _authenticated(context))


def unwrap(key: bytes, wrapped: bytes, context: Context) -> bytes:
    """Decrypt a wrapped key. Raises Tampered for another key, another context, or altered bytes."""
    salt, encrypted = wrapped[:SALT_BYTES], wrapped[SALT_BYTES:]
    try:
        return AESGCM(derive_key(key, _PURPOSE, salt)).decrypt(_NONCE, encrypted, _authenticated(context))
    except (InvalidTag, ValueError):
        raise Tampered("a wrapped key does not open with this key and context") from None


def _authenticated(context: Context) -> bytes:
    return orjson.dumps(dict(context), option=orjson.OPT_SORT_KEYS)
