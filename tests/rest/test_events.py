"""Reader of the live event stream: every event once, in order, even if IDs become visible out of order."""

from __future__ import annotations

from typing import Any

import pytest

from metadata.errors import MetadataUnavailable
from metadata.ids import now_us
from metadata.records import OutboxEvent
from s3api.errors import S3Error
from s3api.rest import events
from s3api.rest.events import OVERLAP_US, Listeners, _events_after


class Rows:
    """A fake outbox. `broken`: how many calls fail."""

    def __init__(self, *ids: int, age_us: int = 0) -> None:
        self.rows = {id_: OutboxEvent(id_, str(id_), 0, now_us() - age_us) for id_ in ids}
        self.broken, self.asked = 0, 0

    async def after(self, target: str, after_id: int, limit: int) -> list[OutboxEvent]:
        self.asked += 1
        if self.broken:
            self.broken -= 1
            raise MetadataUnavailable("down")
        return [row for id_, row in sorted(self.rows.items()) if id_ > after_id][:limit]

    def come(self, *ids: int) -> None:
        self.rows |= {id_: OutboxEvent(id_, str(id_), 0, now_us()) for id_ in ids}


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "POLL_S", 0.001)
    monkeypatch.setattr(events, "PAGE", 3)


async def told(
    rows: Any, count: int, low: int = 0, come: dict[int, tuple[int, ...]] | None = None
) -> list[int]:
    """Read the first `count` IDs; after n of them those of `come[n]` become visible."""
    found: list[int] = []
    async for each in _events_after(rows, low, Listeners()):
        if each is not None:
            found.append(each.id)
            rows.come(*(come or {}).get(len(found), ()))
        if len(found) == count:
            return found
    raise AssertionError("the stream ended")


async def test_all_pages_once() -> None:
    assert await told(Rows(*range(1, 11)), 10) == list(range(1, 11))
    assert await told(Rows(*range(1, 11)), 4, low=6) == [7, 8, 9, 10]


async def test_an_id_that_comes_to_light_late() -> None:
    assert await told(Rows(1, 4), 4, come={2: (2, 3)}) == [1, 4, 2, 3]


async def test_what_is_old_is_not_read_again() -> None:
    rows = Rows(1, 2, age_us=OVERLAP_US * 2)
    assert await told(rows, 3, come={2: (3,)}) == [1, 2, 3]
    stream = _events_after(rows, 0, Listeners())  # type: ignore[arg-type]
    assert [each.id for each in [await anext(stream) for _ in range(3)] if each] == [1, 2, 3]


async def test_a_database_that_is_away_for_a_while() -> None:
    rows = Rows(1, 2)
    rows.broken = 3
    assert await told(rows, 2) == [1, 2]


async def test_listeners_are_bounded_and_stopped() -> None:
    listeners = Listeners(most=1)
    listeners.enter()
    with pytest.raises(S3Error, match="SlowDown"):
        listeners.enter()
    listeners.leave()
    listeners.enter()
    listeners.stop()
    rows: Any = Rows()
    assert [each async for each in _events_after(rows, 0, listeners)] == [None]
