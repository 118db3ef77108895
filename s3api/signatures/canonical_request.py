"""The canonical request of Signature Version 4, as S3 builds it: bytes in, bytes out.

S3 decodes the path and the query once and encodes them again, once (elsewhere AWS encodes the path twice);
it does not fold `//` or `..`. Most requests arrive in canonical form, and one regular expression for the path
and one for the query detect that. Source: "Create a signed AWS API request", and the S3 API reference,
"Signature Calculations for the Authorization Header".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import cast
from urllib.parse import quote_from_bytes, unquote_to_bytes

Pairs = list[tuple[bytes, bytes]]

# Escapes in canonical form: upper-case hex of any byte that RFC 3986 does not list as unreserved.
_ESCAPE = rb"%(?:[0189A-F][0-9A-F]|2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[BCDF])"
_PATH_ESCAPE = _ESCAPE.replace(rb"2[0-9A-CF]", rb"2[0-9A-C]")  # "%2F" is a slash of the key
_CANONICAL_PATH = re.compile(rb"/(?:[A-Za-z0-9._~/-]++|" + _PATH_ESCAPE + rb")*+")
_CANONICAL_QUERY = re.compile(rb"(?:[A-Za-z0-9._~=&-]++|" + _ESCAPE + rb")*+")
_TWO = {2}


def canonical_path(raw_path: bytes) -> bytes:
    """Return the canonical path; "/" for an empty one. An encoded slash becomes a slash."""
    if _CANONICAL_PATH.fullmatch(raw_path):
        return raw_path
    return quote_from_bytes(unquote_to_bytes(raw_path), safe="/~").encode("ascii") or b"/"


def query_pairs(raw_query: bytes) -> Pairs:
    """Split a query into names and values, encoded canonically, in the order sent. A name without "=" has an
    empty value; "+" is a space."""
    if not raw_query:
        return []
    canonical = _CANONICAL_QUERY.fullmatch(raw_query) is not None
    parts = raw_query.split(b"&")
    if canonical:
        usual = [tuple(part.split(b"=")) for part in parts]
        if set(map(len, usual)) == _TWO:
            return cast(Pairs, usual)
    pairs = []
    for part in parts:
        if part:
            name, _, value = part.partition(b"=")
            # A second "=" belongs to the value, and is encoded there.
            pairs.append(
                (name, value) if canonical and b"=" not in value else (_reencode(name), _reencode(value))
            )
    return pairs


def canonical_query(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Join the pairs, sorted by encoded name, then by encoded value. Duplicates stay."""
    return b"&".join([name + b"=" + value for name, value in sorted(pairs)])


def merge_headers(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Index headers by lower-case name. Repeated ones are trimmed and joined with "," in the order sent."""
    fields = dict(headers)
    if len(fields) == len(headers) and all(map(bytes.islower, fields)):
        return fields  # nearly all requests
    fields = {}
    for name, value in headers:
        name = name.lower()
        if name in fields:
            value = trim(fields[name]) + b"," + trim(value)
        fields[name] = value
    return fields


def trim(value: bytes) -> bytes:
    """Strip a header value and collapse each run of white space in it to one space."""
    return b" ".join(value.split())


def canonical_request(
    method: str,
    path: bytes,
    query: bytes,
    fields: dict[bytes, bytes],
    signed: Sequence[bytes],
    payload: bytes,
) -> bytes:
    """Build the canonical request. `signed`: sorted header names; a name missing from `fields` has an empty
    value."""
    lines = [method.encode("ascii", "replace"), path, query]
    lines += [name + b":" + b" ".join(fields.get(name, b"").split()) for name in signed]
    lines += (b"", b";".join(signed), payload)
    return b"\n".join(lines)


def _reencode(text: bytes) -> bytes:
    return quote_from_bytes(unquote_to_bytes(text.replace(b"+", b" ")), safe="~").encode("ascii")
