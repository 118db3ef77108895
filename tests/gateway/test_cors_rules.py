from __future__ import annotations

from typing import Any

import pytest

from s3api.errors import S3Error
from s3api.gateway.cors_rules import Cors, matches, no_bucket, no_document, read_preflight


def rule(methods: str = "GET", origins: str = "*", **more: Any) -> dict[str, Any]:
    return {"AllowedMethods": methods.split(), "AllowedOrigins": origins.split(), **more}


def answer(cors: Cors, origin: str, method: str = "GET", **more: str) -> dict[str, str]:
    asked = {"origin": origin} | {name.replace("_", "-"): value for name, value in more.items()}
    return {name.decode(): value.decode() for name, value in cors.answer(asked, method)}


def preflight(cors: Cors, origin: str, method: str = "GET", names: str = "") -> dict[str, str]:
    asked = {"origin": origin, "access-control-request-method": method}
    if names:
        asked["access-control-request-headers"] = names
    return {name.decode(): value.decode() for name, value in cors.preflight(asked, "OBJECT")}


@pytest.mark.parametrize(
    ("pattern", "text", "does"),
    [
        ("*", "anything", True),
        ("http://a.example", "http://a.example", True),
        ("http://a.example", "http://a.example.org", False),
        ("http://*.example", "http://b.example", True),
        ("http://*.example", "http://.example", True),
        ("start*end", "startend", True),
        ("start*end", "start1end", True),
        ("start*end", "0startend", False),
        ("ab*ba", "aba", False),  # the star stands for no less than nothing
        ("prefix*", "prefix.suffix", True),
        ("*suffix", "a.suffix.b", False),
        ("a.c", "abc", False),
    ],
)
def test_patterns(pattern: str, text: str, does: bool) -> None:
    assert matches(pattern, text) is does


def test_the_first_rule_that_fits_decides() -> None:
    cors = Cors(
        {
            "CORSRules": [
                rule("GET", "http://a", ExposeHeaders=["x-one"], MaxAgeSeconds=0),
                rule("GET PUT", "http://* ", ExposeHeaders=["x-two", "etag"], MaxAgeSeconds=60),
            ]
        }
    )
    assert answer(cors, "http://a") == {
        "access-control-allow-origin": "http://a",
        "access-control-allow-methods": "GET",
        "access-control-expose-headers": "x-one",
        "access-control-max-age": "0",
        "access-control-allow-credentials": "true",
        "vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }
    second = answer(cors, "http://a", "PUT")
    assert second["access-control-allow-methods"] == "GET, PUT"
    assert second["access-control-expose-headers"] == "x-two, etag"
    assert answer(cors, "http://a", "DELETE") == {}
    assert answer(cors, "ftp://a") == {}


def test_any_origin_is_a_star_without_credentials() -> None:
    got = answer(Cors({"CORSRules": [rule()]}), "http://a")
    assert got["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in got


def test_an_actual_request_may_name_the_method_that_it_is_taken_by() -> None:
    cors = Cors({"CORSRules": [rule("GET")]})
    assert answer(cors, "http://a", "PUT", access_control_request_method="GET")
    assert not answer(cors, "http://a", "GET", access_control_request_method="PUT")


def test_a_preflight_names_its_headers() -> None:
    cors = Cors({"CORSRules": [rule("PUT", AllowedHeaders=["Content-Type", "x-amz-*"])]})
    got = preflight(cors, "http://a", "PUT", "content-type, X-Amz-Meta-A ,")
    assert got["access-control-allow-headers"] == "content-type, x-amz-meta-a"
    assert "access-control-allow-headers" not in preflight(cors, "http://a", "PUT")
    for names in ("content-type, authorization", "amz-x"):
        with pytest.raises(S3Error, match="AccessForbidden") as caught:
            preflight(cors, "http://a", "PUT", names)
        assert caught.value.details == {"Method": "PUT", "ResourceType": "OBJECT"}


def test_a_preflight_without_allowed_headers() -> None:
    with pytest.raises(S3Error, match="AccessForbidden"):
        preflight(Cors({"CORSRules": [rule()]}), "http://a", "GET", "x-amz-meta-a")


@pytest.mark.parametrize(
    "request_headers",
    [{}, {"access-control-request-method": "GET"}, {"origin": "a"}]
    + [{"origin": "a", "access-control-request-method": method} for method in ("get", "PATCH", "")],
)
def test_what_is_no_preflight(request_headers: dict[str, str]) -> None:
    with pytest.raises(S3Error) as caught:
        read_preflight(request_headers)
    assert caught.value.code == "BadRequest"


def test_buckets_without_cors_say_so() -> None:
    assert "not enabled" in str(no_document("GET", "BUCKET"))
    assert "Bucket not found" in str(no_bucket())
