"""CORS: preflights, and the headers of answers to requests that come from another origin.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
"""

from __future__ import annotations

from typing import Any

import pytest

from compat_tests.handmade import Answer, Headers, Raw
from compat_tests.support import S3

ORIGIN = "http://page.example.com"
RULES = [
    {
        "AllowedMethods": ["GET", "PUT"],
        "AllowedOrigins": ["http://*.example.com"],
        "AllowedHeaders": ["Content-Type", "x-amz-*"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 600,
    },
    {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]},
]


@pytest.fixture
def shared(s3: S3, bucket: str) -> str:
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": RULES})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    return bucket


def preflight(raw: Raw, path: str, origin: str | None = ORIGIN, method: str = "", names: str = "") -> Answer:
    headers: Headers = {}
    for name, value in (
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", names),
    ):
        if value:
            headers[name] = value
    return raw.send(raw.plain("OPTIONS", path, headers=headers))


def allowed(answer: Answer) -> dict[str, str]:
    prefix = "access-control-"
    return {
        name.removeprefix(prefix): value for name, value in answer.headers.items() if name.startswith(prefix)
    }


def test_a_preflight(raw: Raw, shared: str) -> None:
    answer = preflight(raw, f"/{shared}/k", method="PUT", names="content-type, X-Amz-Meta-A")
    assert (answer.status, answer.body) == (200, b"")
    assert allowed(answer) == {
        "allow-origin": ORIGIN,
        "allow-methods": "GET, PUT",
        "allow-headers": "content-type, x-amz-meta-a",
        "expose-headers": "ETag",
        "max-age": "600",
        "allow-credentials": "true",
    }
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("origin", "method", "names", "status"),
    [
        ("http://elsewhere.org", "GET", "", 200),
        ("http://elsewhere.org", "PUT", "", 403),
        (ORIGIN, "DELETE", "", 403),
        (ORIGIN, "PUT", "authorization", 403),
        (ORIGIN, "", "", 400),
        (ORIGIN, "PATCH", "", 400),
        (None, "GET", "", 400),
        (None, "", "", 400),
    ],
)
def test_which_preflights(
    raw: Raw, shared: str, origin: str | None, method: str, names: str, status: int
) -> None:
    answer = preflight(raw, f"/{shared}/k", origin, method, names)
    assert answer.status == status
    if status == 200:
        assert allowed(answer) == {"allow-origin": "*", "allow-methods": "GET"}
    else:
        assert answer.error["Code"] == ("AccessForbidden" if status == 403 else "BadRequest")
        assert not allowed(answer)


def test_preflights_without_rules(raw: Raw, s3: S3, bucket: str, bucket_name: str) -> None:
    preflight(raw, f"/{bucket}/k", method="GET").refused("AccessForbidden", 403)
    preflight(raw, f"/{bucket}-x/k", method="GET").refused("AccessForbidden", 403)
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": RULES})
    assert preflight(raw, f"/{bucket}/k", method="GET").status == 200
    s3.delete_bucket_cors(Bucket=bucket)
    preflight(raw, f"/{bucket}/k", method="GET").refused("AccessForbidden", 403)


@pytest.mark.parametrize("path", ["", "/k", "/missing"])
def test_answers_and_errors_have_the_headers(raw: Raw, shared: str, path: str) -> None:
    origin: Headers = {"origin": ORIGIN}
    for answer in (
        raw.ask("GET", f"/{shared}{path}", headers=origin),
        raw.ask("GET", f"/{shared}{path}", headers=origin, secret_key="wrong"),
        raw.send(raw.plain("GET", f"/{shared}{path}", headers=origin)),
    ):
        assert allowed(answer)["allow-origin"] == ORIGIN
        assert allowed(answer)["expose-headers"] == "ETag"
    assert not allowed(raw.ask("GET", f"/{shared}{path}"))
    assert not allowed(raw.ask("DELETE", f"/{shared}/none", headers=origin))


def test_writes_have_them_too(raw: Raw, shared: str) -> None:
    answer = raw.ask("PUT", f"/{shared}/k", headers={"origin": ORIGIN}, body=b"y")
    assert answer.status == 200
    assert allowed(answer)["allow-methods"] == "GET, PUT"


def test_a_bucket_without_rules(raw: Raw, s3: S3, bucket: str, put: Any) -> None:
    put("k")
    assert not allowed(raw.ask("GET", f"/{bucket}/k", headers={"origin": ORIGIN}))
