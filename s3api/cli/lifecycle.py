"""`sixfold lifecycle`: apply the lifecycle rules now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s3api.cli.lazy import new_app
from s3api.cli.options import of_store
from s3api.cli.output import out
from s3api.cli.with_metadata import with_metadata
from s3api.settings import Settings

if TYPE_CHECKING:
    from metadata import Metadata

app = new_app("Lifecycle rules: run.")
_DONE = {
    "delete": "versions deleted permanently",
    "expire": "objects hidden by a delete marker",
    "move": "objects moved to another storage class",
    "abort": "multipart uploads aborted",
}


@app.callback()
def lifecycle() -> None:
    """Lifecycle rules: run."""  # a callback keeps `run` a subcommand of its own


@app.command("run")
@of_store
def run(settings: Settings) -> None:
    """Apply the lifecycle rules of all buckets once. A running gateway may do so at the same time."""
    done = with_metadata(settings, lambda metadata: _run(settings, metadata))
    for action, words in _DONE.items():
        out().print(f"{done.get(action, 0):>8} {words}")


async def _run(settings: Settings, metadata: Metadata) -> dict[str, int]:
    from metadata.bucket_settings import Buckets
    from s3api.serving.background import lifecycle_worker

    worker = lifecycle_worker(settings, metadata, Buckets(metadata), leading=False)
    return dict(await worker.run_once())
