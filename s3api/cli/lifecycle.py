"""`sixfold lifecycle`: apply the lifecycle rules now."""

from __future__ import annotations

import asyncio

import typer

from metadata.bucket_settings import Buckets
from s3api.cli.options import Config, Data, Database
from s3api.cli.output import out
from s3api.serving.background import lifecycle_worker
from s3api.settings import Settings, load
from s3api.store import opened_metadata

app = typer.Typer(help="Lifecycle rules.", no_args_is_help=True)
_DONE = {
    "delete": "deleted for good",
    "expire": "hidden by a delete marker",
    "move": "moved to another storage class",
    "abort": "uploads aborted",
}


@app.callback()
def lifecycle() -> None:
    """One group, so that `run` stays a word of its own."""


@app.command("run")
def run(config: Config = None, data: Data = None, database: Database = None) -> None:
    """Go through all buckets that have rules, once, and do what is due. A running gateway may do the same
    meanwhile.
    """
    done = asyncio.run(_run(load(config=config, data=data, database=database)))
    for action, words in _DONE.items():
        out().print(f"{done.get(action, 0):>8} {words}")


async def _run(settings: Settings) -> dict[str, int]:
    async with opened_metadata(settings) as metadata:
        worker = lifecycle_worker(settings, metadata, Buckets(metadata), leading=False)
        return dict(await worker.run_once())
