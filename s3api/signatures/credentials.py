"""Parsers of signatures: in the Authorization header, in the query (a presigned URL), or in a form's fields.

The first two result in an `Authorization`. Error messages are S3's own, as far as they are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from s3api.errors import S3Error
from s3api.signatures.canonical_request import Pairs, canonical_query, query_pairs
from s3api.signatures.signing import ALGORITHM, Scope
from s3api.signatures.timestamps import MAX_SKEW_S, check_skew, http_date_stamp, iso, stamp_seconds

MAX_EXPIRES_S = 7 * 24 * 3600
QUERY_NAMES = frozenset(
    b"X-Amz-" + name
    for name in (b"Algorithm", b"Credential", b"Signature", b"Date", b"SignedHeaders", b"Expires")
)
QUERY_NAMES_V2 = frozenset({b"AWSAccessKeyId", b"Signature"})
QUERY_PAYLOAD = b"X-Amz-Content-Sha256"
_UNIQUE_NAMES = QUERY_NAMES | {QUERY_PAYLOAD}

_COMPONENTS = (b"Credential", b"SignedHeaders", b"Signature")
_ECDSA = b"AWS4-ECDSA-P256-SHA256"
_ACCESS_KEY = re.compile(rb"[!-+\--~]{1,128}")
_REGION = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_HEADER_NAMES = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z;-]+")
_HEX_SIGNATURE = re.compile(rb"[0-9a-f]{64}")
MAX_CACHED_BYTES = 1024  # longer headers and queries are parsed each time
_MISSING = (
    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
    "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
)

Refuse = Callable[..., S3Error]


class Authorization(NamedTuple):
    """Parsed signature of a request. `signed`: header names, lower case, sorted, each once."""

    access_key: str
    scope: Scope
    signed: tuple[bytes, ...]
    signature: bytes


class PresignedQuery(NamedTuple):
    """Parsed signature of a presigned URL. `canonical`: the query as it is signed; `payload`, `token`: the
    values of X-Amz-Content-Sha256 and X-Amz-Security-Token, None if absent."""

    authorization: Authorization
    seconds: int
    expires_s: int
    payload: bytes | None
    canonical: bytes
    token: bytes | None

    def check_window(self, now_s: int) -> None:
        """Check that the URL is valid now. Raises AccessDenied if it has expired or is not yet valid."""
        _check_window(self.seconds, self.expires_s, now_s)


def parse_authorization_header(
    authorization: bytes,
    fields: dict[bytes, bytes],
    now_s: int,
    region: str | None,
    service: bytes = b"s3",
) -> Authorization:
    """Parse an Authorization header and check its date. `fields`: headers by lower-case name.

    Raises AuthorizationHeaderMalformed, InvalidArgument, InvalidRequest, NotImplemented, AccessDenied,
    RequestTimeTooSkewed.
    """
    scheme, _, rest = authorization.strip().partition(b" ")
    if scheme != ALGORITHM:
        raise _scheme_error(scheme)
    head, mark, signature = rest.rpartition(b"Signature=")
    if _HEX_SIGNATURE.fullmatch(signature) and len(head) <= MAX_CACHED_BYTES:
        parts = _parse_components_cached(head + mark)  # a client's requests differ in the signature alone
    else:
        parts = _parse_components(rest)
        signature = parts[b"Signature"]
    stamp = fields.get(b"x-amz-date", b"").strip() or http_date_stamp(fields.get(b"date", b"").strip())
    seconds = stamp_seconds(stamp) if stamp else None
    if stamp is None or seconds is None:
        raise S3Error("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header")
    access_key, day, named_region = _parse_credential(parts[b"Credential"], region, _malformed, service)
    if day != stamp[:8]:
        raise _malformed("Invalid credential date. Date is not the same as X-Amz-Date.")
    check_skew(stamp, seconds, now_s)
    signed = _parse_signed_headers(parts[b"SignedHeaders"], _malformed)
    scope = Scope(stamp, day, named_region, service)
    return Authorization(access_key, scope, signed, signature)


def is_presigned(raw_query: bytes, *, has_header: bool) -> bool:
    """Whether the query authenticates the request. Raises InvalidArgument if a header does as well,
    InvalidRequest for version 2."""
    if not raw_query:
        return False
    presigned = b"&X-Amz-Signature=" in raw_query
    if not presigned or has_header:
        names = {name for name, _ in query_pairs(raw_query)}
        presigned = not names.isdisjoint(QUERY_NAMES)
        if not presigned and names.isdisjoint(QUERY_NAMES_V2):
            return False
        if has_header:
            raise two_auth_mechanisms()
        if not presigned:
            raise unsupported_signature_v2()
    return True


def parse_presigned_query(raw_query: bytes, region: str | None) -> PresignedQuery:
    """Parse the query of a presigned URL. Raises AuthorizationQueryParametersError."""
    head, mark, signature = raw_query.rpartition(b"&X-Amz-Signature=")
    if not _HEX_SIGNATURE.fullmatch(signature) or len(head) > MAX_CACHED_BYTES:
        return _parse_query(query_pairs(raw_query), region)
    # URLs that were made in the same second differ in their path and signature alone.
    cached = _parse_query_cached(head + mark, region)
    return cached._replace(authorization=cached.authorization._replace(signature=signature))


@lru_cache(maxsize=1024)
def _parse_query_cached(head: bytes, region: str | None) -> PresignedQuery:
    """Parse the query of a presigned URL without its signature."""
    return _parse_query(query_pairs(head + b"0"), region)


@lru_cache(maxsize=1024)
def _parse_components_cached(head: bytes) -> dict[bytes, bytes]:
    """Parse an Authorization header without its signature. The result is cached: do not change it."""
    return _parse_components(head + b"0")


def _parse_query(pairs: Pairs, region: str | None) -> PresignedQuery:
    given = query_values(pairs)
    if not all(map(given.get, QUERY_NAMES)):
        raise _bad_query(_MISSING)
    if given[b"X-Amz-Algorithm"] != ALGORITHM:
        raise _bad_query('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
    access_key, day, named_region = _parse_credential(given[b"X-Amz-Credential"], region, _bad_credential)
    stamp = given[b"X-Amz-Date"]
    seconds = stamp_seconds(stamp)
    if seconds is None:
        raise _bad_query("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    if day != stamp[:8]:
        raise _bad_query(
            f'Invalid credential date "{day.decode()}". '
            f'This date is not the same as X-Amz-Date: "{stamp[:8].decode()}".'
        )
    expires_s = _parse_expires(given[b"X-Amz-Expires"])
    signed = _parse_signed_headers(given[b"X-Amz-SignedHeaders"], _bad_query)
    authorization = Authorization(
        access_key, Scope(stamp, day, named_region), signed, given[b"X-Amz-Signature"]
    )
    canonical = canonical_query(pair for pair in pairs if pair[0] != b"X-Amz-Signature")
    token = next((value for name, value in pairs if name == b"X-Amz-Security-Token"), None)
    return PresignedQuery(authorization, seconds, expires_s, given.get(QUERY_PAYLOAD), canonical, token)


def parse_form_credential(credential: bytes, stamp: bytes) -> tuple[str, bytes, bytes]:
    """Parse a form's x-amz-credential: access key, day, region. The form's policy has its expiration.

    Raises InvalidArgument.
    """
    access_key, day, region = _parse_credential(credential, None, _bad_form)
    if stamp_seconds(stamp) is None or day != stamp[:8]:
        raise _bad_form("Invalid credential date. Date is not the same as X-Amz-Date.")
    return access_key, day, region


def query_values(pairs: Pairs) -> dict[bytes, bytes]:
    """Return the decoded parameters of query authentication. Raises AuthorizationQueryParametersError for a
    duplicate."""
    given: dict[bytes, bytes] = {}
    for name, value in pairs:
        if name in _UNIQUE_NAMES:
            if name in given:
                raise _bad_query(f"{name.decode()} must not be given more than once.")
            given[name] = unquote_to_bytes(value) if b"%" in value else value
    return given


def unsupported_signature_v2() -> S3Error:
    return S3Error(
        "InvalidRequest",
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    )


def two_auth_mechanisms() -> S3Error:
    return S3Error(
        "InvalidArgument",
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
        "parameter or the Authorization header should be specified",
        ArgumentName="Authorization",
    )


def _scheme_error(scheme: bytes) -> S3Error:
    """Make the error for an unsupported scheme. It leaves out the rest of the header, where Basic and Bearer
    carry secrets."""
    if scheme == b"AWS":
        return unsupported_signature_v2()
    if scheme == _ECDSA:
        return S3Error(
            "NotImplemented", "AWS4-ECDSA-P256-SHA256 is not supported. Please use AWS4-HMAC-SHA256."
        )
    return S3Error("InvalidArgument", "Unsupported Authorization Type", ArgumentName="Authorization")


def _parse_components(text: bytes) -> dict[bytes, bytes]:
    parts: dict[bytes, bytes] = {}
    for part in text.split(b","):
        name, equals, value = part.strip().partition(b"=")
        if not equals or name not in _COMPONENTS or name in parts:
            raise _malformed(f'the authorization component "{_printable(part.strip())}" is malformed.')
        parts[name] = value
    for name in _COMPONENTS:
        if not parts.get(name):
            raise _malformed(f"missing {name.decode()}.")
    return parts


@lru_cache(maxsize=1024)
def _parse_credential(
    text: bytes, region: str | None, refuse: Refuse, wanted: bytes = b"s3"
) -> tuple[str, bytes, bytes]:
    """Parse AKID/YYYYMMDD/REGION/s3/aws4_request to access key, day, region. The key may hold slashes."""
    parts = text.rsplit(b"/", 4)
    # IAM is a global service: some clients leave the region empty.
    regional = len(parts) == 5 and (_REGION.fullmatch(parts[2]) or (not parts[2] and wanted != b"s3"))
    if not regional or not _ACCESS_KEY.fullmatch(parts[0]):
        raise refuse(
            'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        )
    access_key, day, named_region, service, terminal = parts
    if stamp_seconds(day + b"T000000Z") is None:
        raise refuse(
            f'incorrect date format "{_printable(day)}". '
            'This date in the credential must be in the format "yyyyMMdd".'
        )
    if service != wanted:
        belongs = wanted.decode()
        raise refuse(f'incorrect service "{_printable(service)}". This endpoint belongs to "{belongs}".')
    if terminal != b"aws4_request":
        raise refuse(f'incorrect terminal "{_printable(terminal)}". This endpoint uses "aws4_request".')
    if region is not None and named_region != region.encode():
        raise refuse(f"the region '{named_region.decode()}' is wrong; expecting '{region}'", Region=region)
    return access_key.decode(), day, named_region


@lru_cache(maxsize=1024)
def _parse_signed_headers(text: bytes, refuse: Refuse) -> tuple[bytes, ...]:
    if not _HEADER_NAMES.fullmatch(text):
        raise refuse("SignedHeaders is mal-formed.")
    return tuple(sorted(set(text.lower().split(b";"))))


@lru_cache(maxsize=256)
def _parse_expires(text: bytes) -> int:
    digits = text.removeprefix(b"-")
    if not digits.isdigit():
        raise _bad_query("X-Amz-Expires should be a number")
    if digits is not text:
        raise _bad_query("X-Amz-Expires must be non-negative")
    # A long string of digits is too large in any case, and int() refuses the longest ones.
    digits = digits.lstrip(b"0")
    if len(digits) > 6 or int(digits or b"0") > MAX_EXPIRES_S:
        raise _bad_query(
            "X-Amz-Expires must be less than a week (in seconds); "
            f"that is, the given X-Amz-Expires must be less than {MAX_EXPIRES_S} seconds"
        )
    return int(digits or b"0")


def _check_window(seconds: int, expires_s: int, now_s: int) -> None:
    """Check the validity of a presigned URL. A lifetime of 0 s has always expired (AWS: at least 1 s)."""
    if seconds - now_s > MAX_SKEW_S:
        raise S3Error(
            "AccessDenied",
            "Request is not yet valid",
            **{"X-Amz-Date": iso(seconds), "ServerTime": iso(now_s)},
        )
    if now_s > seconds + expires_s or not expires_s:
        raise S3Error(
            "AccessDenied",
            "Request has expired",
            **{
                "X-Amz-Expires": str(expires_s),
                "Expires": iso(seconds + expires_s),
                "ServerTime": iso(now_s),
            },
        )


def _malformed(message: str, **details: str) -> S3Error:
    return S3Error(
        "AuthorizationHeaderMalformed", f"The authorization header is malformed; {message}", **details
    )


def _bad_query(message: str, **details: str) -> S3Error:
    return S3Error("AuthorizationQueryParametersError", message, **details)


def _bad_credential(message: str, **details: str) -> S3Error:
    return _bad_query(f"Error parsing the X-Amz-Credential parameter; {message}", **details)


def _bad_form(message: str, **details: str) -> S3Error:
    return S3Error("InvalidArgument", message, ArgumentName="x-amz-credential", **details)


def _printable(text: bytes) -> str:
    return text[:128].decode("utf-8", "replace")
