"""What an object's row says of its encryption: how its data key is wrapped, never a secret.

It is one JSON object:
    {"mode": "SSE-S3" | "SSE-KMS" | "SSE-C", "data_key": base64, "key": ARN, "context": {...},
     "bucket_key": base64}
`key`: the key of ours or of the key service that wraps; none for SSE-C, where the customer has it, and where
that the data key opens is the proof that it is the right one. `context`: all that was authenticated, the
client's pairs and aws:s3:arn. `bucket_key`: with an S3 Bucket Key the data key is wrapped under that, and it,
wrapped by the key service, lies here.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Mode(StrEnum):
    S3 = "SSE-S3"
    KMS = "SSE-KMS"
    CUSTOMER = "SSE-C"


@dataclass(frozen=True, slots=True)
class Envelope:
    mode: Mode
    data_key: bytes
    key: str | None = None
    context: dict[str, str] = field(default_factory=dict)
    bucket_key: bytes | None = None

    @property
    def has_md5_etag(self) -> bool:
        """Whether the ETag is the MD5 of the content, as AWS says of plain and SSE-S3 objects alone."""
        return self.mode is Mode.S3

    def document(self) -> dict[str, Any]:
        """The JSON object."""
        out: dict[str, Any] = {"mode": self.mode.value, "data_key": _encoded(self.data_key)}
        if self.key:
            out["key"] = self.key
        if self.context:
            out["context"] = self.context
        if self.bucket_key:
            out["bucket_key"] = _encoded(self.bucket_key)
        return out


def read_envelope(found: Mapping[str, Any]) -> Envelope:
    """The reverse of `Envelope.document`."""
    bucket_key = found.get("bucket_key")
    return Envelope(
        Mode(found["mode"]),
        base64.b64decode(found["data_key"]),
        found.get("key"),
        found.get("context", {}),
        base64.b64decode(bucket_key) if bucket_key else None,
    )


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
