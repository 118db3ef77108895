"""The writer of lines: one write a turn, never a wait, whole lines, nothing unbounded."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import select
from pathlib import Path

import pytest

from s3api.observe.line_writer import LineWriter


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What each write of the system was given."""
    seen: list[bytes] = []
    write = os.write

    def counted(fd: int, data: bytes) -> int:
        seen.append(data)
        return write(fd, data)

    monkeypatch.setattr("s3api.observe.line_writer.os.write", counted)
    return seen


async def test_the_lines_of_a_turn_leave_in_one_write(tmp_path: Path, writes: list[bytes]) -> None:
    writer = LineWriter(tmp_path / "log")
    for number in range(10):
        writer.write(b"%d\n" % number)
    assert not writes
    await turns()
    assert writes == [b"".join(b"%d\n" % number for number in range(10))]
    writer.write(b"last\n")
    writer.close()
    assert (tmp_path / "log").read_text().splitlines() == [*map(str, range(10)), "last"]


async def test_a_file_that_was_moved_away_is_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "log"
    writer = LineWriter(path)
    writer.write(b"old\n")
    path.rename(tmp_path / "log.1")
    writer.reopen(path)
    writer.write(b"new\n")
    with pytest.raises(OSError, match="No such file"):
        writer.reopen(tmp_path / "none" / "log")
    writer.write(b"newer\n")
    writer.close()
    assert ((tmp_path / "log.1").read_text(), path.read_text()) == ("old\n", "new\nnewer\n")


async def test_a_pipe_that_nobody_reads_costs_no_wait_and_bounded_memory(
    monkeypatch: pytest.MonkeyPatch, writes: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 8192)
    monkeypatch.setattr("s3api.observe.line_writer.RETRY_S", 0.001)
    writer = LineWriter(None, limit_bytes=20_000)
    writer._fd = writing
    writer._is_file, writer._most_bytes, writer._room = False, select.PIPE_BUF, select.poll()
    writer._room.register(writing, select.POLLOUT)
    lines = [b"%04d %s\n" % (number, b"x" * 94) for number in range(1000)]
    for line in lines:
        writer.write(line)
        await turns(1)
    held = writer._held_bytes
    assert held <= 20_000 + 100
    assert all(len(piece) <= select.PIPE_BUF and piece.endswith(b"\n") for piece in writes)
    got = b""
    with caplog.at_level(logging.WARNING):
        while writer._lines or select.select([reading], [], [], 0)[0]:
            got += os.read(reading, 1 << 16)
            await asyncio.sleep(0.002)
    kept = got.splitlines(keepends=True)
    assert kept == lines[: len(kept)]
    assert f"{len(lines) - len(kept)} lines were dropped" in caplog.text
    writer.write(b"again\n")
    await turns()
    assert os.read(reading, 100) == b"again\n"
    os.close(reading)
    os.close(writing)
