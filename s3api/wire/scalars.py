"""Convert single values between wire text and Python.

Reading is stricter than Python's parsers (no "1_000", no digits of other scripts, no sign) and raises only
ValueError. Times to write are aware datetimes or integers, microseconds since 1970 UTC as in the metadata
store; a str is written unchanged.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from time import gmtime, strftime
from typing import Any

from s3api.wire.model import Shape
from s3api.wire.tables import NEGATIVE_ALLOWED, OPEN_ENUMS, TIMES_AS_SENT

Reader = Callable[[str], Any]
Writer = Callable[[Any], str]
Time = datetime | int | str

_MAX = {"integer": 2**31 - 1, "long": 2**63 - 1}


def read_boolean(text: str) -> bool:
    folded = text.strip().lower()
    if folded not in ("true", "false"):
        raise ValueError("must be true or false")
    return folded == "true"


def read_time(text: str) -> datetime:
    """Parse an HTTP date (RFC 9110, 5.6.7) or ISO 8601 into an aware datetime in UTC."""
    text = text.strip()
    try:
        when = datetime.fromisoformat(text) if text[:1].isdigit() else parsedate_to_datetime(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        raise ValueError("must be a date") from None


def read_blob(text: str) -> bytes:
    return base64.b64decode(text.strip(), validate=True)


def number_reader(kind: str) -> Reader:
    limit = _MAX[kind]

    def read_number(text: str) -> int:
        text = text.strip()
        if text.isascii() and text.isdigit() and len(text) < 20 and (value := int(text)) <= limit:
            return value
        raise ValueError(f"must be an integer between 0 and {limit}")

    return read_number


def _allow_negative(read: Reader) -> Reader:
    def read_signed(text: str) -> int:
        digits = text.strip()
        value: int = read(digits.removeprefix("-"))
        return -value if digits.startswith("-") else value

    return read_signed


def read_float(text: str) -> float:
    value = float(text)
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError("must be a number")
    return value


def enum_reader(values: list[str], *, fold_case: bool) -> Reader:
    exact = {value: value for value in values}
    folded = {value.lower(): value for value in values} if fold_case else {}

    def read_enum(text: str) -> str:
        found = exact.get(text) or folded.get(text.strip().lower())
        if found is None:
            raise ValueError("is not one of the values allowed")
        return found

    return read_enum


_READERS: dict[str, Reader] = {
    "string": str,
    "integer": number_reader("integer"),
    "long": number_reader("long"),
    "float": read_float,
    "double": read_float,
    "boolean": read_boolean,
    "timestamp": read_time,
    "blob": read_blob,
}


def reader(shape: Shape, *, fold_case: bool = False) -> Reader:
    """Return a function that converts text to a value of this scalar shape.

    `fold_case`: enumerations in any case (headers, query).
    """
    if shape.name in TIMES_AS_SENT:
        return str
    if shape.enum and shape.name not in OPEN_ENUMS:
        return enum_reader(shape.enum, fold_case=fold_case)
    read = _READERS[shape.type]
    return _allow_negative(read) if shape.name in NEGATIVE_ALLOWED else read


# Characters that XML must escape, and those that XML 1.0 forbids, which S3 writes as references anyway.
_UNSAFE = re.compile('[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]')
_unsafe = _UNSAFE.search
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def escape(text: str) -> str:
    return _UNSAFE.sub(_reference, text) if _unsafe(text) else text


def _reference(match: re.Match[str]) -> str:
    return _ENTITIES.get(match[0]) or f"&#x{ord(match[0]):x};"


def escape_etag(text: str) -> str:
    """Escape an ETag: hex digits in quotes nearly always, hence 0.24 µs where `escape` takes 0.65."""
    inner = text[1:-1]
    return f"&quot;{inner}&quot;" if inner.isalnum() and text[0] == text[-1] == '"' else escape(text)


_MINUTES = [f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(1440)]
_SECONDS = [f"{second:02}.000Z" for second in range(60)]


@lru_cache(4096)
def _day(day: int) -> str:
    return strftime("%Y-%m-%d", gmtime(day * 86400))


def write_iso_time(when: Time) -> str:
    """Format a time as S3 does in XML: whole seconds, with ".000Z"."""
    if isinstance(when, str):
        return when
    return _iso(when // 1_000_000 if isinstance(when, int) else int(when.timestamp()))


def write_iso_times(times: Sequence[Time]) -> list[str]:
    """Format a column of times as `write_iso_time` does."""
    try:
        return list(map(_iso, [time // 1_000_000 for time in times]))  # type: ignore[operator]
    except TypeError:  # not all of them are integers
        return list(map(write_iso_time, times))


@lru_cache(8192)  # objects of one listing were often written within the same seconds
def _iso(seconds: int) -> str:
    day, second = divmod(seconds, 86400)
    minute, second = divmod(second, 60)
    return _day(day) + _MINUTES[minute] + _SECONDS[second]


@lru_cache(4096)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def write_http_date(when: Time) -> str:
    """Format a time as an HTTP date (RFC 9110, 5.6.7), in whole seconds."""
    if isinstance(when, str):
        return when
    return _http_date(when // 1_000_000 if isinstance(when, int) else int(when.timestamp()))


def write_boolean(value: object) -> str:
    return "true" if value else "false"


def write_blob(value: bytes) -> str:
    return base64.b64encode(value).decode()


def writer(shape: Shape, *, date_format: str) -> Writer:
    """Return a function that converts a value of this scalar shape to text, not yet escaped.

    `date_format` is used if the model names none: "iso8601" in bodies, "rfc822" in headers.
    """
    if shape.type == "timestamp":
        style = shape.trait("timestampFormat", date_format)
        return write_iso_time if style == "iso8601" else write_http_date
    return _WRITERS.get(shape.type, str)


_WRITERS: dict[str, Writer] = {"boolean": write_boolean, "blob": write_blob}
