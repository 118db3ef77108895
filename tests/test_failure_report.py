"""The report of a failed test over real gateways."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import failure_report
from tests.failure_report import split_lines

REQUEST = "2026-12-01T02:46:00.196Z 127.0.0.1 AKEY GetObject b/k 404 NoSuchKey in=0 out=234 0.0023s 29E7 -"
PROBE = "2026-12-01T02:46:00.196Z 127.0.0.1 - rest.ready - 503 - in=0 out=2 0.0023s 29E8 -"
LOG = f"""Sixfold 0.1.0
    endpoint    http://127.0.0.1:46505
2026-12-01 02:46:00,100 INFO sixfold: 6 of 6 nodes answer
{PROBE}
{REQUEST}
2026-12-01 02:46:00,200 ERROR sixfold: request 29E7
Traceback (most recent call last):
  File "x.py", line 1, in x
KeyError: 'k'
"""


def test_requests_and_errors_are_told_apart() -> None:
    (request,), errors = split_lines(LOG)
    assert request.summary == "GetObject b/k: 404 NoSuchKey, request id 29E7"
    assert [line.split(" ")[0] for line in errors] == ["2026-12-01", "Traceback", "", "KeyError:"]


def test_lines_may_be_json() -> None:
    lines = (
        '{"operation":"PutObject","bucket":"b","key":"k","status":200,"code":null,"request_id":"A1"}\n'
        '{"level":"info","message":"up"}\n{"level":"warning","message":"down","request_id":"A1"}\n'
    )
    (request,), errors = split_lines(lines)
    assert (request.operation, request.where, request.status) == ("PutObject", "b/k", 200)
    assert errors == ['{"level":"warning","message":"down","request_id":"A1"}']


def test_only_the_lines_of_this_test_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failure_report, "_running", {})
    monkeypatch.setattr(failure_report, "_began", {})
    log = tmp_path / "data.log"
    failure_report.gateway_started(log, "http://127.0.0.1:1")
    log.write_text(LOG)
    assert "29E7" in failure_report.gateways_of_test()
    failure_report.start_test()
    with log.open("a") as file:
        file.write(REQUEST.replace("29E7", "30A0") + "\n")
    shown = failure_report.gateways_of_test()
    assert "last failed request: GetObject b/k: 404 NoSuchKey, request id 30A0" in shown
    assert "29E7" not in shown
    failure_report.gateway_stopped(log)
    failure_report.start_test()
    assert failure_report.gateways_of_test() == ""
