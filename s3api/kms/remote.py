"""Key service at an endpoint with AWS KMS's protocol: JSON 1.1 over HTTP, signed with SigV4.

It calls GenerateDataKey, Encrypt and Decrypt (KMS API reference). Timeouts, 5xx and malformed answers become
ServiceUnavailable, so that clients retry. Logs and errors contain no secrets.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Any

import httpx
import orjson
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from s3api.crypto.wrapping import Context
from s3api.errors import S3Error
from s3api.kms.service import DataKey

DEFAULT_ALIAS = "alias/aws/s3"
_PASSED_ON = (
    "NotFoundException",
    "DisabledException",
    "KMSInvalidStateException",
    "InvalidKeyUsageException",
)
_DENIED = ("AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException")


class RemoteKeys:
    """Key service that calls a KMS endpoint. Raises S3Error ServiceUnavailable if it cannot be reached."""

    def __init__(
        self,
        endpoint: str,
        *,
        region: str,
        access_key: str,
        secret_key: str,
        timeout_s: float,
        default: str = DEFAULT_ALIAS,
    ) -> None:
        self._endpoint, self._default = endpoint.rstrip("/") + "/", default
        credentials = Credentials(access_key, secret_key)  # type: ignore[no-untyped-call]
        self._auth = SigV4Auth(credentials, "kms", region)  # type: ignore[no-untyped-call]
        self._http = httpx.AsyncClient(timeout=timeout_s)

    async def generate(self, name: str | None, context: Context) -> DataKey:
        parameters = {
            "KeyId": name or self._default,
            "KeySpec": "AES_256",
            "EncryptionContext": dict(context),
        }
        found = await self._call("GenerateDataKey", parameters)
        return DataKey(_text(found, "KeyId"), _bytes(found, "Plaintext"), _bytes(found, "CiphertextBlob"))

    async def encrypt(self, name: str | None, secret: bytes, context: Context) -> DataKey:
        parameters = {
            "KeyId": name or self._default,
            "Plaintext": base64.b64encode(secret).decode(),
            "EncryptionContext": dict(context),
        }
        found = await self._call("Encrypt", parameters)
        return DataKey(_text(found, "KeyId"), secret, _bytes(found, "CiphertextBlob"))

    async def decrypt(self, key: str, wrapped: bytes, context: Context) -> bytes:
        parameters = {
            "KeyId": key,
            "CiphertextBlob": base64.b64encode(wrapped).decode(),
            "EncryptionContext": dict(context),
        }
        return _bytes(await self._call("Decrypt", parameters), "Plaintext")

    async def close(self) -> None:
        await self._http.aclose()

    async def _call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"TrentService.{operation}",
        }
        body = orjson.dumps(parameters)
        request = AWSRequest("POST", self._endpoint, headers=headers, data=body)  # type: ignore[no-untyped-call]
        self._auth.add_auth(request)  # type: ignore[no-untyped-call]
        try:
            signed = dict(request.headers.items())
            # In a task, which httpx needs: requests may run outside of any task.
            answer = await asyncio.create_task(self._http.post(self._endpoint, content=body, headers=signed))
            found = orjson.loads(answer.content)
        except (httpx.HTTPError, orjson.JSONDecodeError) as why:
            raise _unavailable(f"No usable answer from the key service: {type(why).__name__}.") from None
        if answer.status_code == 200 and isinstance(found, dict):
            return found
        raise _refusal(found if isinstance(found, dict) else {}, answer.status_code)


def _refusal(found: dict[str, Any], status: int) -> S3Error:
    """Map a KMS error to the S3 error for it."""
    code = str(found.get("__type", "")).rpartition("#")[2]
    message = str(found.get("message") or found.get("Message") or "")
    if code in _PASSED_ON:
        return S3Error(f"KMS.{code}", message or None)
    if code in _DENIED:
        return S3Error("AccessDenied", message or None)
    if code in ("InvalidCiphertextException", "IncorrectKeyException"):
        return S3Error(
            "KMS.KMSInvalidStateException", f"The key service cannot unwrap this data key: {code}."
        )
    return _unavailable(f"The key service answered {status} {code}.")


def _unavailable(message: str) -> S3Error:
    return S3Error("ServiceUnavailable", message)


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str):
        raise _unavailable(f"The key service's answer has no {name}.")
    return value


def _bytes(found: dict[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(_text(found, name), validate=True)
    except binascii.Error:
        raise _unavailable(f"The key service's {name} is not base64.") from None
