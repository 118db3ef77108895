"""The interface of a key service, as much of AWS KMS as S3 itself uses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from s3api.crypto.wrapping import Context


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key. `key`: ARN of the wrapping key; `secret`: 32 bytes, plaintext; `wrapped`: for storage."""

    key: str
    secret: bytes = field(repr=False)
    wrapped: bytes


class KeyService(Protocol):
    """Interface of a key service. `name`: ID, ARN, alias ("alias/name") or alias ARN of a key; None: the
    default key (AWS: aws/s3).

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
