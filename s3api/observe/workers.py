"""Metrics of several workers: the workers of one gateway share their counts by files in a directory.

Each worker writes its file once a second and when it ends. The worker that answers a request for metrics adds
the files of the others. Counters of an ended worker still count, since counters must never decrease; its
gauges do not. A single worker needs no directory.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import orjson

from s3api.observe.exposition import Family, samples_to_share

VARIABLE = "SIXFOLD_WORKERS_DIRECTORY"
"""The environment variable with the directory, set by the process that starts the workers."""
EVERY_S = 1.0
_PREFIX = "workers-"


@contextmanager
def shared_directory(base: Path) -> Iterator[Path]:
    """Create the directory for the workers of this process. Removes those of killed processes."""
    for left in base.glob(_PREFIX + "*"):
        if not _is_alive(left.name.removeprefix(_PREFIX)):
            shutil.rmtree(left, ignore_errors=True)
    path = base / f"{_PREFIX}{os.getpid()}"
    path.mkdir(mode=0o700)
    os.environ[VARIABLE] = str(path)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Siblings:
    """The counts of the other workers. `directory` None: there is only one worker."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    @asynccontextmanager
    async def sharing(self, count: Callable[[], list[Family]]) -> AsyncIterator[None]:
        """Write this worker's file once a second while the context is open."""
        if self._directory is None:
            yield
            return
        task = asyncio.create_task(self._keep_writing(count), name="sharing counts")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            self.write(count())

    def write(self, families: list[Family]) -> None:
        """Write this worker's file."""
        if self._directory is not None:
            path = self._directory / str(os.getpid())
            shared = {
                "all": samples_to_share(families),
                "counters": samples_to_share(families, counters_only=True),
            }
            with suppress(FileNotFoundError):  # the process that started us has ended first
                path.with_suffix(".new").write_bytes(orjson.dumps(shared))
                path.with_suffix(".new").rename(path)

    def reload(self) -> None:
        """Send SIGHUP to the parent process, which makes all workers read the settings again."""
        if self._directory is not None:
            os.kill(os.getppid(), signal.SIGHUP)

    def counts(self) -> Iterator[Mapping[str, Mapping[str, float]]]:
        """Yield the counts of each other worker."""
        for path in self._directory.glob("[0-9]*") if self._directory is not None else ():
            if path.suffix or path.name == str(os.getpid()):
                continue
            with suppress(FileNotFoundError):
                found = orjson.loads(path.read_bytes())
                yield found["all" if _is_alive(path.name) else "counters"]

    async def _keep_writing(self, count: Callable[[], list[Family]]) -> None:
        while True:
            self.write(count())
            await asyncio.sleep(EVERY_S)


def own_siblings() -> Siblings:
    """The siblings of this worker process."""
    named = os.environ.get(VARIABLE)
    return Siblings(Path(named) if named else None)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
