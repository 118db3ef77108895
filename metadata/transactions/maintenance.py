"""Transactions of background work and administration: intents, garbage, repairs, nodes, keys, leases."""

from __future__ import annotations

from collections.abc import Sequence

from metadata.errors import BlobGone, NodeExists, NoSuchAccessKey, NoSuchNode
from metadata.queries.contents import Contents
from metadata.queries.maintenance import AccessKeys, BlobQueues, Leases, Nodes
from metadata.queries.statements import Retry, Transaction, repeatable
from metadata.records import AccessKey, MissingChunk, NodeRow
from metadata.rows import Row, pack_nodes, unpack_nodes
from metadata.transactions.contents import repair_values


@repeatable
def begin_blobs(ids: Sequence[bytes], now_us: int) -> Transaction[None]:
    yield BlobQueues.begin.each({"blob_id": id_, "touched_us": now_us} for id_ in ids)


@repeatable
def touch_blobs(ids: Sequence[bytes], now_us: int) -> Transaction[None]:
    yield BlobQueues.touch.each({"at_blob": id_, "touched_us": now_us} for id_ in ids)


@repeatable
def forget_blobs(ids: Sequence[bytes]) -> Transaction[None]:
    yield BlobQueues.forget.each({"blob_id": id_} for id_ in ids)


def staged(limit: int) -> Transaction[list[Row]]:
    found: list[Row] = yield BlobQueues.all_staged(limit=limit)
    return found


def staged_bytes(blob_id: bytes) -> Transaction[Row | None]:
    found: Row | None = yield BlobQueues.staged_bytes(blob_id=blob_id)
    return found


def settled(ids: Sequence[bytes]) -> Transaction[None]:
    yield BlobQueues.settled.each({"blob_id": id_} for id_ in ids)


def settled_between(above: bytes, last: bytes) -> Transaction[None]:
    yield BlobQueues.settled_between(above=above, last=last)


def garbage(before_us: int, now_us: int, limit: int) -> Transaction[list[Row]]:
    found: list[Row] = yield BlobQueues.fresh_garbage(before_us=before_us, limit=limit)
    if len(found) < limit:
        found += yield BlobQueues.tried_garbage(before_us=before_us, now_us=now_us, limit=limit - len(found))
    return found


@repeatable
def garbage_done(ids: Sequence[bytes]) -> Transaction[None]:
    yield BlobQueues.garbage_done.each({"id": id_} for id_ in ids)
    yield BlobQueues.repairs_of.each({"blob_id": id_} for id_ in ids)


def garbage_retry(ids: Sequence[bytes], until_us: int) -> Transaction[None]:
    yield BlobQueues.garbage_retry.each({"at_id": id_, "until_us": until_us} for id_ in ids)


@repeatable
def add_repairs(chunks: Sequence[MissingChunk]) -> Transaction[None]:
    """Of living blobs; the others' chunks are to go anyway."""
    alive = yield BlobQueues.blob_exists.each({"blob_id": chunk.blob_id} for chunk in chunks)
    yield Contents.add_repair.each(
        repair_values(chunk) for chunk, row in zip(chunks, alive, strict=True) if row
    )


@repeatable
def repair_done(chunks: Sequence[MissingChunk]) -> Transaction[None]:
    yield BlobQueues.repair_done.each(_place(chunk) for chunk in chunks)


def repair_retry(chunks: Sequence[MissingChunk], until_us: int) -> Transaction[None]:
    yield BlobQueues.repair_retry.each({**_place(chunk), "until_us": until_us} for chunk in chunks)


def _place(chunk: MissingChunk) -> dict[str, object]:
    return {"at_blob": chunk.blob_id, "at_stripe": chunk.stripe, "at_slot": chunk.slot}


def move_slot(blob_id: bytes, slot: int, node_id: int) -> Transaction[None]:
    row = yield BlobQueues.nodes_of(blob_id=blob_id)
    if row is None:
        raise BlobGone
    nodes = list(unpack_nodes(row[0]))
    nodes[slot] = node_id
    moved = yield BlobQueues.move(at_blob=blob_id, at_nodes=row[0], nodes=pack_nodes(tuple(nodes)))
    if not moved:
        raise Retry


def add_node(address: str, capacity_bytes: int | None, now_us: int) -> Transaction[NodeRow]:
    row = yield Nodes.add(address=address, capacity_bytes=capacity_bytes, added_us=now_us)
    if row is None:
        raise NodeExists(address)
    return NodeRow(*row)


def set_node(
    node_id: int, state: str | None, capacity_bytes: int | None, *, set_capacity: bool
) -> Transaction[NodeRow]:
    row = yield Nodes.set(
        at_id=node_id, new_state=state, set_capacity=int(set_capacity), new_capacity=capacity_bytes
    )
    if row is None:
        raise NoSuchNode(node_id)
    return NodeRow(*row)


def put_access_key(key: AccessKey) -> Transaction[None]:
    yield AccessKeys.add(
        access_key=key.access_key,
        secret_key=key.secret_key,
        owner=key.owner,
        state=key.state,
        created_us=key.created_us,
        user_name=key.user_name,
    )


def revoke_access_key(access_key: str) -> Transaction[None]:
    if not (yield AccessKeys.revoke(at_key=access_key)):
        raise NoSuchAccessKey


@repeatable
def lease(name: str, holder: str, until_us: int, now_us: int) -> Transaction[bool]:
    """Take or keep the lease: True where it is the holder's now."""
    if (yield Leases.take(at_name=name, holder=holder, until_us=until_us, now_us=now_us)):
        return True
    return bool((yield Leases.add(name=name, holder=holder, until_us=until_us)))
