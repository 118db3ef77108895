"""Parses a bucket's notification configuration and matches events with it.

The document is the JSON of PutBucketNotificationConfiguration's `NotificationConfiguration`. Topics, queues
and functions are treated alike: each names a target by its ARN. An EventBridgeConfiguration sends all events
of the bucket to the live stream, as AWS sends them to its event bus.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from s3api.events.event_types import matches_event_type
from s3api.events.targets import canonical_arn

ARN_MEMBERS = {
    "TopicConfigurations": "TopicArn",
    "QueueConfigurations": "QueueArn",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}
LIVE = "live"


class Match(NamedTuple):
    """A target of an event (its ARN, or LIVE), and the configuration that subscribes it."""

    target: str
    configuration_id: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """One configuration: events of these types and keys go to a target."""

    target: str
    id: str
    kinds: tuple[str, ...]
    prefix: str = ""
    suffix: str = ""

    def matches(self, kind: str, key: str) -> bool:
        return (
            key.startswith(self.prefix)
            and key.endswith(self.suffix)
            and any(matches_event_type(name, kind) for name in self.kinds)
        )


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """All subscriptions of one bucket. `live`: the live stream gets every event."""

    all: tuple[Subscription, ...] = ()
    live: bool = False

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Subscriptions:
        """Parse a NotificationConfiguration."""
        found = tuple(
            _parse_subscription(each, each[member])
            for name, member in ARN_MEMBERS.items()
            for each in document.get(name) or ()
        )
        return cls(found, document.get("EventBridgeConfiguration") is not None)

    def match(self, kind: str, key: str) -> list[Match]:
        """Return the targets of an event, each once, with the first configuration that matches."""
        out = {}
        for each in self.all:
            if each.target not in out and each.matches(kind, key):
                out[each.target] = Match(each.target, each.id)
        if self.live:
            out[LIVE] = Match(LIVE, "")
        return list(out.values())


def arns(document: Mapping[str, Any]) -> list[str]:
    """Return the target ARNs in a document, in order."""
    return [each[member] for name, member in ARN_MEMBERS.items() for each in document.get(name) or ()]


def _parse_subscription(given: Mapping[str, Any], target: str) -> Subscription:
    rules = {
        rule["Name"].lower(): rule.get("Value") or ""
        for rule in ((given.get("Filter") or {}).get("Key") or {}).get("FilterRules") or ()
    }
    return Subscription(
        canonical_arn(target),
        given.get("Id") or "",
        tuple(given.get("Events") or ()),
        rules.get("prefix", ""),
        rules.get("suffix", ""),
    )
