"""What an operator reads of conditions that clients meet."""

from __future__ import annotations

import pytest

from s3api.blobs import DataUnavailable
from s3api.operations import failures


def test_an_outage_is_a_line_now_and_then_and_not_one_for_each_object(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_s = 1000.0
    monkeypatch.setattr(failures.time, "monotonic", lambda: clock_s)
    tell = failures._said("ServiceUnavailable", "Please try again.")
    for number in range(1000):
        clock_s = 1000.0 + number * 0.005
        assert tell(DataUnavailable(number.to_bytes(16), 0, 0), {}).code == "ServiceUnavailable"
    assert 4 <= len(caplog.records) <= 5
    for number in range(1000):
        clock_s = 2000.0 + number * 0.02
        tell(DataUnavailable(bytes(16), 0, 0), {})
    assert 6 <= len(caplog.records) <= 8
