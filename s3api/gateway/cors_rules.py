"""CORS: which rule of a bucket's document a browser's request falls under, and what is answered then.

A bucket without a document has no CORS at all. The first rule that fits decides, whatever later ones say.
Origins and header names may have one "*". `Cors` is made once per version of the document.
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
    """One bucket's document (CORSConfiguration as the model has it)."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._rules: list[Mapping[str, Any]] = list(document["CORSRules"])

    def answer(self, request: Mapping[str, str], method: str) -> Headers:
        """The headers that go with the answer to an actual request; none where no rule fits.

        As on AWS a request that names Access-Control-Request-Method is taken by that one.
        """
        origin = request["origin"]
        asked = request.get("access-control-request-method", method)
        found = self._find(origin, asked, _names(request))
        return _headers(*found, origin) if found else []

    def preflight(self, request: Mapping[str, str], kind: str) -> Headers:
        """The headers of a preflight's answer. Raises S3Error AccessForbidden where no rule fits."""
        origin, method = preflight_terms(request)
        names = _names(request)
        found = self._find(origin, method, names)
        if found is None:
            raise S3Error("AccessForbidden", _NOT_ALLOWED, Method=method, ResourceType=kind)
        headers = _headers(*found, origin)
        if names:
            headers.append((b"access-control-allow-headers", ", ".join(names).encode()))
        return headers

    def _find(self, origin: str, method: str, names: Sequence[str]) -> tuple[Mapping[str, Any], str] | None:
        """The first rule that allows it, and its origin pattern that did."""
        for rule in self._rules:
            pattern = next((one for one in rule["AllowedOrigins"] if fits(one, origin)), None)
            if pattern is None or method not in rule["AllowedMethods"]:
                continue
            allowed = [one.lower() for one in rule.get("AllowedHeaders") or ()]
            if all(any(fits(one, name) for one in allowed) for name in names):
                return rule, pattern
        return None


def preflight_terms(request: Mapping[str, str]) -> tuple[str, str]:
    """Origin and method of a preflight. Raises S3Error BadRequest where it is none."""
    origin = request.get("origin")
    if not origin:
        raise S3Error("BadRequest", "Insufficient information. Origin request header needed.")
    method = request.get("access-control-request-method")
    if method not in ("GET", "PUT", "HEAD", "POST", "DELETE"):
        raise S3Error("BadRequest", f"Invalid Access-Control-Request-Method: {method or 'null'}")
    return origin, method


def no_document(method: str, kind: str) -> S3Error:
    """What a preflight gets from a bucket without CORS."""
    message = "CORSResponse: CORS is not enabled for this bucket."
    return S3Error("AccessForbidden", message, Method=method, ResourceType=kind)


def no_bucket() -> S3Error:
    return S3Error("AccessForbidden", "CORSResponse: Bucket not found")


def fits(pattern: str, text: str) -> bool:
    """Whether `text` is `pattern`, in which one "*" stands for any characters."""
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == text
    return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)


def _names(request: Mapping[str, str]) -> list[str]:
    names = (name.strip().lower() for name in request.get("access-control-request-headers", "").split(","))
    return [name for name in names if name]


def _headers(rule: Mapping[str, Any], pattern: str, origin: str) -> Headers:
    """An origin that only "*" lets in is answered with "*", and without credentials (Fetch, 3.3.5)."""
    given = {
        "access-control-allow-origin": "*" if pattern == "*" else origin,
        "access-control-allow-methods": ", ".join(rule["AllowedMethods"]),
        "access-control-expose-headers": ", ".join(rule.get("ExposeHeaders") or ()),
        "access-control-max-age": str(rule["MaxAgeSeconds"]) if rule.get("MaxAgeSeconds") is not None else "",
        "access-control-allow-credentials": "" if pattern == "*" else "true",
        "vary": VARY,
    }
    return [(name.encode(), value.encode()) for name, value in given.items() if value]
