"""Describe the last answers of the endpoint during a failed test, and what its server logged.

`against.py` names the log of the server that it starts in the environment variable S3_SERVER_LOG.
"""

from __future__ import annotations

import os
import re
from collections import deque
from pathlib import Path
from typing import Any

MAX_ANSWERS, MAX_LOG_LINES = 10, 30
MAX_LOG_BYTES = 64 << 10
_CODE = re.compile(rb"<Code>([^<]*)</Code>")

_answers: deque[str] = deque(maxlen=MAX_ANSWERS)
_log_start = 0


def start_test() -> None:
    global _log_start
    _answers.clear()
    log = _server_log()
    _log_start = log.stat().st_size if log else 0


def record_boto3(model: Any, parsed: dict[str, Any], **event: Any) -> None:
    """Handler of botocore's event `after-call`."""
    metadata = parsed.get("ResponseMetadata", {})
    code = parsed.get("Error", {}).get("Code", "")
    _record(model.name, metadata.get("HTTPStatusCode"), code, metadata.get("RequestId"))


def record_raw(name: str, status: int, headers: dict[str, str], body: bytes) -> None:
    found = _CODE.search(body) if status >= 300 else None
    code = found[1].decode(errors="replace") if found else ""
    _record(name, status, code, headers.get("x-amz-request-id"))


def report() -> str:
    """The last answers, oldest first, then the lines that the server logged; "" if there was no answer."""
    if not _answers:
        return ""
    lines = ["last answers of the endpoint:", *(f"  {answer}" for answer in _answers)]
    if logged := _log_lines():
        lines += ["log of the server during the test:", *(f"  {line}" for line in logged)]
    return "\n".join(lines)


def _record(name: str, status: int | None, code: str, request_id: str | None) -> None:
    _answers.append(f"{name}: {status}{' ' + code if code else ''}, request id {request_id or 'missing'}")


def _log_lines() -> list[str]:
    log = _server_log()
    if log is None:
        return []
    with log.open("rb") as file:
        file.seek(max(_log_start, log.stat().st_size - MAX_LOG_BYTES))
        return file.read().decode(errors="replace").splitlines()[-MAX_LOG_LINES:]


def _server_log() -> Path | None:
    log = Path(os.environ.get("S3_SERVER_LOG", ""))
    return log if log.is_file() else None
