"""Parses a bucket's lifecycle configuration.

The document is the JSON of PutBucketLifecycleConfiguration's `LifecycleConfiguration`, validated when it was
stored, so nothing is refused here. Dates are ISO 8601 text or microseconds since 1970. The header
x-amz-transition-default-minimum-object-size is stored beside the rules, under its name in AWS's model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

VARIES = "varies_by_storage_class"


@dataclass(frozen=True, slots=True)
class Filter:
    """The objects that a rule applies to. All conditions must hold; sizes are exclusive bounds, as on AWS."""

    prefix: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    larger_than: int | None = None
    smaller_than: int | None = None

    @property
    def has_size(self) -> bool:
        return self.larger_than is not None or self.smaller_than is not None

    def matches(self, key: str, size: int, tags: Mapping[str, str]) -> bool:
        return (
            key.startswith(self.prefix)
            and (self.larger_than is None or size > self.larger_than)
            and (self.smaller_than is None or size < self.smaller_than)
            and all(tags.get(name) == value for name, value in self.tags)
        )

    def matches_key(self, key: str) -> bool:
        """Whether it matches something without size and tags: a delete marker, an upload in progress."""
        return key.startswith(self.prefix) and not self.tags and not self.has_size


@dataclass(frozen=True, slots=True)
class DueTime:
    """A number of days after an event, or a date."""

    days: int | None = None
    date_us: int | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of storage class. `keep_newer`: the number of newest noncurrent versions to leave alone."""

    when: DueTime
    storage_class: str
    keep_newer: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """One enabled rule.

    `expired_marker`: delete a delete marker that is the only version. `noncurrent_days`: of
    NoncurrentVersionExpiration, which leaves the newest `keep_newer` versions alone.
    """

    id: str
    filter: Filter
    expiration: DueTime | None = None
    expired_marker: bool = False
    noncurrent_days: int | None = None
    keep_newer: int = 0
    transitions: tuple[Transition, ...] = ()
    noncurrent_transitions: tuple[Transition, ...] = ()
    abort_days: int | None = None

    @property
    def applies_to_current(self) -> bool:
        return self.expiration is not None or bool(self.transitions)

    @property
    def applies_to_noncurrent(self) -> bool:
        """Whether it needs noncurrent versions and delete markers, too."""
        return (
            self.noncurrent_days is not None
            or bool(self.noncurrent_transitions)
            or self.expired_marker
            or self.expiration is not None
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """The enabled rules of one bucket.

    `minimum`: TransitionDefaultMinimumObjectSize, None if the request did not state it.
    """

    enabled: tuple[Rule, ...] = ()
    minimum: str | None = None

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Rules:
        """Parse a LifecycleConfiguration."""
        enabled = tuple(
            _parse_rule(each, number)
            for number, each in enumerate(document.get("Rules") or (), 1)
            if each.get("Status") == "Enabled"
        )
        return cls(enabled, document.get("TransitionDefaultMinimumObjectSize"))


def prefixes(rules: Iterable[Rule]) -> list[str]:
    """Return the fewest prefixes that cover everything these rules match, in order."""
    out: list[str] = []
    for prefix in sorted({rule.filter.prefix for rule in rules}):
        if not out or not prefix.startswith(out[-1]):
            out.append(prefix)
    return out


def _parse_rule(given: Mapping[str, Any], number: int) -> Rule:
    expiration = given.get("Expiration") or {}
    noncurrent = given.get("NoncurrentVersionExpiration") or {}
    return Rule(
        id=given.get("ID") or f"rule-{number}",
        filter=_parse_filter(given),
        expiration=_parse_due_time(expiration),
        expired_marker=bool(expiration.get("ExpiredObjectDeleteMarker")),
        noncurrent_days=noncurrent.get("NoncurrentDays"),
        keep_newer=noncurrent.get("NewerNoncurrentVersions") or 0,
        transitions=tuple(
            Transition(when, each["StorageClass"])
            for each in given.get("Transitions") or ()
            if (when := _parse_due_time(each))
        ),
        noncurrent_transitions=tuple(
            Transition(
                DueTime(each.get("NoncurrentDays") or 0),
                each["StorageClass"],
                each.get("NewerNoncurrentVersions") or 0,
            )
            for each in given.get("NoncurrentVersionTransitions") or ()
        ),
        abort_days=(given.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation"),
    )


def _parse_filter(given: Mapping[str, Any]) -> Filter:
    """Return the filter of a rule.

    Prefix in the rule itself is the older form; all conditions of And must hold.
    """
    outer = given.get("Filter") or {}
    inner = outer.get("And") or {}
    tags = [outer["Tag"]] if outer.get("Tag") else []
    tags += inner.get("Tags") or []
    prefixes = [given.get("Prefix"), outer.get("Prefix"), inner.get("Prefix")]
    return Filter(
        prefix=max((each for each in prefixes if each), key=len, default=""),
        tags=tuple((tag["Key"], tag["Value"]) for tag in tags),
        larger_than=max(_values_of(outer, inner, "ObjectSizeGreaterThan"), default=None),
        smaller_than=min(_values_of(outer, inner, "ObjectSizeLessThan"), default=None),
    )


def _values_of(outer: Mapping[str, Any], inner: Mapping[str, Any], name: str) -> list[int]:
    return [each[name] for each in (outer, inner) if each.get(name) is not None]


def _parse_due_time(given: Mapping[str, Any]) -> DueTime | None:
    if given.get("Date") is not None:
        return DueTime(date_us=_parse_date_us(given["Date"]))
    return DueTime(given["Days"]) if given.get("Days") is not None else None


def _parse_date_us(date: int | str) -> int:
    if isinstance(date, int):
        return date
    when = datetime.fromisoformat(date)
    return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()) * 1_000_000
