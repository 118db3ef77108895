"""Formats a request as a line of AWS's server access log: 26 fields, "-" for a missing value.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html

Values from clients cannot break the format: keys are URL-encoded, and so are quotes and control characters in
quoted fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from time import gmtime
from urllib.parse import quote

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNSAFE = re.compile(r'["\x00-\x1f\x7f]')
_BLANK = re.compile(r"[\s\"\[\]]")


@dataclass(frozen=True, slots=True)
class LogEntry:
    """The fields of a line.

    Empty text, None, and 0 for `sent` and `status` become "-". `uri` is "GET /b/k?x HTTP/1.1".
    """

    bucket_owner: str
    bucket: str
    time_us: int
    operation: str
    status: int
    request_id: str
    uri: str = ""
    remote: str = ""
    requester: str = ""
    key: str | None = None
    error: str = ""
    sent: int = 0
    size: int | None = None
    total_ms: int | None = None
    turnaround_ms: int | None = None
    referrer: str = ""
    user_agent: str = ""
    version_id: str = ""
    host_id: str = ""
    signature: str = ""
    cipher: str = ""
    auth_type: str = ""
    host: str = ""
    tls: str = ""
    access_point: str = ""
    acl_required: bool = False
    etag: str = ""  # in journals only


def format_line(entry: LogEntry) -> str:
    """Return the line of AWS's format, without newline."""
    fields = (
        _unquoted_field(entry.bucket_owner),
        entry.bucket,
        f"[{_format_time(entry.time_us)}]",
        _unquoted_field(entry.remote),
        _unquoted_field(entry.requester),
        entry.request_id,
        entry.operation,
        "-" if entry.key is None else quote(entry.key, safe="/"),
        _quote(entry.uri),
        str(entry.status or "-"),
        entry.error or "-",
        str(entry.sent or "-"),
        _number_field(entry.size),
        _number_field(entry.total_ms),
        _number_field(entry.turnaround_ms),
        _quote(entry.referrer),
        _quote(entry.user_agent),
        _unquoted_field(entry.version_id),
        _unquoted_field(entry.host_id),
        entry.signature or "-",
        entry.cipher or "-",
        entry.auth_type or "-",
        _unquoted_field(entry.host),
        entry.tls or "-",
        _unquoted_field(entry.access_point),
        "Yes" if entry.acl_required else "-",
    )
    return " ".join(fields)


def format_journal_line(entry: LogEntry) -> str:
    """Return the line of Ceph's journal format: 8 fields, without newline."""
    fields = (
        _unquoted_field(entry.bucket_owner),
        entry.bucket,
        f"[{_format_time(entry.time_us)}]",
        entry.operation,
        "-" if entry.key is None else quote(entry.key, safe="/"),
        _number_field(entry.size),
        _unquoted_field(entry.version_id),
        _unquoted_field(entry.etag),
    )
    return " ".join(fields)


def _number_field(value: int | None) -> str:
    return "-" if value is None else str(value)


def _unquoted_field(text: str) -> str:
    """Return an unquoted field: spaces, quotes and brackets are encoded."""
    return _BLANK.sub(_percent_encode, text) or "-"


def _quote(text: str) -> str:
    return f'"{_UNSAFE.sub(_percent_encode, text) or "-"}"'


def _percent_encode(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def _format_time(at_us: int) -> str:
    """Format a time with English month names in any locale."""
    at = gmtime(at_us // 1_000_000)
    month = _MONTHS[at.tm_mon - 1]
    return f"{at.tm_mday:02}/{month}/{at.tm_year}:{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} +0000"
