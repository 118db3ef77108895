"""Listings against an oracle of ten lines, and their cost in rows read."""

from __future__ import annotations

import random
import sqlite3
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import Any

import pytest

from metadata import Metadata, open_metadata
from metadata.errors import NoSuchBucket
from metadata.keys import after_prefix
from metadata.queries.statements import Call
from metadata.records import Page, Upload
from metadata.transactions.listing import _PAGES, _UPLOAD_PAGES, list_objects
from tests.metadata.made import new_object, upload

ALPHABET = ["a", "b", "/", "//", "-", "é", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff"]
DELIMITERS = [None, "/", "//", "a", "-b", "\U0010ffff"]


def oracle(
    keys: list[str], prefix: str, delimiter: str | None, after: str | None, is_prefix: bool
) -> list[tuple[str, bool]]:
    """All entries of the listing, (text, whether a common prefix), in byte order."""
    out: list[tuple[str, bool]] = []
    for key in sorted(keys, key=str.encode):
        if not key.startswith(prefix) or (after is not None and key.encode() <= after.encode()):
            continue
        if is_prefix and after is not None and key.startswith(after):
            continue
        at = key.find(delimiter, len(prefix)) if delimiter else -1
        entry = (key, False) if at < 0 or delimiter is None else (key[: at + len(delimiter)], True)
        if entry not in out[-1:]:
            out.append(entry)
    return out


def entries(page: Page) -> list[tuple[str, bool]]:
    found = [(o.key, False) for o in page.objects] + [(p, True) for p in page.prefixes]
    return sorted(found, key=lambda entry: entry[0].encode())


def words(seed: random.Random, most: int) -> str:
    return "".join(seed.choice(ALPHABET) for _ in range(seed.randint(1, most)))


async def fill(store: Metadata, keys: list[str]) -> None:
    for key in keys:
        await store.objects.put(new_object(key))


@pytest.mark.parametrize("seed", range(4))
async def test_listings_are_the_oracles(store: Metadata, seed: int) -> None:
    dice = random.Random(seed)
    keys = sorted({words(dice, 5) for _ in range(60)})
    await fill(store, keys)
    for _ in range(60):
        prefix = dice.choice(["", "", words(dice, 2), dice.choice(keys)[:2]])
        delimiter, limit = dice.choice(DELIMITERS), dice.choice([1, 2, 3, 7, 1000])
        after: str | None = dice.choice([None, words(dice, 3), dice.choice(keys)])
        is_prefix = after is not None and dice.random() < 0.3
        wanted = oracle(keys, prefix, delimiter, after, is_prefix)
        got: list[tuple[str, bool]] = []
        while True:
            page = await store.objects.list(
                "photos",
                prefix=prefix,
                delimiter=delimiter,
                after=after,
                after_is_prefix=is_prefix,
                limit=limit,
            )
            got += entries(page)
            assert len(entries(page)) <= limit
            if page.next_after is None:
                break
            assert (page.next_after, page.next_is_prefix) == got[-1]
            assert len(entries(page)) == limit
            after, is_prefix = page.next_after, page.next_is_prefix
        assert got == wanted


def test_the_least_text_above_a_prefix() -> None:
    for prefix, above in (("a", "b"), ("a/", "a0"), ("", None), ("\ud7ff", "\ue000"), ("a\U0010ffff", "b"),
                          ("\U0010ffff", None), ("\uffff", "\U00010000")):  # fmt: skip
        assert after_prefix(prefix) == above


async def test_nothing_is_listed(store: Metadata) -> None:
    await fill(store, ["a"])
    assert await store.objects.list("photos", limit=0) == Page([], [], None)
    assert await store.objects.list("photos", after="\U0010ffff", after_is_prefix=True) == Page([], [], None)
    assert await store.objects.list("photos", prefix="b") == Page([], [], None)
    with pytest.raises(NoSuchBucket):
        await store.objects.list("none")


class Counted:
    """Runs the listing over keys in memory and counts the calls and the rows that they ask for."""

    def __init__(self, keys: list[str]) -> None:
        self.keys, self.calls, self.rows = keys, 0, 0

    def run(self, **given: Any) -> Page:
        asked: dict[str, Any] = {"prefix": "", "delimiter": "/", "after": None, "limit": 1000} | given
        after = (asked["after"], False)
        listing = list_objects("b", asked["prefix"], asked["delimiter"], after, asked["limit"])
        reply: Any = None
        try:
            while True:
                reply = self._answer(listing.send(reply))
        except StopIteration as done:
            page: Page = done.value
            return page

    def _answer(self, call: Call) -> Any:
        given = call.parameters
        if "start" not in given:
            return (1,)
        inclusive = ">=" in call.statement.sqlite.sql
        low = (bisect_left if inclusive else bisect_right)(self.keys, given["start"])
        high = len(self.keys) if given["stop"] is None else bisect_left(self.keys, given["stop"])
        found = [
            (key, "e", 1, 1, "S", "o", None, None) for key in self.keys[low : min(high, low + given["limit"])]
        ]
        self.calls, self.rows = self.calls + 1, self.rows + len(found)
        return found


@pytest.fixture(scope="module")
def many() -> list[str]:
    return [f"many/{at:07}" for at in range(1_000_000)]


def test_a_million_keys_under_one_prefix_cost_a_few_rows(many: list[str]) -> None:
    counted = Counted([*many, "one", "two"])
    page = counted.run()
    assert (page.prefixes, [o.key for o in page.objects], page.next_after) == (
        ["many/"],
        ["one", "two"],
        None,
    )
    assert counted.rows <= 8
    assert counted.calls <= 3


def test_a_listing_reads_in_proportion_to_what_it_returns(many: list[str]) -> None:
    wide = Counted(sorted(f"{at % 500:03}/{at}" for at in range(200_000)))
    assert len(wide.run().prefixes) == 500
    assert wide.rows <= 500 * 5
    flat = Counted(many)
    assert len(flat.run(prefix="many/").objects) == 1000
    assert flat.rows <= 1000 * 2
    assert flat.calls <= 8
    plain = Counted(many)
    assert len(plain.run(delimiter=None).objects) == 1000
    assert (plain.rows, plain.calls) == (1001, 1)


async def test_every_page_is_a_search_of_an_index(tmp_path: Path) -> None:
    """Without a sort: a page costs the rows that it asks for."""
    path = tmp_path / "metadata.sqlite"
    store = await open_metadata(f"sqlite:///{path}", instance="test")
    await store.close()
    connection = sqlite3.connect(path)
    for statement in [*_PAGES.values(), *_UPLOAD_PAGES.values()]:
        sql, _ = statement.sqlite
        plan = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + sql, ("x",) * sql.count("?"))]
        assert len(plan) == 1, plan
        assert plan[0].startswith("SEARCH")
    connection.close()


