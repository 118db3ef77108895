"""Parse the request target: path and host to bucket and key, query string to a dict.

Percent-encoding is decoded once, sizes are bounded. Any bytes either parse or raise S3Error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote, unquote_to_bytes

from s3api.errors import S3Error
from s3api.wire.tables import (
    CONTENT_HEADERS,
    NOT_HOISTED_PREFIXES,
    SECRET_HEADERS,
    SIGNATURE_PARAMETERS,
    TRANSPORT_HEADERS,
)

MAX_KEY_BYTES = 1024
MAX_BUCKET_BYTES = 255  # of AWS's oldest buckets; CreateBucket allows 63
MAX_PARAMETERS = 100

_control = re.compile("[\x00-\x1f\x7f]").search
_bad_escape = re.compile(rb"%(?![0-9A-Fa-f]{2})").search


def parse_target(raw_path: bytes, host: str | None, domains: Sequence[str]) -> tuple[str | None, str | None]:
    """Return bucket and key of a request, each None if the request names none.

    `domains`: base domains (lower case, no port) whose subdomains are buckets (virtual-host style); any other
    host is path style. Keys keep "//", "..", "%2F" (decoded to "/") and "+". Raises S3Error InvalidURI,
    InvalidBucketName, InvalidArgument (NUL, which SQL text cannot hold), KeyTooLongError.
    """
    if not raw_path.startswith(b"/"):
        raise _invalid_uri()
    bucket = _bucket_of_host(host, domains) if domains and host else None
    if bucket is not None:
        raw_key = raw_path[1:]
    else:
        raw_bucket, _, raw_key = raw_path[1:].partition(b"/")
        bucket = _decode(raw_bucket)
        if not bucket:
            if raw_key:
                raise _invalid_uri()
            return None, None
    if len(bucket) > MAX_BUCKET_BYTES or "\0" in bucket or "/" in bucket:
        raise S3Error("InvalidBucketName", BucketName=bucket[:MAX_BUCKET_BYTES].replace("\0", ""))
    if not raw_key:
        return bucket, None
    key = _decode(raw_key)
    check_key(key)
    return bucket, key


def check_key(key: str) -> None:
    """Raise S3Error InvalidArgument for a key with NUL, KeyTooLongError above 1,024 bytes of UTF-8."""
    if "\0" in key:
        raise S3Error("InvalidArgument", "A key cannot have a NUL character.", ArgumentName="key")
    size = len(key) if key.isascii() else len(key.encode("utf-8", "replace"))
    if size > MAX_KEY_BYTES:
        raise S3Error("KeyTooLongError", Size=str(size), MaxSizeAllowed=str(MAX_KEY_BYTES))


def _bucket_of_host(host: str, domains: Sequence[str]) -> str | None:
    name = host.lower()
    if not name.endswith("]"):  # an IPv6 address without a port
        head, colon, port = name.rpartition(":")
        name = head if colon and port.isdigit() else name
    for domain in domains:
        if name.endswith("." + domain):
            return name[: -len(domain) - 1] or None
    return None


def parse_query(raw: bytes) -> dict[str, str]:
    """Parse a query string, without the parameters of query authentication. "a" without "=" is "".

    Raises S3Error: InvalidURI for a bad escape or bad UTF-8, InvalidArgument for a repeated parameter
    (parsers differ on which one counts), for NUL, and for more than `MAX_PARAMETERS`.
    """
    out: dict[str, str] = {}
    if not raw:
        return out
    pieces = raw.split(b"&", MAX_PARAMETERS)
    if len(pieces) > MAX_PARAMETERS:
        raise S3Error("InvalidArgument", f"More than {MAX_PARAMETERS} query parameters.")
    for piece in pieces:
        # The signature check has read these, and no operation takes them.
        if not piece or (piece.startswith(b"X-Amz-") and piece.partition(b"=")[0] in SIGNATURE_PARAMETERS):
            continue
        if b"%" in piece or b"+" in piece or not piece.isascii():
            raw_name, _, raw_value = piece.replace(b"+", b" ").partition(b"=")
            name, value = _decode(raw_name), _decode(raw_value)
        else:
            name, _, value = piece.decode("ascii").partition("=")
        if name in out:
            raise S3Error("InvalidArgument", "A query parameter is given twice.", ArgumentName=name)
        if "\0" in name or "\0" in value:
            raise S3Error("InvalidArgument", "A query parameter cannot have a NUL character.")
        out[name] = value
    return out


def unhoist(query: dict[str, str], headers: dict[str, str]) -> None:
    """Move headers that an SDK hoisted into the query of a presigned URL back to `headers`, in place.

    A header of the request itself wins. Raises S3Error InvalidArgument for values that cannot be headers.
    AWS's SDKs for JavaScript and Go hoist x-amz-*, the older one for JavaScript every header. Checksums stay
    out: the SDK for JavaScript states the checksum of an empty body, since it has no body yet.
    """
    for name in [name for name in query if _is_hoisted(name.lower())]:
        value = query.pop(name)
        if _control(value) or name.lower() in SECRET_HEADERS:
            raise S3Error("InvalidArgument", "This header cannot be sent in the query.", ArgumentName=name)
        headers.setdefault(name.lower(), value.encode().decode("latin-1"))


def _is_hoisted(name: str) -> bool:
    if not name.startswith("x-amz-"):
        return name in CONTENT_HEADERS
    return name not in TRANSPORT_HEADERS and not name.startswith(NOT_HOISTED_PREFIXES)


def url_encode_key(key: str) -> str:
    """Encode a key as EncodingType=url asks.

    AWS encodes a space as "+". "%20" is used here: every decoder reads it the same.
    """
    return quote(key, safe="/*")


def _decode(raw: bytes) -> str:
    try:
        if b"%" not in raw:
            return raw.decode()
        if _bad_escape(raw):
            raise _invalid_uri()
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise _invalid_uri() from None


def _invalid_uri() -> S3Error:
    return S3Error("InvalidURI")
