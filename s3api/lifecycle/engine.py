"""Decides the lifecycle action for one object, version or upload. Pure functions.

If rules overlap, AWS's order holds ("Examples of overlapping filters and conflicting lifecycle actions"):
permanent deletion before transition, transition before a delete marker; the earlier of two expirations, the
cheaper class of two transitions. A transition only goes to a cheaper class.

How an action is carried out, and whether an object lock forbids it, is decided by the transaction that
writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Literal, NamedTuple
from urllib.parse import quote

from s3api.lifecycle.calendar import DAY_S, due_time_us, due_us
from s3api.lifecycle.rules import VARIES, Rule, Rules, Transition

# From the most expensive class to the cheapest; other classes have depth 0.
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
    """One version of a key.

    `since_us`: when it was made; `noncurrent_us`: when the next version replaced it, None for the current
    one. `version_id`: unused here, for the caller that carries out the action.
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
    """A multipart upload in progress."""

    key: str
    id: str
    initiated_us: int


@dataclass(frozen=True, slots=True)
class Action:
    """What to do with one version.

    "expire": delete the current version, which makes a delete marker in a versioned bucket; "delete": delete
    this version for good; "move": change its class to `storage_class`.
    """

    action: Literal["expire", "delete", "move"]
    version: Version
    rule_id: str
    storage_class: str = ""


@dataclass(frozen=True, slots=True)
class Engine:
    """The rules of one bucket.

    `minimum_bytes`: smaller objects change their class only if the rule's filter states a size, or the
    configuration varies the minimum by storage class.
    """

    rules: Rules
    versioned: bool
    day_s: float = DAY_S
    minimum_bytes: int = MINIMUM_BYTES

    def action_for_current(self, version: Version, now_us: int) -> Action | None:
        """Return the action for a key's current version, which is no delete marker."""
        expiring = self._earliest_expiration(version, self.day_s)
        expired = expiring is not None and expiring[0] <= now_us
        if expired and expiring and not self.versioned:
            return Action("delete", version, expiring[1].id)
        moved = self._choose_transition(version, version.since_us, now_us, self._transitions(version))
        if moved is not None:
            return moved
        return Action("expire", version, expiring[1].id) if expired and expiring else None

    def action_for_lone_marker(self, marker: Version, now_us: int) -> Action | None:
        """Return the action for a delete marker that is the only version of its key.

        It is deleted by ExpiredObjectDeleteMarker, or by an expiration whose days have passed for it
        ("ExpiredObjectDeleteMarker", on the page on lifecycle configuration elements).
        """
        for rule in self._matching_rules(marker):
            if rule.expired_marker or (
                rule.expiration and due_time_us(rule.expiration, marker.since_us, self.day_s) <= now_us
            ):
                return Action("delete", marker, rule.id)
        return None

    def action_for_noncurrent(self, version: Version, newer: int, now_us: int) -> Action | None:
        """Return the action for a noncurrent version.

        `newer`: number of newer noncurrent objects of its key.
        """
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
        return self._choose_transition(version, since_us, now_us, transitions)

    def must_abort(self, upload: Upload, now_us: int) -> bool:
        """Whether an upload is to be aborted."""
        found = self.abort_date(upload.key, upload.initiated_us, self.day_s)
        return found is not None and found[0] <= now_us

    def abort_date(self, key: str, initiated_us: int, day_s: float = DAY_S) -> tuple[int, str] | None:
        """Return when an upload will be aborted, and the id of the rule."""
        found = [
            (due_us(initiated_us, rule.abort_days, day_s), rule.id)
            for rule in self.rules.enabled
            if rule.abort_days is not None and rule.filter.matches_key(key)
        ]
        return min(found, default=None)

    def expiration_header(self, version: Version) -> str | None:
        """Return x-amz-expiration of a current object: expiry date and rule id, None if it never expires.

        In calendar days even if tests shorten the day: clients parse a date.
        """
        found = self._earliest_expiration(version, DAY_S)
        if found is None:
            return None
        at_us, rule = found
        date = formatdate(at_us // 1_000_000, usegmt=True)
        return f'expiry-date="{date}", rule-id="{quote(rule.id, safe="")}"'

    # --- helpers -----------------------------------------------------------------------------

    def _matching_rules(self, version: Version) -> Iterator[Rule]:
        for rule in self.rules.enabled:
            if version.is_marker:
                if rule.filter.matches_key(version.key):
                    yield rule
            elif rule.filter.matches(version.key, version.size, version.tags):
                yield rule

    def _earliest_expiration(self, version: Version, day_s: float) -> tuple[int, Rule] | None:
        """Return the earliest expiration, past or future, and its rule."""
        found = [
            (due_time_us(rule.expiration, version.since_us, day_s), rule)
            for rule in self._matching_rules(version)
            if rule.expiration is not None
        ]
        return min(found, key=lambda each: each[0], default=None)

    def _transitions(self, version: Version) -> Iterator[tuple[Rule, Transition]]:
        return ((rule, each) for rule in self._matching_rules(version) for each in rule.transitions)

    def _choose_transition(
        self, version: Version, since_us: int, now_us: int, candidates: Iterable[tuple[Rule, Transition]]
    ) -> Action | None:
        best: tuple[int, Rule, str] | None = None
        for rule, each in candidates:
            depth = CLASS_DEPTH.get(each.storage_class, 0)
            if (
                depth > (best[0] if best else CLASS_DEPTH.get(version.storage_class, 0))
                and due_time_us(each.when, since_us, self.day_s) <= now_us
                and self._is_large_enough(version, rule, each.storage_class)
            ):
                best = depth, rule, each.storage_class
        return Action("move", version, best[1].id, best[2]) if best else None

    def _is_large_enough(self, version: Version, rule: Rule, storage_class: str) -> bool:
        """Whether an object may change its class.

        Since 2024 AWS moves no object below 128 KiB unless the rule's filter states a size.
        """
        if rule.filter.has_size or version.size >= self.minimum_bytes:
            return True
        return self.rules.minimum == VARIES and storage_class in ANY_SIZE


class VersionWalk:
    """Decides over all versions of a bucket in one pass, in the order of keys and newest first."""

    def __init__(self, engine: Engine, now_us: int) -> None:
        self._engine, self._now_us = engine, now_us
        self._previous: Version | None = None
        self._newer = 0

    def evaluate(self, version: Version, *, only_version: bool) -> Action | None:
        """Return the action for the next version. `only_version`: its key has no other.

        A version became noncurrent when the one before it was made.
        """
        previous, self._previous = self._previous, version
        if previous is None or previous.key != version.key:
            self._newer = 0
            if version.is_marker:
                return self._engine.action_for_lone_marker(version, self._now_us) if only_version else None
            return self._engine.action_for_current(version, self._now_us)
        version = version._replace(noncurrent_us=previous.since_us)
        due = self._engine.action_for_noncurrent(version, self._newer, self._now_us)
        self._newer += not version.is_marker
        return due