async def test_uploads_are_the_oracles(store: Metadata) -> None:
    dice = random.Random(7)
    made = [upload(words(dice, 4), f"{at:02}") for at in range(40)] + [
        upload("a/b", f"x{at}") for at in range(5)
    ]
    dice.shuffle(made)
    for each in made:
        await store.uploads.create(each)
    ordered = sorted(made, key=lambda each: (each.key.encode(), each.id))
    for delimiter in DELIMITERS:
        for prefix in ("", "a", "/"):
            for limit in (1, 3, 1000):
                await check_uploads(store, ordered, prefix, delimiter, limit)


async def check_uploads(
    store: Metadata, ordered: list[Upload], prefix: str, delimiter: str | None, limit: int
) -> None:
    of_keys = oracle(sorted({u.key for u in ordered}), prefix, delimiter, None, False)
    wanted = [text for text, is_prefix in of_keys if is_prefix]
    kept = {text for text, is_prefix in of_keys if not is_prefix}
    uploads: list[Upload] = []
    prefixes: list[str] = []
    marker = id_marker = None
    while True:
        page = await store.uploads.list(
            "photos",
            prefix=prefix,
            delimiter=delimiter,
            key_marker=marker,
            upload_id_marker=id_marker,
            limit=limit,
        )
        uploads, prefixes = uploads + page.uploads, prefixes + page.prefixes
        assert len(page.uploads) + len(page.prefixes) <= limit
        marker, id_marker = page.next_key_marker, page.next_upload_id_marker
        if marker is None:
            break
    assert prefixes == wanted
    assert uploads == [u for u in ordered if u.key in kept]


async def test_a_key_marker_alone_passes_all_uploads_of_the_key(store: Metadata) -> None:
    for at in range(3):
        await store.uploads.create(upload("a", f"a{at}"))
    await store.uploads.create(upload("b", "b0"))
    page = await store.uploads.list("photos", key_marker="a")
    assert [u.id for u in page.uploads] == ["b0"]
    page = await store.uploads.list("photos", key_marker="a", upload_id_marker="a1")
    assert [u.id for u in page.uploads] == ["a2", "b0"]
