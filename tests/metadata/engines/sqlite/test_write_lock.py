"""The lock between the processes that write to one SQLite database."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from metadata import Metadata, open_metadata
from metadata.engines.sqlite import runner
from metadata.engines.sqlite.write_lock import WriteLock
from metadata.errors import MetadataUnavailable, NoSuchBucket
from tests.metadata.made import NOW_US, new_object

HOLDS = """
import sys
from metadata.engines.sqlite.write_lock import WriteLock
WriteLock(sys.argv[1]).acquire(wait=True)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "metadata.sqlite3")


@pytest.fixture
def other(path: str) -> Iterator[WriteLock]:
    """The write lock of another process."""
    lock = WriteLock(path)
    yield lock
    lock.close()


@pytest.fixture
async def store(path: str) -> AsyncIterator[Metadata]:
    opened = await open_metadata(f"sqlite:///{path}", instance="lock")
    await opened.buckets.create("photos", region="us-east-1", owner="alice", now_us=NOW_US)
    yield opened
    await opened.close()


def test_one_at_a_time(path: str, other: WriteLock) -> None:
    lock = WriteLock(path)
    assert other.acquire(wait=False)
    assert not lock.acquire(wait=False)
    other.release()
    assert lock.acquire(wait=False)
    assert lock.acquire(wait=True)  # held already
    assert not other.acquire(wait=False)
    lock.close()
    lock.close()
    assert other.acquire(wait=False)


def test_a_process_that_dies_releases_the_lock(path: str, other: WriteLock) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert not other.acquire(wait=False)
        holder.kill()
        assert other.acquire(wait=True)


async def test_writes_wait_for_the_lock_and_share_a_commit(store: Metadata, other: WriteLock) -> None:
    assert other.acquire(wait=False)
    commits: list[int] = []
    store.watch(lambda batch, _: commits.append(len(batch)))
    writes = [asyncio.ensure_future(store.objects.put(new_object(f"k{at}"))) for at in range(3)]
    done, _ = await asyncio.wait(writes, timeout=0.1)
    assert not done
    assert (await store.buckets.get("photos")).name == "photos"  # readers wait for nobody
    other.release()
    await asyncio.gather(*writes)
    assert commits == [3]
    assert other.acquire(wait=False)  # it was released


async def test_a_lock_that_stays_taken(
    store: Metadata, other: WriteLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "BUSY_MS", 50)
    assert other.acquire(wait=False)
    with pytest.raises(MetadataUnavailable, match="locked by another process"):
        await store.objects.put(new_object("k"))
    with pytest.raises(MetadataUnavailable, match="locked by another process"):
        await store.objects.put(new_object("k"))
    other.release()
    await store.objects.put(new_object("k"))


async def test_a_failed_batch_releases_the_lock(store: Metadata, other: WriteLock) -> None:
    with pytest.raises(NoSuchBucket):
        await store.objects.put(new_object("k", bucket="no-such"))
    assert other.acquire(wait=False)
