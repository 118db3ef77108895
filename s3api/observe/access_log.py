"""The access log: one line a request, as text or as JSON.

A line has the caller, the operation, the bucket and key, and the outcome. It has no header and no query, so
no signature and no secret.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal
from urllib.parse import quote

import orjson

from s3api.observe.line_writer import LineWriter
from s3api.observe.record import CUT_SHORT, AccessRecord
from s3api.settings import Settings, SettingsError

Format = Literal["human", "json"]
Which = Literal["off", "errors", "all"]


class AccessLog:
    """A sink. `which`: "errors" are requests that failed on our side (5xx, or an answer cut short)."""

    def __init__(self, writer: LineWriter, *, log_format: Format, which: Which) -> None:
        self.writer = writer
        self.configure(log_format=log_format, which=which)

    def configure(self, *, log_format: Format, which: Which) -> None:
        self._line = FORMATS[log_format]
        self._errors, self._all = which != "off", which == "all"

    def __call__(self, record: AccessRecord) -> None:
        if self._all or (self._errors and (record.status >= 500 or record.code == CUT_SHORT)):
            self.writer.write(self._line(record))


def json_line(record: AccessRecord) -> bytes:
    fields = {
        "time": stamp(record.time_us),
        "request_id": record.request_id,
        "operation": record.operation or None,
        "bucket": record.bucket,
        "key": record.key,
        "principal": record.access_key,
        "status": record.status,
        "code": record.code or None,
        "bytes_in": record.received,
        "bytes_out": record.sent,
        "seconds": round(record.seconds, 6),
        "trace_id": record.trace_id or None,
        "client": record.client or None,
    }
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


def human_line(record: AccessRecord) -> bytes:
    """Format a record as text: fields separated by blanks, "-" for none. Bucket and key are `bucket/key`."""
    where = _word(record.bucket) if record.bucket else "-"
    if record.key is not None:
        where += "/" + _word(record.key)
    return (
        f"{stamp(record.time_us)} {record.client or '-'} {record.access_key or '-'} "
        f"{record.operation or '-'} {where} {record.status} {record.code or '-'} "
        f"in={record.received} out={record.sent} {record.seconds:.4f}s "
        f"{record.request_id} {record.trace_id or '-'}\n"
    ).encode()


FORMATS: dict[Format, Callable[[AccessRecord], bytes]] = {"human": human_line, "json": json_line}


class _Stamp:
    """Formats a time as ISO 8601 with milliseconds, UTC. Caches the text of the current second."""

    def __init__(self) -> None:
        self._second, self._text = -1, ""

    def __call__(self, time_us: int) -> str:
        second, rest_us = divmod(time_us, 1_000_000)
        if second != self._second:
            self._second, self._text = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._text}.{rest_us // 1000:03}Z"


stamp = _Stamp()


def _word(name: str) -> str:
    """A bucket or key as one word: percent-encoded where it has blanks or control characters."""
    return name if name.isprintable() and " " not in name else quote(name)


def check_access_log(settings: Settings) -> None:
    """Check that the access log can be written. Raises SettingsError."""
    try:
        LineWriter(settings.logs.access_log_path).close()
    except OSError as why:
        raise SettingsError(f"access_log_path: {settings.logs.access_log_path}: {why.strerror}") from None
