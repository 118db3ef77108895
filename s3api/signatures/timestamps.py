"""Times in requests and errors: SigV4 timestamps, HTTP dates, and the maximum clock skew of 15 minutes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from s3api.errors import S3Error

MAX_SKEW_S = 15 * 60
_MAX_DATE_BYTES = 64
_STAMP = re.compile(rb"\d{8}T\d{6}Z", re.ASCII)


def stamp_seconds(stamp: bytes) -> int | None:
    """Parse a YYYYMMDDTHHMMSSZ timestamp to seconds since 1970. None if it is malformed."""
    return _seconds(stamp) if _STAMP.fullmatch(stamp) else None


@lru_cache(maxsize=256)
def _seconds(stamp: bytes) -> int | None:
    try:
        year, month, day = int(stamp[:4]), int(stamp[4:6]), int(stamp[6:8])
        hour, minute, second = int(stamp[9:11]), int(stamp[11:13]), int(stamp[13:15])
        return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except ValueError:
        return None


def http_date_stamp(value: bytes) -> bytes | None:
    """Convert a Date header to a SigV4 timestamp. None if malformed. As S3 does, it accepts HTTP dates and
    SigV4 timestamps."""
    if stamp_seconds(value) is not None:
        return value
    if len(value) > _MAX_DATE_BYTES:
        return None
    try:
        moment = parsedate_to_datetime(value.decode("ascii"))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ").encode()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def iso(seconds: int) -> str:
    """Format a time as in S3's error documents."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_skew(stamp: bytes, seconds: int, now_s: int) -> None:
    """Raise RequestTimeTooSkewed when the request was signed more than 15 minutes from now, before or
    after."""
    if abs(now_s - seconds) > MAX_SKEW_S:
        raise S3Error(
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            RequestTime=stamp.decode(),
            ServerTime=iso(now_s),
            MaxAllowedSkewMilliseconds=str(MAX_SKEW_S * 1000),
        )
