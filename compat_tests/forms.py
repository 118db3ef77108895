"""Forms of browser uploads (POST Object), as browsers send them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from compat_tests.handmade import Answer, Raw
from compat_tests.support import Endpoint

BOUNDARY = "----compat0boundary"


def form(fields: Mapping[str, str], file: bytes | None = b"the file", name: str = "a.txt") -> bytes:
    """A multipart/form-data body with the file as its last field."""
    out = b""
    for field, value in fields.items():
        out += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
    if file is not None:
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/x-own'
        out += f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + file + b"\r\n"
    return out + f"--{BOUNDARY}--\r\n".encode()


def post(
    raw: Raw, bucket: str, fields: Mapping[str, str], file: bytes | None = b"the file", **more: Any
) -> Answer:
    """Send a form as a browser does: without a signature of the request."""
    body = form(fields, file, **more)
    headers: dict[str, str | bytes] = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return raw.send(raw.plain("POST", f"/{bucket}", headers=headers, body=body))


def signed(
    endpoint: Endpoint,
    fields: Mapping[str, str],
    conditions: list[Any],
    *,
    expires: timedelta = timedelta(minutes=10),
    secret_key: str = "",
) -> dict[str, str]:
    """`fields` with a POST policy of these conditions and its SigV4 signature."""
    now = datetime.now(UTC)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{endpoint.region}/s3/aws4_request"
    own = {
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": f"{endpoint.access_key}/{scope}",
        "x-amz-date": stamp,
    }
    document = {
        "expiration": (now + expires).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "conditions": [*conditions, *({name: value} for name, value in own.items())],
    }
    policy = base64.b64encode(json.dumps(document).encode()).decode()
    key = b"AWS4" + (secret_key or endpoint.secret_key).encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    signature = hmac.new(key, policy.encode(), hashlib.sha256).hexdigest()
    return {**fields, **own, "policy": policy, "x-amz-signature": signature}
