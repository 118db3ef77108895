"""The interface of a key service, as much of AWS KMS as S3 itself uses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from s3api.crypto.wrapping import Context


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key: `key` the ARN of what wraps it, `secret` in clear (32 bytes), `wrapped` for keeping."""

    key: str
    secret: bytes = field(repr=False)
    wrapped: bytes


class KeyService(Protocol):
    """A key is named by its id, its ARN, or an alias ("alias/name") or the ARN of one; None: the default key
    (AWS: aws/s3).

    Raises S3Error KMS.NotFoundException, KMS.DisabledException, KMS.KMSInvalidStateException,
    KMS.InvalidKeyUsageException, AccessDenied, ServiceUnavailable.
    """

    async def generate(self, name: str | None, context: Context) -> DataKey:
        """Generate a data key and wrap it."""
        ...

    async def encrypt(self, name: str | None, secret: bytes, context: Context) -> DataKey:
        """Wrap an existing data key."""
        ...

    async def decrypt(self, key: str, wrapped: bytes, context: Context) -> bytes:
        """Unwrap a data key. `key`: ARN of the key that wrapped it."""
        ...

    async def close(self) -> None: ...
