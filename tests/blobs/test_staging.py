"""Staged blobs survive a crash at every step, and reach the nodes in the end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import lmdb
import pytest

from chunkd import NodeFull
from chunkd.lmdb_environment import Environment
from metadata import Metadata, open_metadata
from metadata.errors import MetadataUnavailable, PreconditionFailed
from metadata.records import NO_CONDITIONS, Conditions, Content
from metadata.stores.blobs import StagingStore
from s3api.blobs import BlobStore
from s3api.blobs.staging import FLUSH_AT_BYTES, STAGED_BYTES
from s3api.settings import BlobSettings, NodeSettings
from tests.blobs.cluster_of import body_of
from tests.blobs.test_store import Md5
from tests.crash.remains import Chunks, lying_about, referred_to
from tests.metadata.made import new_object, query

BUCKET = "photos"
SIZES = (1, 700, STAGED_BYTES)


class Opened:
    """A store over one LMDB environment, which flushes only when a test calls it."""

    def __init__(self, data: Path, metadata: Metadata, blobs: BlobStore) -> None:
        self.data, self.metadata, self.blobs = data, metadata, blobs
        self.staging = blobs._writer.staging

    @property
    def environment(self) -> Environment:
        (found,) = Environment.shared.values()
        return found

    def staged(self) -> int:
        return int(query(f"sqlite:///{self.data / 'metadata.sqlite3'}", "SELECT count(*) FROM staged")[0][0])

    async def put(self, key: str, data: bytes, conditions: Conditions = NO_CONDITIONS) -> Content:
        content = await self.blobs.write(body_of(data), Md5())
        await self.metadata.objects.put(new_object(key, content), conditions)
        return content

    async def get(self, key: str) -> bytes:
        found = await self.metadata.objects.get(BUCKET, key)
        assert found.extent is not None
        return bytes(await self.blobs.read_small(found.extent, 0, found.size))

    async def files(self) -> Chunks:
        """The chunks in LMDB's files."""
        return {
            (status.id, name)
            for status in self.blobs.cluster.status()
            for name in self._names(self.blobs.cluster.node(status.id))
        }

    def _names(self, node: object) -> list[bytes]:
        with self.environment.lmdb.begin() as transaction:
            return [bytes(name) for name, _ in transaction.cursor(node.db)]  # type: ignore[attr-defined]


@asynccontextmanager
async def opened(data: Path, *, exclusive: bool = True) -> AsyncIterator[Opened]:
    metadata = await open_metadata(f"sqlite:///{data / 'metadata.sqlite3'}", instance="staging")
    for number in range(1, 7):
        if len(await metadata.nodes.list()) < number:
            await metadata.nodes.add(f"lmdb:chunks#{number}", capacity_bytes=None, now_us=1)
    blobs = await BlobStore.open(
        metadata,
        BlobSettings(reap_after_s=0, cache_bytes=0),
        NodeSettings(refresh_s=3600),
        base=data,
        exclusive=exclusive,
        holder="x",
    )
    try:
        yield Opened(data, metadata, blobs)
    finally:
        await blobs.close()
        await metadata.close()


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Opened]:
    monkeypatch.setattr("s3api.blobs.staging.FLUSH_EVERY_S", 3600)
    async with opened(tmp_path) as made:
        await made.metadata.buckets.create(BUCKET, region="us-east-1", owner="alice", now_us=1)
        yield made


@pytest.mark.parametrize("size", SIZES)
async def test_bytes_are_served_before_and_after_they_are_flushed(store: Opened, size: int) -> None:
    data = os.urandom(size)
    content = await store.put("k", data)
    assert content.staged is not None
    assert store.staged() == 1
    assert not await store.files()
    assert await store.get("k") == data
    assert sum(status.chunks for status in store.blobs.cluster.status()) == 8
    await store.staging.flush()
    assert store.staged() == 0
    assert await store.files() == referred_to(store.data)
    assert await store.get("k") == data


async def test_what_is_large_is_not_staged(store: Opened) -> None:
    assert (await store.put("k", os.urandom(STAGED_BYTES + 1))).staged is None
    assert await store.files() == referred_to(store.data)


