"""What is due: pure decisions over one object, one key's versions, one upload.

Where rules overlap, AWS's order holds ("Examples of overlapping filters and conflicting lifecycle actions"):
permanent deletion before transition, transition before a delete marker; of two expirations the earlier, of
two transitions the cheaper class. A transition goes down the waterfall of classes alone.

Nothing here knows how an action is carried out, or whether an object lock forbids it: that is decided in the
transaction that writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Literal, NamedTuple
from urllib.parse import quote

from s3api.lifecycle.calendar import DAY_S, due_time_us, due_us
from s3api.lifecycle.rules import VARIES, Rule, Rules, Transition

# From the dearest to the cheapest; what is not named here stands at the top.
CLASS_DEPTH = {
    "STANDARD_IA": 1,
    "INTELLIGENT_TIERING": 2,
    "ONEZONE_IA": 3,
    "GLACIER_IR": 4,
    "GLACIER": 5,
    "DEEP_ARCHIVE": 6,
}
ANY_SIZE = frozenset({"GLACIER", "DEEP_ARCHIVE"})
MINIMUM_BYTES = 128 << 10
NO_TAGS: Mapping[str, str] = {}


class Version(NamedTuple):
    """One version of a key, current or not. `since_us`: when it was made; `noncurrent_us`: when another took
    its place, None for the current one. `version_id` is for whoever carries the action out.
    """

    key: str
    version_id: str
    since_us: int
    size: int = 0
    storage_class: str = "STANDARD"
    tags: Mapping[str, str] = NO_TAGS
    is_marker: bool = False
    noncurrent_us: int | None = None


class Upload(NamedTuple):
    key: str
    id: str
    initiated_us: int


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done with one version. `expire`: the current version goes, which in a versioned bucket
    makes a delete marker; `delete`: this version goes for good; `move`: it changes to `storage_class`.
    """

    action: Literal["expire", "delete", "move"]
    version: Version
    rule_id: str
    storage_class: str = ""


