"""Fuzzing of signatures: any changed byte is refused, and garbage raises only S3Error."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from s3api.errors import S3Error
from s3api.signatures import parse_signed_request

from .signer import (
    ACCESS,
    NOW_US,
    SECRET,
    URL,
    Request,
    signed,
)


def mutations(request: Request) -> list[Request]:
    """List copies of a request with one byte of method, path, query or a header value changed."""
    method, path, query, headers = request
    changed: list[Request] = [("DELETE", path, query, headers)]
    for at in range(1, len(path)):
        changed.append((method, path[:at] + bytes([path[at] ^ 1]) + path[at + 1 :], query, headers))
    for at in range(len(query)):
        changed.append((method, path, query[:at] + bytes([query[at] ^ 1]) + query[at + 1 :], headers))
    for index, (name, value) in enumerate(headers):
        for at in range(len(value)):
            new = (name, value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :])
            changed.append((method, path, query, [*headers[:index], new, *headers[index + 1 :]]))
    return changed


def attempt(request: Request, region: str | None = None) -> None:
    """Verify a request as the gateway does, with one known access key. Raises S3Error."""
    found = parse_signed_request(*request, NOW_US, region)
    if found is None:
        raise S3Error("AccessDenied")
    # The access key itself is not signed in the header form: another one fails at the look-up.
    if found.access_key != ACCESS:
        raise found.unknown_key()
    found.verify(SECRET)


@pytest.mark.parametrize("expires", [None, 60])
def test_any_changed_byte_is_refused(expires: int | None) -> None:
    headers = {"x-amz-meta-a": "v", "content-type": "a/b"}
    request = signed("PUT", URL + "?partNumber=1&uploadId=abc", headers, expires=expires)
    attempt(request)
    for changed in mutations(request):
        with pytest.raises(S3Error):
            attempt(changed)


def test_garbage_raises_nothing_but_s3_errors() -> None:
    rng = random.Random(7)
    words = (
        b"X-Amz-Signature X-Amz-Date = & % %2 %ff ; / , AWS4-HMAC-SHA256 AWS Credential= 20130524 +".split()
    )
    words += [b" ", bytes(1), bytes([255])]
    names = [
        b"authorization",
        b"x-amz-date",
        b"date",
        b"host",
        b"x-amz-content-sha256",
        b"x-amz-trailer",
        b"\xff",
    ]

    def text() -> bytes:
        parts = [
            rng.choice(words) if rng.random() < 0.7 else rng.randbytes(3) for _ in range(rng.randrange(12))
        ]
        return b"".join(parts)

    base = [signed("GET", URL), signed("GET", URL, expires=60)]
    for _ in range(4000):
        method, path, query, headers = rng.choice(base)
        path, query = rng.choice([path, text()]), rng.choice([query, text(), query + b"&" + text()])
        fields = [
            *headers[: rng.randrange(4)],
            *((rng.choice(names), text()) for _ in range(rng.randrange(4))),
        ]
        with suppress(S3Error):
            attempt((method, path, query, fields), rng.choice([None, "us-east-1"]))