async def test_much_staged_is_flushed_at_once(store: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    commits, settled_between, forgotten = (
        store.environment.commits,
        StagingStore.remove_between,
        asyncio.Event(),
    )

    async def told(*given: Any) -> None:
        await settled_between(*given)
        forgotten.set()

    monkeypatch.setattr(StagingStore, "remove_between", told)
    for number in range(FLUSH_AT_BYTES // STAGED_BYTES):
        assert (await store.put(str(number), os.urandom(STAGED_BYTES))).staged is not None
    async with asyncio.timeout(10):
        await forgotten.wait()
    assert store.staged() == 0
    assert store.environment.commits == commits + 1
    assert await store.files() == referred_to(store.data)


async def test_where_too_much_is_staged_it_is_written(store: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chunkd.lmdb_environment.MOST_STAGED_BYTES", 1)
    assert (await store.put("one", b"x" * 100)).staged is not None
    assert (await store.put("two", b"x" * 100)).staged is None


async def test_a_refused_write_leaves_nothing(store: Opened) -> None:
    await store.put("k", b"first")
    content = await store.blobs.write(body_of(b"second"), Md5())
    with pytest.raises(PreconditionFailed):
        await store.metadata.objects.put(new_object("k", content), Conditions(if_none_match="*"))
    await store.blobs.drop(content)
    assert store.staged() == 1
    await store.staging.flush()
    assert await store.files() == referred_to(store.data)


async def test_a_failed_flush_is_repeated(store: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    fill = Environment._fill
    await store.put("one", b"1")

    def full(self: Environment, batch: object) -> object:
        raise lmdb.MapFullError

    monkeypatch.setattr(Environment, "_fill", full)
    with pytest.raises(NodeFull):
        await store.staging.flush()
    assert store.staged() == 1
    assert await store.get("one") == b"1"
    monkeypatch.setattr(Environment, "_fill", fill)
    await store.staging.flush()
    assert store.staged() == 0
    assert await store.files() == referred_to(store.data)


async def test_a_scan_sees_what_is_staged(store: Opened) -> None:
    await store.put("k", b"x" * 100)
    assert await lying_about(store.blobs) == referred_to(store.data)


# A second worker over the same files: it answers each line of its input.
OTHER = """
import asyncio, sys
from pathlib import Path
import s3api.blobs.staging as staging
from tests.blobs.test_staging import opened

async def main():
    staging.FLUSH_EVERY_S = 3600
    async with opened(Path(sys.argv[1]), exclusive=False) as store:
        print("ready", flush=True)
        while command := (await asyncio.to_thread(sys.stdin.readline)).split():
            if command[0] == "put":
                await store.put(command[1], command[2].encode())
            print((await store.get(command[1])).decode(), flush=True)

asyncio.run(main())
"""


class Other:
    """Another process over the same files, which flushes nothing by itself."""

    def __init__(self, process: Process) -> None:
        self.process = process

    async def ask(self, *words: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(words).encode() + b"\n")
        return await self.hear()

    async def hear(self) -> str:
        assert self.process.stdout is not None
        return (await self.process.stdout.readline()).decode().strip()


@pytest.fixture
async def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Opened, Other]]:
    """This process as one worker, and a process as the other."""
    monkeypatch.setattr("s3api.blobs.staging.FLUSH_EVERY_S", 3600)
    async with opened(tmp_path, exclusive=False) as store:
        await store.metadata.buckets.create(BUCKET, region="us-east-1", owner="alice", now_us=1)
        process = await create_subprocess_exec(
            sys.executable, "-c", OTHER, str(tmp_path), stdin=PIPE, stdout=PIPE
        )
        other = Other(process)
        assert await other.hear() == "ready"
        yield store, other
        if process.returncode is None:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()


async def test_another_worker_reads_what_is_staged_here(shared: tuple[Opened, Other]) -> None:
    store, other = shared
    await store.put("here", b"staged-here")
    assert await other.ask("put", "there", "staged-there") == "staged-there"
    assert not await store.files()
    assert await other.ask("get", "here") == "staged-here"
    assert await store.get("there") == b"staged-there"
    content = await store.put("range", b"0123456789")
    found = [bytes(piece) async for piece in await store.blobs.open_range(content.extents, 3, 6)]
    assert b"".join(found) == b"345"
    assert not query(f"sqlite:///{store.data / 'metadata.sqlite3'}", "SELECT * FROM repair")


async def test_a_worker_forgets_what_it_has_staged_itself(shared: tuple[Opened, Other]) -> None:
    store, other = shared
    for at in range(3):  # by turns: each has ids between those of the other
        await store.put(f"here/{at}", b"here")
        await other.ask("put", f"there/{at}", "there")
    await store.staging.flush()
    assert store.staged() == 3
    assert await other.ask("get", "here/1") == "here"
    assert await store.get("there/1") == b"there"


async def test_what_a_killed_worker_had_staged_is_there(shared: tuple[Opened, Other]) -> None:
    store, other = shared
    await store.put("here", b"here")
    await other.ask("put", "there", "there")
    other.process.kill()
    await other.process.wait()
    assert await store.get("there") == b"there"
    async with opened(store.data, exclusive=False) as _:  # who takes its place
        assert store.staged() == 0
    await store.staging.flush()
    assert await store.files() == referred_to(store.data)
    assert await store.get("there") == b"there"
    assert await store.get("here") == b"here"


async def test_a_blob_that_is_gone_is_not_brought_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.metadata.buckets.create(BUCKET, region="us-east-1", owner="alice", now_us=1)
    query(f"sqlite:///{tmp_path / 'metadata.sqlite3'}", "INSERT INTO staged VALUES (x'01', x'02')")
    async with opened(tmp_path) as store:
        assert store.staged() == 0
        assert not await store.files()


# Each is a moment at which the process is killed: it has put 40 objects, and overwritten half of them.
DIES = {
    "when they are acknowledged": "",
    "within LMDB's commit": "Environment._finish = dies",
    "when the nodes have them": "StagingStore.remove_between = StagingStore.remove = dies",
    "when the bytes are forgotten": "pass",
}
DYING = """
import asyncio, os, signal, sys
from pathlib import Path
from chunkd.lmdb_environment import Environment
from metadata.stores.blobs import StagingStore
import s3api.blobs.staging as staging
from tests.blobs.test_staging import BUCKET, opened

def dies(*_):
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    staging.FLUSH_EVERY_S = 3600
    async with opened(Path(sys.argv[1]), exclusive=ALONE) as store:
        await store.metadata.buckets.create(BUCKET, region="us-east-1", owner="alice", now_us=1)
        for turn, keys in enumerate((range(40), range(20))):
            await asyncio.gather(*(store.put(str(key), b"%d of %d" % (turn, key)) for key in keys))
        print("acknowledged", flush=True)
        FAULT
        if "FAULT":
            await store.staging.flush()
        dies()

asyncio.run(main())
"""


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("when", DIES)
async def test_killed(tmp_path: Path, when: str, alone: bool) -> None:
    code = DYING.replace("FAULT", DIES[when]).replace("ALONE", str(alone))
    process = await create_subprocess_exec(sys.executable, "-c", code, str(tmp_path), stdout=PIPE)
    said, _ = await process.communicate()
    assert (said, process.returncode) == (b"acknowledged\n", -signal.SIGKILL)
    async with opened(tmp_path, exclusive=alone) as store:
        assert store.staged() == 0
        for key in range(40):
            assert await store.get(str(key)) == b"%d of %d" % (key < 20, key)
        await store.blobs.maintenance.collect_garbage()
        assert await store.files() == referred_to(store.data)
    async with opened(tmp_path) as store:  # once more: there is nothing left to recover
        assert await store.get("0") == b"1 of 0"


async def test_recovering_twice_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = DYING.replace("FAULT", "").replace("ALONE", "True")
    process = await create_subprocess_exec(sys.executable, "-c", code, str(tmp_path), stdout=PIPE)
    await process.communicate()

    async def forgets_nothing(*_: object) -> None:
        raise MetadataUnavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(StagingStore, "remove", forgets_nothing)
        async with opened(tmp_path) as store:
            assert store.staged() == 60  # and those of what was overwritten
            assert (await store.put("late", b"late")).staged is None  # nothing is staged before that is done
    async with opened(tmp_path) as store:
        assert store.staged() == 0
        await store.blobs.maintenance.collect_garbage()
        assert await store.files() == referred_to(tmp_path)
        assert await store.get("39") == b"0 of 39"
