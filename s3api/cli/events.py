"""`sixfold event`: targets of event notifications, and events that could not be delivered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from metadata.ids import now_us
from s3api.cli.lazy import new_app
from s3api.cli.options import of_store
from s3api.cli.output import new_table, out, time_text
from s3api.cli.with_metadata import with_metadata
from s3api.settings import Settings, SettingsError

if TYPE_CHECKING:
    from metadata import Metadata

app = new_app("Event notifications: targets, dead letters.")
MOST = 100_000
Ids = Annotated[list[int] | None, typer.Argument(help="Numbers of dead letters, as `event dead` shows them.")]
All = Annotated[bool, typer.Option("--all", help="All dead letters.")]


@app.command("targets")
@of_store
def targets(settings: Settings) -> None:
    """List the targets of the settings by ARN, with the number of events that wait for each."""
    from s3api.events.subscriptions import LIVE
    from s3api.store import event_targets

    waiting = with_metadata(settings, lambda metadata: metadata.outbox.targets())
    table = new_table("target", "waiting")
    for target in event_targets(settings):
        table.add_row(target.arn, str(waiting.pop(target.arn, 0)))
    waiting.pop(LIVE, None)
    for arn, count in waiting.items():
        table.add_row(f"{arn} (not in the settings)", str(count))
    out().print(table)


@app.command("dead")
@of_store
def dead(
    settings: Settings,
    limit: Annotated[int, typer.Option(help="Number of dead letters, the newest first.", min=1)] = 50,
) -> None:
    """List events that could not be delivered, and why."""
    table = new_table("number", "died", "target", "event", "bucket", "key", "attempts", "reason")
    for letter in with_metadata(settings, lambda metadata: metadata.outbox.dead_letters(limit)):
        event = json.loads(letter.document)
        table.add_row(
            str(letter.id),
            time_text(letter.died_us / 1e6),
            letter.target,
            event["kind"],
            event["bucket"],
            event["key"],
            str(letter.attempts),
            letter.reason,
        )
    out().print(table, markup=False)


@app.command("retry")
@of_store
def retry(settings: Settings, ids: Ids = None, everything: All = False) -> None:
    """Queue dead letters for delivery again, as if they were new."""
    _check_choice(ids, everything)

    async def work(metadata: Metadata) -> int:
        return await metadata.outbox.revive(await _chosen(metadata, ids), now_us())

    out().print(f"{with_metadata(settings, work)} events are queued for delivery")


@app.command("forget")
@of_store
def forget(settings: Settings, ids: Ids = None, everything: All = False) -> None:
    """Delete dead letters."""
    _check_choice(ids, everything)

    async def work(metadata: Metadata) -> int:
        return await metadata.outbox.forget(await _chosen(metadata, ids))

    out().print(f"{with_metadata(settings, work)} dead letters are deleted")


def _check_choice(ids: list[int] | None, everything: bool) -> None:
    if bool(ids) == everything:
        raise SettingsError("give the numbers of dead letters, or --all")


async def _chosen(metadata: Metadata, ids: list[int] | None) -> list[int]:
    """The numbers given, or those of all dead letters."""
    return ids or [letter.id for letter in await metadata.outbox.dead_letters(MOST)]
