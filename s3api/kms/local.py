"""Key service over the local key file.

A wrapped data key begins with the 8-byte ID of the secret that wrapped it, so a key still unwraps older data
keys after its rotation.
"""

from __future__ import annotations

import os

from s3api.crypto import Tampered
from s3api.crypto.wrapping import Context, unwrap, wrap
from s3api.errors import S3Error
from s3api.kms.keyfile import DEFAULT_ALIAS, SECRET_BYTES, SECRET_ID_BYTES, Key, KeyFile
from s3api.kms.service import DataKey


class LocalKeys:
    """Key service that wraps data keys with the keys of a key file."""

    def __init__(self, file: KeyFile, *, default: str = DEFAULT_ALIAS) -> None:
        self._file, self._default = file, default

    async def generate(self, name: str | None, context: Context) -> DataKey:
        return await self.encrypt(name, os.urandom(SECRET_BYTES), context)

    async def encrypt(self, name: str | None, secret: bytes, context: Context) -> DataKey:
        key = self._find_enabled(name or self._default)
        latest = key.secrets[-1]
        return DataKey(key.arn, secret, latest.id + wrap(latest.secret, secret, context))

    async def decrypt(self, key: str, wrapped: bytes, context: Context) -> bytes:
        secret_id, ciphertext = wrapped[:SECRET_ID_BYTES], wrapped[SECRET_ID_BYTES:]
        for secret in self._find_enabled(key).secrets:
            if secret.id == secret_id:
                try:
                    return unwrap(secret.secret, ciphertext, context)
                except Tampered:
                    break
        raise S3Error("KMS.KMSInvalidStateException", f"{key} cannot unwrap this data key.")

    async def close(self) -> None:
        pass

    def _find_enabled(self, name: str) -> Key:
        key = self._file.find(name)
        if not key.enabled:
            raise S3Error("KMS.DisabledException", f"{key.arn} is disabled.")
        return key
