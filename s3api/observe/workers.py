"""The workers of one gateway tell each other what they have counted, by files in a directory of theirs.

Each writes its own once a second, and a last time when it ends; whichever is asked for metrics adds the
others'. The counters of a worker that is no more still count (they must never go back), its gauges do not.
One worker alone needs none of it.
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

from s3api.observe.exposition import Family, parcel

VARIABLE = "SIXFOLD_WORKERS_DIRECTORY"
"""Where the process that starts the workers tells them of the directory."""
EVERY_S = 1.0
_PREFIX = "workers-"


@contextmanager
def shared_directory(base: Path) -> Iterator[Path]:
    """A directory for the workers that this process starts; what a killed one has left is removed."""
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
    """What the other workers have counted. `directory` None: there are none."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    @asynccontextmanager
    async def telling(self, count: Callable[[], list[Family]]) -> AsyncIterator[None]:
        """Tell the others meanwhile."""
        if self._directory is None:
            yield
            return
        task = asyncio.create_task(self._keep_telling(count), name="telling workers")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            self.tell(count())

    def tell(self, families: list[Family]) -> None:
        if self._directory is not None:
            path = self._directory / str(os.getpid())
            told = {"all": parcel(families), "counters": parcel(families, counters_only=True)}
            with suppress(FileNotFoundError):  # the process that started us has ended first
                path.with_suffix(".new").write_bytes(orjson.dumps(told))
                path.with_suffix(".new").rename(path)

    def reload(self) -> None:
        """Have the process that started us tell all of us to read the settings again."""
        if self._directory is not None:
            os.kill(os.getppid(), signal.SIGHUP)

    def told(self) -> Iterator[Mapping[str, Mapping[str, float]]]:
        """By each of the others."""
        for path in self._directory.glob("[0-9]*") if self._directory is not None else ():
            if path.suffix or path.name == str(os.getpid()):
                continue
            with suppress(FileNotFoundError):
                found = orjson.loads(path.read_bytes())
                yield found["all" if _is_alive(path.name) else "counters"]

    async def _keep_telling(self, count: Callable[[], list[Family]]) -> None:
        while True:
            self.tell(count())
            await asyncio.sleep(EVERY_S)


def own_siblings() -> Siblings:
    """Those of this process, a worker."""
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