@dataclass(frozen=True, slots=True)
class Engine:
    """The rules of one bucket at work. `minimum_bytes`: below it nothing changes its class unless its rule
    has a size in its filter, or the configuration's own word is another.
    """

    rules: Rules
    versioned: bool
    day_s: float = DAY_S
    minimum_bytes: int = MINIMUM_BYTES

    def current(self, version: Version, now_us: int) -> Action | None:
        """What is due for a key's current object (not for a delete marker)."""
        expiring = self._expiration(version, self.day_s)
        expired = expiring is not None and expiring[0] <= now_us
        if expired and expiring and not self.versioned:
            return Action("delete", version, expiring[1].id)
        moved = self._move(version, version.since_us, now_us, self._transitions(version))
        if moved is not None:
            return moved
        return Action("expire", version, expiring[1].id) if expired and expiring else None

    def lone_marker(self, marker: Version, now_us: int) -> Action | None:
        """What is due for a delete marker with nothing below: it goes by a rule that says so, or whose days
        have passed for it ("ExpiredObjectDeleteMarker", on the page on lifecycle configuration elements).
        """
        for rule in self._matching_rules(marker):
            if rule.expired_marker or (
                rule.expiration and due_time_us(rule.expiration, marker.since_us, self.day_s) <= now_us
            ):
                return Action("delete", marker, rule.id)
        return None

    def noncurrent(self, version: Version, newer: int, now_us: int) -> Action | None:
        """What is due for a version of which `newer` noncurrent objects of its key are newer."""
        since_us = version.noncurrent_us or 0
        for rule in self._matching_rules(version):
            if (
                rule.noncurrent_days is not None
                and newer >= rule.keep_newer
                and due_us(since_us, rule.noncurrent_days, self.day_s) <= now_us
            ):
                return Action("delete", version, rule.id)
        if version.is_marker:
            return None
        transitions = (
            (rule, each)
            for rule in self._matching_rules(version)
            for each in rule.noncurrent_transitions
            if newer >= each.keep_newer
        )
        return self._move(version, since_us, now_us, transitions)

    def upload(self, upload: Upload, now_us: int) -> bool:
        """Whether an upload is to be aborted."""
        found = self.abort_date(upload.key, upload.initiated_us, self.day_s)
        return found is not None and found[0] <= now_us

    def abort_date(self, key: str, initiated_us: int, day_s: float = DAY_S) -> tuple[int, str] | None:
        """When an upload will be aborted, and by which rule."""
        found = [
            (due_us(initiated_us, rule.abort_days, day_s), rule.id)
            for rule in self.rules.enabled
            if rule.abort_days is not None and rule.filter.matches_key(key)
        ]
        return min(found, default=None)

    def expiration_header(self, version: Version) -> str | None:
        """x-amz-expiration of a current object: when it will expire, and by which rule. None: by none.

        In calendar days even where tests have shortened them: clients read a date.
        """
        found = self._expiration(version, DAY_S)
        if found is None:
            return None
        at_us, rule = found
        date = formatdate(at_us // 1_000_000, usegmt=True)
        return f'expiry-date="{date}", rule-id="{quote(rule.id, safe="")}"'

    # --- below -------------------------------------------------------------------------------

    def _matching_rules(self, version: Version) -> Iterator[Rule]:
        for rule in self.rules.enabled:
            if version.is_marker:
                if rule.filter.matches_key(version.key):
                    yield rule
            elif rule.filter.matches(version.key, version.size, version.tags):
                yield rule

    def _expiration(self, version: Version, day_s: float) -> tuple[int, Rule] | None:
        """The earliest expiration, past or to come, and its rule."""
        found = [
            (due_time_us(rule.expiration, version.since_us, day_s), rule)
            for rule in self._matching_rules(version)
            if rule.expiration is not None
        ]
        return min(found, key=lambda each: each[0], default=None)

    def _transitions(self, version: Version) -> Iterator[tuple[Rule, Transition]]:
        return ((rule, each) for rule in self._matching_rules(version) for each in rule.transitions)

    def _move(
        self, version: Version, since_us: int, now_us: int, candidates: Iterable[tuple[Rule, Transition]]
    ) -> Action | None:
        best: tuple[int, Rule, str] | None = None
        for rule, each in candidates:
            depth = CLASS_DEPTH.get(each.storage_class, 0)
            if (
                depth > (best[0] if best else CLASS_DEPTH.get(version.storage_class, 0))
                and due_time_us(each.when, since_us, self.day_s) <= now_us
                and self._large_enough(version, rule, each.storage_class)
            ):
                best = depth, rule, each.storage_class
        return Action("move", version, best[1].id, best[2]) if best else None

    def _large_enough(self, version: Version, rule: Rule, storage_class: str) -> bool:
        """Since 2024 AWS moves no object below 128 KiB unless the rule's own filter speaks of sizes."""
        if rule.filter.has_size or version.size >= self.minimum_bytes:
            return True
        return self.rules.minimum == VARIES and storage_class in ANY_SIZE


class VersionWalk:
    """Decides over all versions of a bucket, given by key and newest first, one after the other."""

    def __init__(self, engine: Engine, now_us: int) -> None:
        self._engine, self._now_us = engine, now_us
        self._last: Version | None = None
        self._newer = 0

    def evaluate(self, version: Version, *, alone: bool) -> Action | None:
        """What is due for this version; `alone`: its key has no other. When it became noncurrent is found
        here: when the one before it was made.
        """
        last, self._last = self._last, version
        if last is None or last.key != version.key:
            self._newer = 0
            if version.is_marker:
                return self._engine.lone_marker(version, self._now_us) if alone else None
            return self._engine.current(version, self._now_us)
        version = version._replace(noncurrent_us=last.since_us)
        due = self._engine.noncurrent(version, self._newer, self._now_us)
        self._newer += not version.is_marker
        return due
