"""`sixfold event` and `sixfold lifecycle`, as an operator types them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from metadata import Metadata
from metadata.records import NewEvent
from s3api.cli import app, main
from s3api.database import opened_metadata
from s3api.events.message import Event, event_to_json
from s3api.settings import load
from tests.metadata.made import content, new_object

HOOK = "arn:sixfold:sqs::hook:webhook"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIXFOLD_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SIXFOLD_EVENT_TARGETS", '{"hook": "https://:s3cret@hook.example/"}')
    return tmp_path / "data"


def within(data: Path, work: Callable[[Metadata], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with opened_metadata(load(data=data)) as metadata:
            return await work(metadata)

    return asyncio.run(run())


def sixfold(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


async def _bury_two(metadata: Metadata) -> list[int]:
    events = [Event(0, "ObjectCreated:Put", "photos", "o", "r", key, 1) for key in ("a", "[b]")]
    await metadata.outbox.add([NewEvent(HOOK, 1, event_to_json(event)) for event in events])
    await metadata.outbox.add([NewEvent("arn:gone", 1, event_to_json(events[0]))])
    ids = [event.id for event in await metadata.outbox.due(HOOK, 1, 9)]
    await metadata.outbox.bury(ids, "it answered 500", now_us=1_750_000_000_000_000, most=9)
    return ids


def test_dead_letters(data: Path) -> None:
    first, second = within(data, _bury_two)
    lines = sixfold("event", "dead").splitlines()
    assert [line.split()[0] for line in lines[1:]] == [str(second), str(first)]
    assert "2025-06-15 15:06:40Z" in lines[1]
    for word in (HOOK, "ObjectCreated:Put", "photos", "[b]", "it answered 500"):
        assert word in lines[1]
    assert sixfold("event", "retry", str(first)) == "1 events are queued for delivery\n"
    shown = sixfold("event", "targets")
    assert [line.split() for line in shown.splitlines()[1:]] == [
        [HOOK, "1"],
        ["arn:gone", "(not", "in", "the", "settings)", "1"],
    ]
    assert "s3cret" not in shown
    assert sixfold("event", "forget", "--all") == "1 dead letters are deleted\n"
    assert len(sixfold("event", "dead").splitlines()) == 1


def test_which_ones_must_be_said(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["event", "retry"], ["event", "forget", "1", "--all"]):
        with pytest.raises(SystemExit):
            main(arguments)
        assert "give the numbers" in capsys.readouterr().err


def test_targets_that_are_none(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("SIXFOLD_EVENT_TARGETS", '{"hook": "ftp://:s3cret@hook.example/"}')
    with pytest.raises(SystemExit):
        main(["event", "targets"])
    said = capsys.readouterr().err
    assert "event_targets: target hook" in said
    assert "s3cret" not in said


async def _expiring(metadata: Metadata) -> None:
    await metadata.buckets.create("photos", region="r", owner="o", now_us=1)
    for key in ("tmp/1", "tmp/2", "kept"):
        await metadata.objects.put(new_object(key, content(1)))
    rule = {"ID": "r", "Status": "Enabled", "Prefix": "tmp/", "Expiration": {"Days": 1}}
    await metadata.buckets.put_config("photos", "Lifecycle", orjson.dumps({"Rules": [rule]}).decode())


def test_one_pass_of_the_rules(data: Path) -> None:
    within(data, _expiring)
    lines = [line.split(maxsplit=1) for line in sixfold("lifecycle", "run").splitlines()]
    assert lines[0] == ["2", "versions deleted permanently"]
    assert [count for count, _ in lines[1:]] == ["0", "0", "0"]
