from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from s3api.access.denials import Denials


def test_they_are_bounded_and_the_newest_stay(tmp_path: Path) -> None:
    denials = Denials(tmp_path, file_bytes=2000)
    for number in range(200):
        denials.record(f"R{number}", reason="because", action="s3:GetObject")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 4000
    assert len(list(tmp_path.iterdir())) == 2
    assert denials.find("R199") == [{"request_id": "R199", "reason": "because", "action": "s3:GetObject"}]
    assert denials.find("R0") == []


def test_a_torn_line_is_passed_over(tmp_path: Path) -> None:
    denials = Denials(tmp_path)
    denials.record("R1", reason="because")
    with (tmp_path / "denials.jsonl").open("a") as file:
        file.write('{"request_id": "R2"')
    assert len(denials.find("R1")) == 1


def test_only_the_owner_reads_them(tmp_path: Path) -> None:
    Denials(tmp_path).record("R1", principal="arn")
    assert (tmp_path / "denials.jsonl").stat().st_mode & 0o077 == 0


def test_a_disk_that_takes_nothing_refuses_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "sixfold.access"):
        Denials(tmp_path / "missing").record("R1", reason="because")
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]
    Denials(None).record("R2", principal="anonymous")
    assert len(caplog.records) == 2
    assert all("R1" in record.getMessage() for record in caplog.records)
    assert json.dumps(caplog.records[0].__dict__["request_id"]) == '"R1"'
