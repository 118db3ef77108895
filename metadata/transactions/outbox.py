"""Events that wait to be delivered, written by the transactions that make them; letters that nobody took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from metadata.queries.outbox import Events
from metadata.queries.statements import Transaction
from metadata.records import DeadLetter, Emit, NewEvent, OutboxEvent


def write(events: Iterable[NewEvent]) -> Transaction[None]:
    """Part of the transaction that changes something."""
    yield Events.add.each(
        {
            "target": each.target,
            "due_us": each.occurred_us,
            "occurred_us": each.occurred_us,
            "document": each.document,
        }
        for each in events
    )


def tell(
    emit: Emit | None,
    key: str,
    version_id: str | None,
    etag: str | None = None,
    size: int | None = None,
    *,
    marker: bool = False,
) -> Transaction[None]:
    """Part of the transaction that changes a key, after the change: write down who is to be told of it."""
    if emit is not None and (events := emit(key, version_id, etag, size, marker)):
        yield from write(events)


def due(target: str, now_us: int, limit: int) -> Transaction[list[OutboxEvent]]:
    found = yield Events.due(target=target, now_us=now_us, limit=limit)
    return [OutboxEvent(*row) for row in found]


def after(target: str, after_id: int, limit: int) -> Transaction[list[OutboxEvent]]:
    found = yield Events.after(target=target, after_id=after_id, limit=limit)
    return [OutboxEvent(*row) for row in found]


def older(target: str, before_us: int, limit: int) -> Transaction[list[int]]:
    """Ids grow with time, so the oldest come first by id."""
    found = yield Events.after(target=target, after_id=0, limit=limit)
    events = [OutboxEvent(*row) for row in found]
    return [event.id for event in events if event.occurred_us < before_us]


def last_id() -> Transaction[int]:
    row = yield Events.last()
    found: int = row[0]
    return found


def targets() -> Transaction[dict[str, int]]:
    found = yield Events.targets()
    return dict(found)


def target_names() -> Transaction[list[str]]:
    names: list[str] = []
    while (row := (yield Events.next_target(after=names[-1] if names else ""))) is not None:
        names.append(row[0])
    return names


def delivered(ids: Sequence[int]) -> Transaction[None]:
    yield Events.remove.each({"id": each} for each in ids)


def retry(ids: Sequence[int], until_us: int) -> Transaction[None]:
    yield Events.retry.each({"at_id": each, "until_us": until_us} for each in ids)


def bury(ids: Sequence[int], reason: str, now_us: int, most: int) -> Transaction[None]:
    """What is delivered meanwhile by another gateway is left out."""
    found = yield Events.get.each({"id": each} for each in ids)
    yield Events.bury.each(
        {
            "id": each,
            "target": row[0],
            "document": row[1],
            "attempts": row[2],
            "reason": reason,
            "died_us": now_us,
        }
        for each, row in zip(ids, found, strict=True)
        if row is not None
    )
    yield Events.remove.each({"id": each} for each in ids)
    too_old = yield Events.dead_limit(most=most)
    if too_old is not None:
        yield Events.dead_trim(up_to=too_old[0])


def dead_letters(limit: int) -> Transaction[list[DeadLetter]]:
    found = yield Events.dead(limit=limit)
    return [DeadLetter(*row) for row in found]


def revive(ids: Sequence[int], now_us: int) -> Transaction[int]:
    """Put dead letters back into the outbox; the number of those that were there."""
    found = yield Events.dead_one.each({"id": each} for each in ids)
    letters = [DeadLetter(*row) for row in found if row is not None]
    yield from write(NewEvent(each.target, now_us, each.document) for each in letters)
    yield Events.exhume.each({"id": each.id} for each in letters)
    return len(letters)


def forget(ids: Sequence[int]) -> Transaction[int]:
    """Delete dead letters; the number of those that were there."""
    found = yield Events.dead_one.each({"id": each} for each in ids)
    yield Events.exhume.each({"id": each} for each in ids)
    return sum(row is not None for row in found)
