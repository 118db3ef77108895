"""The log lines of errors that an operator needs to see."""

from __future__ import annotations

import pytest

from s3api.blobs import DataUnavailable
from s3api.operations import failures


def test_an_outage_is_logged_at_a_limited_rate(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_s = 1000.0
    monkeypatch.setattr(failures.time, "monotonic", lambda: clock_s)
    make = failures._logged("ServiceUnavailable", "Please try again.")
    for number in range(1000):
        clock_s = 1000.0 + number * 0.005
        assert make(DataUnavailable(number.to_bytes(16), 0, 0), {}).code == "ServiceUnavailable"
    assert 4 <= len(caplog.records) <= 5
    for number in range(1000):
        clock_s = 2000.0 + number * 0.02
        make(DataUnavailable(bytes(16), 0, 0), {})
    assert 6 <= len(caplog.records) <= 8
