"""`sixfold event`: what waits to be delivered, what nobody took, and another try for it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import orjson
import typer
from rich.table import Table

from metadata import Metadata
from metadata.ids import now_us
from metadata.records import DeadLetter
from s3api.cli.options import Config, Data, Database
from s3api.cli.output import out
from s3api.events.subscriptions import LIVE
from s3api.settings import Settings, SettingsError, load
from s3api.store import event_targets, opened_metadata

app = typer.Typer(help="Event notifications: targets, dead letters.", no_args_is_help=True)
MOST = 100_000
Ids = Annotated[list[int] | None, typer.Argument(help="Numbers, as `event dead` shows them.")]
All = Annotated[bool, typer.Option("--all", help="All dead letters.")]


@app.command("targets")
def targets(config: Config = None, data: Data = None, database: Database = None) -> None:
    """The targets of the settings by their ARN, and how many events wait for each."""
    settings = load(config=config, data=data, database=database)
    waiting = asyncio.run(_waiting(settings))
    table = Table("target", "waiting", box=None)
    for target in event_targets(settings):
        table.add_row(target.arn, str(waiting.pop(target.arn, 0)))
    waiting.pop(LIVE, None)
    for arn, count in waiting.items():
        table.add_row(f"{arn} (not in the settings)", str(count))
    out().print(table)


@app.command("dead")
def dead(
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1)] = 50,
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Events that could not be delivered, and why."""
    table = Table("number", "died", "target", "event", "bucket", "key", "attempts", "reason", box=None)
    for letter in asyncio.run(_dead(load(config=config, data=data, database=database), limit)):
        died = datetime.fromtimestamp(letter.died_us / 1e6, UTC)
        event = orjson.loads(letter.document)
        table.add_row(
            str(letter.id),
            f"{died:%Y-%m-%d %H:%M:%S}Z",
            letter.target,
            event["kind"],
            event["bucket"],
            event["key"],
            str(letter.attempts),
            letter.reason,
        )
    out().print(table, markup=False)


@app.command("retry")
def retry(
    ids: Ids = None,
    everything: All = False,
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Deliver dead letters after all: they wait again, as if they had just happened."""
    settings = load(config=config, data=data, database=database)
    count = asyncio.run(_change(settings, ids, everything, forget=False))
    out().print(f"{count} events wait for their delivery")


@app.command("forget")
def forget(
    ids: Ids = None,
    everything: All = False,
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Delete dead letters."""
    settings = load(config=config, data=data, database=database)
    count = asyncio.run(_change(settings, ids, everything, forget=True))
    out().print(f"{count} dead letters are gone")


async def _waiting(settings: Settings) -> dict[str, int]:
    async with opened_metadata(settings) as metadata:
        return await metadata.outbox.targets()


async def _dead(settings: Settings, limit: int) -> list[DeadLetter]:
    async with opened_metadata(settings) as metadata:
        return await metadata.outbox.dead_letters(limit)


async def _change(settings: Settings, ids: list[int] | None, everything: bool, *, forget: bool) -> int:
    if bool(ids) == everything:
        raise SettingsError("say which: numbers, or --all")
    async with opened_metadata(settings) as metadata:
        chosen = await _all(metadata) if everything else list(ids or ())
        if forget:
            return await metadata.outbox.forget(chosen)
        return await metadata.outbox.revive(chosen, now_us())


async def _all(metadata: Metadata) -> list[int]:
    return [letter.id for letter in await metadata.outbox.dead_letters(MOST)]
