"""Data keys in all modes of encryption: makes, wraps and unwraps them.

- SSE-S3: the key file's key `alias/sixfold/s3` wraps the data key.
- SSE-KMS: the key service wraps it. With an S3 Bucket Key, a key of the bucket wraps it, and the key service
  wraps that one. A gateway uses a bucket key for 5 minutes, and caches unwrapped ones as long, so that many
  objects take one request to the key service.
- SSE-C: the customer's key wraps it. That key is forgotten with the request.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TypeVar

from s3api.crypto import ContentKey, Tampered
from s3api.crypto.envelope import Envelope, Mode
from s3api.crypto.segments import KEY_BYTES
from s3api.crypto.wrapping import unwrap, wrap
from s3api.errors import S3Error
from s3api.kms.keyfile import S3_ALIAS, KeyFile
from s3api.kms.local import LocalKeys
from s3api.kms.service import DataKey, KeyService

BUCKET_KEY_S = 300.0
BUCKET_KEYS = 1024
_NO_CONTEXT: dict[str, str] = {}
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class EncryptionRequest:
    """Encryption that a request (or the bucket's default) asks for.

    `key`: the name of the KMS key, None for the default one. `context`: the client's pairs; `arn` the
    object's ARN and `bucket_arn` the bucket's, one of which joins them as aws:s3:arn.
    """

    mode: Mode
    arn: str = ""
    bucket_arn: str = ""
    key: str | None = None
    context: dict[str, str] = field(default_factory=dict)
    bucket_key: bool = False
    customer_key: bytes | None = field(default=None, repr=False)

    def full_context(self) -> dict[str, str]:
        return {**self.context, "aws:s3:arn": self.bucket_arn if self.bucket_key else self.arn}


class DataKeys:
    """Source of data keys for all requests of a gateway.

    `by_default`: whether objects without an encryption request get SSE-S3. `customer_keys_need_tls`:
    whether SSE-C is refused over plain HTTP.
    """

    def __init__(
        self,
        file: KeyFile,
        kms: KeyService | None = None,
        *,
        by_default: bool = False,
        customer_keys_need_tls: bool = False,
    ) -> None:
        self.by_default, self.customer_keys_need_tls = by_default, customer_keys_need_tls
        self._s3 = LocalKeys(file, default=S3_ALIAS)
        self._kms = kms or LocalKeys(file)
        # Bucket keys in use, by bucket, key and context; and unwrapped ones, by their wrapped bytes. Each
        # with the time at which it expires.
        self._in_use: OrderedDict[tuple[str, ...], tuple[float, DataKey]] = OrderedDict()
        self._unwrapped: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()

    async def close(self) -> None:
        await self._kms.close()

    async def wrap(
        self, request: EncryptionRequest, content: ContentKey | None = None
    ) -> tuple[ContentKey, Envelope]:
        """Wrap a data key, a new one if `content` is None; return it and its envelope.

        Raises S3Error (see `KeyService`).
        """
        if request.mode is Mode.KMS and not request.bucket_key:
            context = request.full_context()
            if content is None:
                made = await self._kms.generate(request.key, context)
            else:
                made = await self._kms.encrypt(request.key, content.secret, context)
            return ContentKey(made.secret), Envelope(Mode.KMS, made.wrapped, made.key, context)
        content = content or ContentKey.new()
        if request.mode is Mode.KMS:
            return content, await self._wrap_with_bucket_key(request, content)
        if request.mode is Mode.CUSTOMER:
            return content, Envelope(Mode.CUSTOMER, wrap(_customer(request), content.secret, _NO_CONTEXT))
        made = await self._s3.encrypt(None, content.secret, _NO_CONTEXT)
        return content, Envelope(Mode.S3, made.wrapped, made.key)

    async def unwrap(self, envelope: Envelope, customer_key: bytes | None = None) -> ContentKey:
        """Unwrap an object's data key.

        Raises Tampered for a wrong customer key, S3Error (see `KeyService`).
        """
        if envelope.mode is Mode.CUSTOMER:
            return ContentKey(unwrap(customer_key or b"", envelope.data_key, _NO_CONTEXT))
        key = envelope.key or ""
        if envelope.mode is Mode.S3:
            return ContentKey(await self._s3.decrypt(key, envelope.data_key, _NO_CONTEXT))
        if envelope.bucket_key is None:
            return ContentKey(await self._kms.decrypt(key, envelope.data_key, envelope.context))
        secret = await self._unwrap_bucket_key(key, envelope.bucket_key, envelope.context)
        try:
            return ContentKey(unwrap(secret, envelope.data_key, envelope.context))
        except Tampered:
            raise S3Error("KMS.KMSInvalidStateException", f"{key} does not open this data key.") from None

    async def _wrap_with_bucket_key(self, request: EncryptionRequest, content: ContentKey) -> Envelope:
        context = request.full_context()
        name = (
            request.bucket_arn,
            request.key or "",
            *(part for pair in sorted(context.items()) for part in pair),
        )
        now_s = time.monotonic()
        until_s, bucket_key = self._in_use.get(name, (0.0, None))
        if bucket_key is None or until_s < now_s:
            bucket_key = await self._kms.generate(request.key, context)
            _cache(self._in_use, name, (now_s + BUCKET_KEY_S, bucket_key))
            _cache(self._unwrapped, bucket_key.wrapped, (now_s + BUCKET_KEY_S, bucket_key.secret))
        wrapped = wrap(bucket_key.secret, content.secret, context)
        return Envelope(Mode.KMS, wrapped, bucket_key.key, context, bucket_key.wrapped)

    async def _unwrap_bucket_key(self, key: str, wrapped: bytes, context: dict[str, str]) -> bytes:
        now_s = time.monotonic()
        until_s, secret = self._unwrapped.get(wrapped, (0.0, b""))
        if until_s < now_s:
            secret = await self._kms.decrypt(key, wrapped, context)
            _cache(self._unwrapped, wrapped, (now_s + BUCKET_KEY_S, secret))
        return secret


def _cache(cache: OrderedDict[K, V], name: K, value: V) -> None:
    cache[name] = value
    cache.move_to_end(name)
    if len(cache) > BUCKET_KEYS:
        cache.popitem(last=False)


def _customer(request: EncryptionRequest) -> bytes:
    if request.customer_key is None or len(request.customer_key) != KEY_BYTES:
        raise ValueError("SSE-C needs the customer's key")
    return request.customer_key
