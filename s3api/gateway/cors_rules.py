"""CORS rules: find the rule of a bucket's document that a browser's request matches, and make its headers.

A bucket without a document has no CORS at all. The first matching rule decides. Origins and header names may
contain one "*". `Cors` is made once for each revision of the document.
Sources: the Fetch standard, "CORS protocol"; Amazon S3 User Guide, "Elements of a CORS configuration";
messages as AWS words them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from s3api.errors import S3Error

Headers = list[tuple[bytes, bytes]]

VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
_NOT_ALLOWED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, "
    "request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted "
    "by the resource's CORS spec."
)
KINDS = ("SERVICE", "BUCKET", "OBJECT")


class Cors:
    """The CORS rules of one bucket (CORSConfiguration of AWS's model)."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._rules: list[Mapping[str, Any]] = list(document["CORSRules"])

    def answer(self, request: Mapping[str, str], method: str) -> Headers:
        """Return the CORS headers for an actual request, none if no rule matches.

        As on AWS, the header Access-Control-Request-Method of a request counts before its method.
        """
        origin = request["origin"]
        asked = request.get("access-control-request-method", method)
        found = self._find(origin, asked, _names(request))
        return _headers(*found, origin) if found else []

    def preflight(self, request: Mapping[str, str], kind: str) -> Headers:
        """Return the CORS headers for a preflight. Raises S3Error AccessForbidden if no rule matches."""
        origin, method = read_preflight(request)
        names = _names(request)
        found = self._find(origin, method, names)
        if found is None:
            raise S3Error("AccessForbidden", _NOT_ALLOWED, Method=method, ResourceType=kind)
        headers = _headers(*found, origin)
        if names:
            headers.append((b"access-control-allow-headers", ", ".join(names).encode()))
        return headers

    def _find(self, origin: str, method: str, names: Sequence[str]) -> tuple[Mapping[str, Any], str] | None:
        """Find the first rule that matches, and the origin pattern in it that matches."""
        for rule in self._rules:
            pattern = next((one for one in rule["AllowedOrigins"] if matches(one, origin)), None)
            if pattern is None or method not in rule["AllowedMethods"]:
                continue
            allowed = [one.lower() for one in rule.get("AllowedHeaders") or ()]
            if all(any(matches(one, name) for one in allowed) for name in names):
                return rule, pattern
        return None


def read_preflight(request: Mapping[str, str]) -> tuple[str, str]:
    """Return the origin and method of a preflight. Raises S3Error BadRequest if the headers are missing."""
    origin = request.get("origin")
    if not origin:
        raise S3Error("BadRequest", "Insufficient information. Origin request header needed.")
    method = request.get("access-control-request-method")
    if method not in ("GET", "PUT", "HEAD", "POST", "DELETE"):
        raise S3Error("BadRequest", f"Invalid Access-Control-Request-Method: {method or 'null'}")
    return origin, method


def no_document(method: str, kind: str) -> S3Error:
    """Make the refusal of a preflight to a bucket without CORS."""
    message = "CORSResponse: CORS is not enabled for this bucket."
    return S3Error("AccessForbidden", message, Method=method, ResourceType=kind)


def no_bucket() -> S3Error:
    """Make the refusal of a preflight to a bucket that does not exist."""
    return S3Error("AccessForbidden", "CORSResponse: Bucket not found")


def matches(pattern: str, text: str) -> bool:
    """Whether `text` matches `pattern`, in which one "*" stands for any characters."""
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == text
    return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)


def _names(request: Mapping[str, str]) -> list[str]:
    names = (name.strip().lower() for name in request.get("access-control-request-headers", "").split(","))
    return [name for name in names if name]


def _headers(rule: Mapping[str, Any], pattern: str, origin: str) -> Headers:
    """Make the headers of a rule. An origin that only "*" matches gets "*", without credentials (Fetch,
    3.3.5)."""
    given = {
        "access-control-allow-origin": "*" if pattern == "*" else origin,
        "access-control-allow-methods": ", ".join(rule["AllowedMethods"]),
        "access-control-expose-headers": ", ".join(rule.get("ExposeHeaders") or ()),
        "access-control-max-age": str(rule["MaxAgeSeconds"]) if rule.get("MaxAgeSeconds") is not None else "",
        "access-control-allow-credentials": "" if pattern == "*" else "true",
        "vary": VARY,
    }
    return [(name.encode(), value.encode()) for name, value in given.items() if value]
