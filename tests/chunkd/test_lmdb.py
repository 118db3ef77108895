"""LMDB nodes: one commit per turn of the loop, durability, shared environments."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import stat
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from chunkd import NodeDown, NodeFull, lmdb_files, open_node
from chunkd.lmdb import LmdbNode
from tests.chunkd.chunks import sealed
from tests.chunkd.conftest import OpenNode
from tests.garbage import collected_after

WRITER = """
import asyncio, sys
from pathlib import Path
from chunkd import frame, open_node

async def main():
    nodes = [await open_node(f"lmdb:nodes#{i}", base=Path(sys.argv[1])) for i in range(2)]
    number = 0
    async def one(number):
        chunk_id = number.to_bytes(21, "big")
        await nodes[number % 2].put_many([(chunk_id, frame.encode(chunk_id, b"x" * (number % 7 * 9000)))])
        print(number, flush=True)
    while True:
        await asyncio.gather(*(one(number + i) for i in range(16)))
        number += 16

asyncio.run(main())
"""


@pytest.fixture(params=["nodes", "exclusive"])
def where(request: pytest.FixtureRequest) -> str:
    """An environment shared with other processes, and an exclusive one."""
    return str(request.param)


async def _six(opened: OpenNode, where: str) -> list[LmdbNode]:
    nodes = [await opened(f"lmdb:{where}#{number}") for number in range(6)]
    return [node for node in nodes if isinstance(node, LmdbNode)]


async def test_all_writes_of_one_turn_over_all_nodes_are_one_transaction(
    opened: OpenNode, where: str
) -> None:
    nodes = await _six(opened, where)
    environment = nodes[0]._environment
    assert environment is not None
    before = environment.commits
    futures = [node.put_many([sealed(700)]) for node in nodes for _ in range(16)]
    assert len(set(map(id, futures))) == 1
    await asyncio.gather(*futures)
    assert environment.commits == before + 1


@pytest.mark.parametrize("slow", [False, True])
async def test_threaded_and_inline_commits_store_the_same(
    opened: OpenNode, where: str, *, slow: bool
) -> None:
    nodes = await _six(opened, where)
    environment = nodes[0]._environment
    assert environment is not None
    if slow:
        environment.commit_s = environment._probed_s = 1e9
    small, large = sealed(700), [sealed(1 << 20) for _ in range(40)]
    puts = [nodes[0].put_many([small])]
    puts += [nodes[number % 6].put_many([chunk]) for number, chunk in enumerate(large)]
    assert len(set(map(id, puts))) > 1
    await asyncio.gather(*puts)
    assert await nodes[0].get(small[0]) == small[1]
    for number, (chunk_id, data) in enumerate(large):
        assert await nodes[number % 6].get(chunk_id) == data


async def test_every_acknowledged_chunk_survives_a_killed_process(tmp_path: Path, opened: OpenNode) -> None:
    writer = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, str(tmp_path), stdout=PIPE)
    assert writer.stdout is not None
    acknowledged = [int(await writer.stdout.readline()) for _ in range(1000)]
    writer.send_signal(signal.SIGKILL)
    acknowledged += [
        int(line) for line in (await writer.stdout.read()).splitlines(keepends=True) if line[-1:] == b"\n"
    ]
    await writer.wait()
    nodes = [await opened(f"lmdb:nodes#{number}") for number in range(2)]
    from chunkd import frame

    for number in acknowledged:
        chunk_id = number.to_bytes(21, "big")
        framed = await nodes[number % 2].get(chunk_id)
        assert len(frame.decode(chunk_id, framed)) == number % 7 * 9000


async def test_readers_see_whole_commits_while_the_thread_commits(opened: OpenNode, where: str) -> None:
    nodes = await _six(opened, where)
    kept = [sealed(700) for _ in range(50)]
    await asyncio.gather(*(nodes[i % 6].put_many([chunk]) for i, chunk in enumerate(kept)))
    for turn in range(60):
        news = [sealed(3000) for _ in range(30)]
        puts = [nodes[i % 6].put_many([chunk]) for i, chunk in enumerate(news)]
        while not all(put.done() for put in puts):
            for i, (chunk_id, data) in enumerate(kept):
                assert bytes(await nodes[i % 6].get(chunk_id)) == data
            await asyncio.sleep(0)
        for i, (chunk_id, _) in enumerate(news[turn % 3 :: 2], turn % 3):
            await nodes[i % 6].delete_many([chunk_id])


async def test_an_exclusive_environment_keeps_other_processes_out(tmp_path: Path, opened: OpenNode) -> None:
    await opened("lmdb:exclusive#one")
    code = "import asyncio, sys; from pathlib import Path; from chunkd import open_node, NodeInUse\n"
    code += "try: asyncio.run(open_node('lmdb:exclusive#one', base=Path(sys.argv[1])))\n"
    code += "except NodeInUse as why: print(why)"
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(tmp_path), stdout=PIPE)
    said, _ = await other.communicate()
    assert b"another process has these files open" in said


async def test_a_node_added_while_the_thread_commits(opened: OpenNode) -> None:
    nodes = await _six(opened, "exclusive")
    puts = [nodes[i % 6].put_many([sealed(700)]) for i in range(64)]
    await asyncio.sleep(0)
    seventh = await opened("lmdb:exclusive#7")
    await asyncio.gather(*puts, seventh.put_many([sealed(700)]))


async def test_chunks_outlive_the_node(tmp_path: Path) -> None:
    chunk_id, data = sealed(700)
    for turn in range(2):
        node = await open_node("lmdb:nodes#one", base=tmp_path)
        if turn == 0:
            await node.put_many([(chunk_id, data)])
        assert bytes(await node.get(chunk_id)) == data
        await node.close()
    assert stat.S_IMODE((tmp_path / "nodes").stat().st_mode) == 0o700


async def test_close_finishes_what_was_accepted(tmp_path: Path) -> None:
    node = await open_node("lmdb:nodes#one", base=tmp_path)
    chunk = sealed(2 << 20)
    accepted = node.put_many([chunk])
    await node.close()
    assert accepted.done()
    node = await open_node("lmdb:nodes#one", base=tmp_path)
    assert bytes(await node.get(chunk[0])) == chunk[1]
    await node.close()


async def _put_until(node: LmdbNode, total_bytes: int, size: int) -> None:
    for _ in range(40):
        await node.put_many([sealed(size) for _ in range(total_bytes // 40 // size + 1)])


@pytest.mark.parametrize("size", [700, 1 << 20])
async def test_a_full_map_is_a_full_node(tmp_path: Path, size: int) -> None:
    node = await LmdbNode.open("lmdb:x#one", tmp_path / "x", "one", map_bytes=4 << 20)
    kept = sealed(700)
    await node.put_many([kept])
    with pytest.raises(NodeFull):
        await _put_until(node, 8 << 20, size)
    assert await node.get(kept[0]) == kept[1]
    await node.close()


async def test_a_node_is_opened_while_others_are_written_to_without_a_pause(
    opened: OpenNode, where: str
) -> None:
    nodes = await _six(opened, where)
    writing = True

    async def write(node: LmdbNode) -> None:
        while writing:
            await node.put_many([sealed(60_000)])

    writers = []
    for _ in range(4):  # by turns: some gather while others are committed
        writers += [asyncio.create_task(write(node)) for node in nodes]
        await asyncio.sleep(0.0005)
    try:
        async with asyncio.timeout(10):
            for number in range(6, 12):
                node = await opened(f"lmdb:{where}#{number}")
                chunk_id, data = sealed(1000)
                await node.put_many([(chunk_id, data)])
                assert await node.get(chunk_id) == data
    finally:
        writing = False
        await asyncio.gather(*writers)


async def test_commits_in_the_thread_leave_nothing_to_the_collector(opened: OpenNode, where: str) -> None:
    nodes = await _six(opened, where)

    async def rounds() -> None:
        for _ in range(50):
            await asyncio.gather(*(node.put_many([sealed(60_000)]) for node in nodes))

    await rounds()
    assert await collected_after(rounds()) < 50


async def test_capacity_is_split_among_the_nodes(opened: OpenNode, tmp_path: Path) -> None:
    nodes = await _six(opened, "nodes")
    disk = os.statvfs(tmp_path)
    capacities = [(await node.usage()).capacity_bytes or 0 for node in nodes]
    # Others write to the disk while the nodes are asked one after the other.
    assert capacities == pytest.approx([disk.f_bavail * disk.f_frsize / 6] * 6, rel=0.05)


async def test_a_path_that_cannot_be_is_down(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(NodeDown):
        await open_node("lmdb:file#one", base=tmp_path)


def _open_with_little_address_space(path: str) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    opened = lmdb_files.open_files(Path(path), lmdb_files.MAP_BYTES, locks=True)
    os._exit(0 if opened.info()["map_size"] >= lmdb_files.SMALLEST_MAP_BYTES else 1)


def test_little_address_space_gives_a_smaller_map(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_open_with_little_address_space, args=(str(tmp_path / "x"),))
    process.start()
    process.join(20)
    assert process.exitcode == 0
