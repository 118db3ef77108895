"""A key service over our key file.

What it wraps begins with the id of the secret that wrapped it, eight bytes, so that a rotated key still opens
what it wrapped before.
"""

from __future__ import annotations

import os

from s3api.crypto import Tampered
from s3api.crypto.wrapping import Context, unwrap, wrap
from s3api.errors import S3Error
from s3api.kms.keyfile import DEFAULT_ALIAS, SECRET_BYTES, SECRET_ID_BYTES, Key, KeyFile
from s3api.kms.service import DataKey


class LocalKeys:
    def __init__(self, file: KeyFile, *, default: str = DEFAULT_ALIAS) -> None:
        self._file, self._default = file, default

    async def generate(self, name: str | None, context: Context) -> DataKey:
        return await self.encrypt(name, os.urandom(SECRET_BYTES), context)

    async def encrypt(self, name: str | None, secret: bytes, context: Context) -> DataKey:
        key = self._usable(name or self._default)
        latest = key.secrets[-1]
        return DataKey(key.arn, secret, latest.id + wrap(latest.secret, secret, context))

    async def decrypt(self, key: str, wrapped: bytes, context: Context) -> bytes:
        secret_id, sealed = wrapped[:SECRET_ID_BYTES], wrapped[SECRET_ID_BYTES:]
        for secret in self._usable(key).secrets:
            if secret.id == secret_id:
                try:
                    return unwrap(secret.secret, sealed, context)
                except Tampered:
                    break
        raise S3Error("KMS.KMSInvalidStateException", f"{key} does not open this data key.")

    async def close(self) -> None:
        pass

    def _usable(self, name: str) -> Key:
        key = self._file.find(name)
        if not key.enabled:
            raise S3Error("KMS.DisabledException", f"{key.arn} is disabled.")
        return key
