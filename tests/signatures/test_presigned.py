"""Presigned URLs: validity period and parameters."""

from __future__ import annotations

from datetime import timedelta

import pytest

from .signer import (
    MINUTE,
    NOW_US,
    URL,
    query_changed,
    refused,
    signed,
    verified,
)


def test_presigned_lives_until_it_expires() -> None:
    request = signed("GET", URL, expires=3600)
    verified(request, NOW_US + 60 * MINUTE)
    verified(request, NOW_US - 15 * MINUTE)
    error = refused(request, "AccessDenied", NOW_US + 60 * MINUTE + 1_000_000)
    assert error.message == "Request has expired"
    assert error.details == {
        "X-Amz-Expires": "3600",
        "Expires": "2013-05-24T01:00:00Z",
        "ServerTime": "2013-05-24T01:00:01Z",
    }
    assert "not yet valid" in (refused(request, "AccessDenied", NOW_US - 16 * MINUTE).message or "")


Q = "AuthorizationQueryParametersError"


@pytest.mark.parametrize("expires", ["604801", "-1", "-", "abc", "1.5", "1_0", "%2B5", "%D9%A3", "9" * 5000])
def test_expires_is_a_number_up_to_a_week(expires: str) -> None:
    request = signed("GET", URL, expires=60)
    refused(query_changed(request, b"X-Amz-Expires=60", b"X-Amz-Expires=" + expires.encode()), Q)


@pytest.mark.parametrize("expires", ["0", "000"])
def test_no_second_has_passed_before_it_began(expires: str) -> None:
    request = query_changed(
        signed("GET", URL, expires=60), b"X-Amz-Expires=60", b"X-Amz-Expires=" + expires.encode()
    )
    assert refused(request, "AccessDenied").message == "Request has expired"


def test_a_week_is_fine() -> None:
    verified(signed("GET", URL, expires=604800), NOW_US + int(timedelta(days=7).total_seconds()) * 1_000_000)


@pytest.mark.parametrize("name", ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"])
def test_presigned_parameters_are_all_there_and_once(name: str) -> None:
    method, path, query, headers = signed("GET", URL, expires=60)
    key = f"X-Amz-{name}=".encode()
    parts = query.split(b"&")
    without = b"&".join(part for part in parts if not part.startswith(key))
    assert (refused((method, path, without, headers), Q).message or "").startswith(
        "Query-string authentication"
    )
    again = next(part for part in parts if part.startswith(key))
    refused((method, path, query + b"&" + again, headers), Q)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"AWS4-HMAC-SHA256", b"AWS4-ECDSA-P256-SHA256", "only supports"),
        (b"X-Amz-Date=20130524T000000Z", b"X-Amz-Date=20130524", "ISO8601"),
        (b"X-Amz-Date=20130524T", b"X-Amz-Date=20130525T", "credential date"),
        (b"%2Fs3%2F", b"%2Fsqs%2F", "service"),
        (b"aws4_request", b"aws5_request", "terminal"),
        (b"us-east-1%2F", b"", "mal-formed"),
        (b"SignedHeaders=host", b"SignedHeaders=host%0Ax", "SignedHeaders"),
    ],
)
def test_malformed_presigned(old: bytes, new: bytes, message: str) -> None:
    assert message in (refused(query_changed(signed("GET", URL, expires=60), old, new), Q).message or "")
