"""Processes that are killed, and many processes at once: what was acknowledged is there, and the tables
agree.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from itertools import pairwise

import pytest

from metadata import Metadata, open_metadata
from metadata.errors import MetadataError, PreconditionFailed
from metadata.records import Conditions
from tests.metadata.made import NOW_US, check_consistent, content, doomed, new_object, query

# Writes without end, 16 at a time, and tells each key once it is acknowledged.
WRITER = """
import asyncio, itertools, sys
from metadata import open_metadata
from tests.metadata.made import content, new_object

async def main(url, name):
    store = await open_metadata(url, instance=name)
    async def one(at):
        key = f"{name}/{at:06}"
        await store.objects.put(new_object(key, content(5, 6) if at % 5 == 0 else None))
        if at % 3 == 0:
            await store.objects.put(new_object(key))
        print(key, flush=True)
    for base in itertools.count(0, 16):
        await asyncio.gather(*(one(base + at) for at in range(16)))

asyncio.run(main(*sys.argv[1:]))
"""

# One conditional write of a key that many others want too.
RIVAL = """
import asyncio, sys
from metadata import open_metadata
from metadata.errors import PreconditionFailed
from metadata.records import Conditions
from tests.metadata.made import new_object

async def main(url):
    store = await open_metadata(url, instance="rival")
    print("ready", flush=True)
    sys.stdin.readline()
    writes = (store.objects.put(new_object("one"), Conditions(if_none_match="*")) for _ in range(25))
    results = await asyncio.gather(*writes, return_exceptions=True)
    others = [each for each in results if each is not None and not isinstance(each, PreconditionFailed)]
    print(results.count(None), len(others), others[:1], flush=True)
    await store.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def started(program: str, *arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


async def read_lines(process: Process, most: int) -> list[str]:
    assert process.stdout is not None
    lines: list[str] = []
    while len(lines) < most and (line := await process.stdout.readline()).endswith(b"\n"):
        lines.append(line.decode().strip())
    return lines


async def test_a_killed_process_loses_nothing_that_it_acknowledged(store: Metadata, url: str) -> None:
    for turn in range(3):
        writers = [await started(WRITER, url, f"w{turn}{each}") for each in range(2)]
        told = await asyncio.gather(*(read_lines(writer, 120 + 37 * turn) for writer in writers))
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        rest = await asyncio.gather(*(read_lines(writer, 1 << 30) for writer in writers))
        await asyncio.gather(*(writer.wait() for writer in writers))
        there = {row[0] for row in query(url, "SELECT key FROM object")}
        assert {key for keys in (*told, *rest) for key in keys} <= there
        check_consistent(url)
    await store.objects.put(new_object("after"))


async def test_of_a_hundred_conditional_writes_in_four_processes_one_wins(store: Metadata, url: str) -> None:
    rivals = [await started(RIVAL, url) for _ in range(4)]
    await asyncio.gather(*(read_lines(rival, 1) for rival in rivals))
    for rival in rivals:
        assert rival.stdin is not None
        rival.stdin.write(b"go\n")
    told = await asyncio.gather(*(read_lines(rival, 1) for rival in rivals))
    await asyncio.gather(*(rival.wait() for rival in rivals))
    assert sorted(int(line[0].split()[0]) for line in told) == [0, 0, 0, 1]
    assert [line[0].split()[1] for line in told] == ["0"] * 4
    assert query(url, "SELECT count(*) FROM blob") == [(1,)]


async def test_of_a_hundred_conditional_writes_in_one_process_one_wins(store: Metadata) -> None:
    only = Conditions(if_none_match="*")
    results = await asyncio.gather(
        *(store.objects.put(new_object("one"), only) for _ in range(100)), return_exceptions=True
    )
    assert results.count(None) == 1
    assert sum(isinstance(each, PreconditionFailed) for each in results) == 99


async def test_many_stores_swap_one_key(store: Metadata, url: str) -> None:
    """Compare and swap: each of ten ETags is followed by one winner, whoever asks."""
    stores = [await open_metadata(url, instance=f"s{at}") for at in range(4)]
    etags = [f"{at:032x}" for at in range(11)]
    await store.objects.put(new_object("one", etag=etags[0]))
    for old, new in pairwise(etags):
        writes = (
            each.objects.put(new_object("one", etag=new), Conditions(if_match=old))
            for each in stores
            for _ in range(3)
        )
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert results.count(None) == 1, results
        assert all(each is None or isinstance(each, PreconditionFailed) for each in results)
    await asyncio.gather(*(each.close() for each in stores))


async def test_copies_against_deletes_from_several_stores(store: Metadata, url: str) -> None:
    """The copy has the bytes, or is told that they are gone: never a row without a living blob."""
    from tests.metadata.made import shared

    stores = [await open_metadata(url, instance=f"s{at}") for at in range(3)]
    for turn in range(25):
        new = new_object("source", content(9, 9) if turn % 2 else None)
        await store.objects.put(new)
        piece = shared(list(new.content.extents))
        results = await asyncio.gather(
            stores[0].objects.put(new_object(f"copy{turn}", piece)),
            stores[1].objects.delete("photos", "source"),
            stores[2].objects.put(new_object("copy", piece)),
            stores[2].objects.delete("photos", f"copy{turn - 1}"),
            return_exceptions=True,
        )
        assert {type(each).__name__ for each in results} <= {"NoneType", "Deleted", "BlobGone"}, results
    await asyncio.gather(*(each.close() for each in stores))
    check_consistent(url)


async def test_buckets_deleted_while_others_write(store: Metadata, url: str) -> None:
    stores = [await open_metadata(url, instance=f"s{at}") for at in range(2)]
    for _ in range(15):
        await store.buckets.create("short", region="r", owner="alice", now_us=NOW_US)
        results = await asyncio.gather(
            stores[0].buckets.delete("short"),
            *(stores[1].objects.put(new_object(f"{at}", bucket="short")) for at in range(3)),
            return_exceptions=True,
        )
        names = [type(each).__name__ for each in results]
        assert names[0] in ("NoneType", "BucketNotEmpty"), results
        assert set(names[1:]) <= {"NoneType", "NoSuchBucket"}, results
        if names[0] == "NoneType":
            assert set(names[1:]) == {"NoSuchBucket"}
        else:
            await store.objects.delete_many("short", [doomed(f"{at}") for at in range(3)])
            await store.buckets.delete("short")
    await asyncio.gather(*(each.close() for each in stores))


async def test_several_processes_open_an_empty_database_at_once(url: str) -> None:
    opened = await asyncio.gather(*(open_metadata(url, instance=f"s{at}") for at in range(4)))
    await asyncio.gather(*(each.ping() for each in opened), *(each.close() for each in opened[1:]))
    programs = [await started(RIVAL, url) for _ in range(2)]
    assert await asyncio.gather(*(read_lines(each, 1) for each in programs)) == [["ready"]] * 2
    for each in programs:
        each.kill()
        await each.wait()
    await opened[0].close()


def test_urls_that_are_no_store() -> None:
    for url in ("sqlite://", "sqlite:///:memory:", "mysql://u:secret@h/d"):
        with pytest.raises(ValueError) as told:
            asyncio.run(open_metadata(url, instance="x"))
        assert "secret" not in str(told.value)


def test_a_database_that_does_not_answer_names_no_password() -> None:
    with pytest.raises(MetadataError) as told:
        asyncio.run(open_metadata("postgresql://u:secret@127.0.0.1:1/d", instance="x"))
    assert "secret" not in f"{told.value!r} {told.value.__cause__!r}"
