"""Describe the gateways of a failed test: the last failed request, warnings and errors, and requests.

`GatewayProcess` registers its log; `tests/conftest.py` marks where each test begins and adds the report of a
failed test to pytest's output. A test that succeeds costs one `stat` for each gateway that runs.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any, NamedTuple

MAX_REQUESTS, MAX_LOG_LINES = 15, 20
MAX_BYTES = 1 << 20
FLUSH_S = 0.05  # the access line of a request may follow its answer by a moment

# "time client principal operation bucket/key status code in=0 out=0 0.1s request-id trace-id"
_REQUEST = re.compile(
    r"^\S+Z \S+ \S+ (?P<operation>\S+) (?P<where>\S+) (?P<status>\d{3}) (?P<code>\S+) "
    r"in=\d+ out=\d+ [\d.]+s (?P<request_id>\S+) \S+$"
)
_INFO = re.compile(r"^\S+ \S+ (DEBUG|INFO) ")
_INFO_LEVELS = ("debug", "info")
_PROBES = ("rest.ready", "rest.live")

_running: dict[Path, str] = {}
_began: dict[Path, tuple[str, int]] = {}


class Request(NamedTuple):
    """One line of the access log."""

    line: str
    operation: str
    where: str
    status: int
    code: str
    request_id: str

    @property
    def summary(self) -> str:
        return f"{self.operation} {self.where}: {self.status} {self.code}, request id {self.request_id}"


def gateway_started(log: Path, endpoint: str) -> None:
    _running[log] = endpoint
    _began.setdefault(log, (endpoint, _size(log)))


def gateway_stopped(log: Path) -> None:
    """Forget the gateway from the next test on."""
    _running.pop(log, None)


def start_test() -> None:
    _began.clear()
    _began.update({log: (endpoint, _size(log)) for log, endpoint in _running.items()})


def gateways_of_test() -> str:
    """Report on every gateway that ran during the test; "" if there was none."""
    if not _began:
        return ""
    time.sleep(FLUSH_S)
    return "\n".join(_describe(log, endpoint, start) for log, (endpoint, start) in _began.items())


def _describe(log: Path, endpoint: str, start: int) -> str:
    requests, others = split_lines(_read(log, start))
    out = [f"gateway {endpoint}, log {log}"]
    if failed := [request for request in requests if request.status >= 400]:
        out.append(f"last failed request: {failed[-1].summary}")
    out.append(f"requests during the test: {len(requests)}{_limit(requests, MAX_REQUESTS)}")
    out += [f"  {request.line}" for request in requests[-MAX_REQUESTS:]]
    out.append(f"warnings and errors: {len(others)}{_limit(others, MAX_LOG_LINES)}")
    out += [f"  {line}" for line in others[-MAX_LOG_LINES:]]
    return "\n".join(out)


def split_lines(text: str) -> tuple[list[Request], list[str]]:
    """Requests of the access log, and the warnings and errors with their tracebacks.

    Left out: readiness probes, lines of level INFO and DEBUG, and the welcome text of a gateway.
    """
    requests: list[Request] = []
    others = []
    wanted = False
    for line in text.splitlines():
        if request := _request(line):
            if request.operation not in _PROBES:
                requests.append(request)
            continue
        if not line.startswith(" "):  # an indented line belongs to the one before
            wanted = bool(line) and not line.startswith("Sixfold ") and not _is_info(line)
        if wanted:
            others.append(line)
    return requests, others


def _request(line: str) -> Request | None:
    if found := _REQUEST.match(line):
        status = int(found["status"])
        return Request(line, found["operation"], found["where"], status, found["code"], found["request_id"])
    fields = _json(line)
    if "request_id" not in fields or "status" not in fields:
        return None
    where = "/".join(fields[name] for name in ("bucket", "key") if fields.get(name)) or "-"
    operation, code = fields.get("operation") or "-", fields.get("code") or "-"
    return Request(line, operation, where, int(fields["status"]), code, str(fields["request_id"]))


def _is_info(line: str) -> bool:
    return bool(_INFO.match(line)) or _json(line).get("level") in _INFO_LEVELS


def _json(line: str) -> dict[str, Any]:
    if not line.startswith("{"):
        return {}
    try:
        fields = json.loads(line)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _limit(lines: list[Any], limit: int) -> str:
    return f", the last {limit}" if len(lines) > limit else ""


def _read(log: Path, start: int) -> str:
    """The log from `start` on, at most its last MAX_BYTES."""
    try:
        with log.open("rb") as file:
            file.seek(max(start, _size(log) - MAX_BYTES))
            return file.read().decode(errors="replace")
    except FileNotFoundError:  # the test has removed it
        return ""


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0
