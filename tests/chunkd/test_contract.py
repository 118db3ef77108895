"""The contract of `chunkd.Node`: every kind of node must pass it."""

from __future__ import annotations

import asyncio

import pytest

from chunkd import ChunkMissing, Node
from tests.chunkd.chunks import sealed, some_id, total


@pytest.mark.parametrize("size", [0, 1, 700, 65536, 65537, 1 << 20])
async def test_a_chunk_comes_back(node: Node, size: int) -> None:
    chunk_id, data = sealed(size)
    await node.put_many([(chunk_id, data)])
    assert bytes(await node.get(chunk_id)) == data


async def test_any_buffer_may_be_put(node: Node) -> None:
    chunk_id, data = sealed(300_000)
    other_id, other = sealed(100)
    view = memoryview(bytearray(b"xx" + data))[2:]
    await node.put_many([(chunk_id, view), (other_id, bytearray(other))])
    assert bytes(await node.get(chunk_id)) == data
    assert bytes(await node.get(other_id)) == other


async def test_a_missing_chunk_says_so(node: Node) -> None:
    for asked in (node.get(some_id()), node.get_range(some_id(), 0, 5), node.get_range(some_id(), 3, 3)):
        with pytest.raises(ChunkMissing) as caught:
            await asked
        assert caught.value.address == node.address


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 5), (7, 100), (100, 10_000), (0, 0), (5, 5), (9000, 9001), (9, 3)]
)
async def test_a_range_is_what_slicing_gives(node: Node, start: int, stop: int) -> None:
    chunk_id, data = sealed(700)
    await node.put_many([(chunk_id, data)])
    assert bytes(await node.get_range(chunk_id, start, stop)) == data[start:stop]


async def test_a_large_range(node: Node) -> None:
    chunk_id, data = sealed(1 << 20)
    await node.put_many([(chunk_id, data)])
    assert bytes(await node.get_range(chunk_id, 1000, 900_000)) == data[1000:900_000]


async def test_putting_again_replaces(node: Node) -> None:
    chunk_id, first = sealed(10)
    _, second = sealed(2000, chunk_id)
    await node.put_many([(chunk_id, first)])
    await node.put_many([(chunk_id, second)])
    assert bytes(await node.get(chunk_id)) == second


async def test_the_last_word_of_one_turn_counts(node: Node) -> None:
    chunk_id, first = sealed(10)
    _, second = sealed(20, chunk_id)
    gone_id, gone = sealed(10)
    futures = [
        node.put_many([(chunk_id, first), (gone_id, gone)]),
        node.delete_many([gone_id, chunk_id]),
        node.put_many([(chunk_id, second)]),
    ]
    for future in futures:
        await future
    assert bytes(await node.get(chunk_id)) == second
    with pytest.raises(ChunkMissing):
        await node.get(gone_id)


async def test_deleting_is_idempotent(node: Node) -> None:
    chunks = [sealed(50) for _ in range(5)]
    await node.put_many(chunks)
    await node.delete_many([chunks[0][0], some_id(), chunks[1][0]])
    await node.delete_many([chunks[0][0]])
    for chunk_id, _ in chunks[:2]:
        with pytest.raises(ChunkMissing):
            await node.get(chunk_id)
    assert bytes(await node.get(chunks[2][0])) == chunks[2][1]


async def test_nothing_to_do_is_done(node: Node) -> None:
    await node.put_many([])
    await node.delete_many([])


async def test_a_scan_sees_every_chunk(node: Node) -> None:
    chunks = [sealed(i) for i in range(250)]
    await node.put_many(chunks)
    seen: dict[bytes, int] = {}
    cursor, pages = b"", 0
    while cursor or not pages:
        page, cursor = await node.scan(cursor, 40)
        seen.update(page)
        pages += 1
    assert seen == {chunk_id: len(data) for chunk_id, data in chunks}
    assert pages > 1


async def test_a_scan_goes_on_where_its_cursor_was_deleted(node: Node) -> None:
    chunks = [sealed(10) for _ in range(200)]
    await node.put_many(chunks)
    page, cursor = await node.scan(b"", 50)
    await node.delete_many([chunk_id for chunk_id, _ in page])
    rest = {chunk_id for chunk_id, _ in chunks} - {chunk_id for chunk_id, _ in page}
    seen: set[bytes] = set()
    while cursor:
        page, cursor = await node.scan(cursor, 50)
        seen |= {chunk_id for chunk_id, _ in page}
    assert rest <= seen


async def test_usage_follows_puts_and_deletes(node: Node) -> None:
    before = await node.usage()
    chunks = [sealed(5000) for _ in range(20)]
    await node.put_many(chunks)
    held = await node.usage()
    assert held.chunks - before.chunks == 20
    assert held.used_bytes - before.used_bytes >= total(chunks)
    await node.delete_many([chunk_id for chunk_id, _ in chunks])
    await node.delete_many([chunk_id for chunk_id, _ in chunks])
    after = await node.usage()
    assert after.chunks == before.chunks
    assert after.used_bytes < held.used_bytes


async def test_ping_changes_nothing(node: Node) -> None:
    before = await node.usage()
    await node.ping()
    assert (await node.usage()).chunks == before.chunks
    page, cursor = await node.scan(b"", 10)
    while cursor:
        more, cursor = await node.scan(cursor, 10)
        page += more
    assert page == []


async def test_hundreds_at_once(node: Node) -> None:
    chunks = [sealed(700) for _ in range(400)] + [sealed(200_000) for _ in range(12)]
    await asyncio.gather(*(node.put_many([chunk]) for chunk in chunks))
    got = await asyncio.gather(*(node.get(chunk_id) for chunk_id, _ in chunks))
    assert [bytes(data) for data in got] == [data for _, data in chunks]


async def test_a_caller_who_gives_up_spoils_nothing(node: Node) -> None:
    chunks = [sealed(700) for _ in range(3)]

    async def put(number: int) -> None:
        await node.put_many([chunks[number]])

    tasks = [asyncio.create_task(put(number)) for number in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [outcomes[0], outcomes[2]] == [None, None]
    reading = node.get(chunks[0][0])
    reading.cancel()
    assert bytes(await node.get(chunks[2][0])) == chunks[2][1]
