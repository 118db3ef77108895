"""NotificationConfiguration: check the document, and that its destinations are targets of the settings.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
"""

from __future__ import annotations

import re
import secrets
from itertools import combinations
from typing import Any

from metadata.records import NewEvent
from s3api.events.event_types import matches_event_type
from s3api.events.message import TEST_EVENT, Event, event_to_json
from s3api.events.subscriptions import ARN_MEMBERS, arns
from s3api.events.targets import canonical_arn
from s3api.operations.call import Call
from s3api.operations.configurations.checks import Document, check_ids, invalid_argument

_ARN = re.compile(r"arn:[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]*:[^\s:]*:[^\s]+")


def check_notification(document: Document) -> Document:
    """Check the document; give an Id to each configuration without one, as AWS does."""
    configurations: list[dict[str, Any]] = []
    out: Document = dict(document)
    for name, destination in ARN_MEMBERS.items():
        if name in document:
            out[name] = [{**one, "Id": one.get("Id") or secrets.token_urlsafe(24)} for one in document[name]]
            configurations += out[name]
            for one in out[name]:
                _check_destination(one[destination])
    check_ids(configurations, "Id")
    for one in configurations:
        _check_filter(one)
    for one, other in combinations(configurations, 2):
        if _share_events(one, other) and _overlap(one, other):
            raise invalid_argument(
                "Configurations overlap. Configurations on the same bucket cannot share a common event type."
            )
    return out


async def check_destinations(call: Call, document: Document) -> None:
    """Check that each destination is a target of the settings, and send it the event s3:TestEvent.

    AWS sends it during validation too, before the configuration is stored.
    """
    unknown = [arn for arn in arns(document) if call.backend.targets.find(arn) is None]
    if unknown:
        raise invalid_argument(
            "Unable to validate the following destination configurations",
            ArgumentName=unknown[0],
            ArgumentValue="There is no such target in this store's event_targets.",
        )
    bucket = call.bucket
    if bucket is not None and (targets := sorted({canonical_arn(arn) for arn in arns(document)})):
        test_event = Event(
            0,
            TEST_EVENT,
            bucket.name,
            bucket.owner,
            bucket.region,
            "",
            call.now_us,
            request_id=call.request.request_id,
        )
        events = [NewEvent(target, call.now_us, event_to_json(test_event)) for target in targets]
        await call.metadata.outbox.add(events)


def _check_destination(arn: str) -> None:
    if not _ARN.fullmatch(arn):
        raise invalid_argument("The ARN is not well formed", ArgumentName="Destination", ArgumentValue=arn)


def _check_filter(one: dict[str, Any]) -> None:
    names = [rule.get("Name") for rule in _filter_rules(one)]
    if None in names:
        raise invalid_argument("filter rule name must be either prefix or suffix", ArgumentName="FilterRule")
    for name in ("prefix", "suffix"):
        if names.count(name) > 1:
            raise invalid_argument(
                f"Cannot specify more than one {name} rule in a filter.", ArgumentName=f"FilterRule.{name}"
            )


def _filter_rules(one: dict[str, Any]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = ((one.get("Filter") or {}).get("Key") or {}).get("FilterRules") or []
    return rules


def _share_events(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return any(
        matches_event_type(a, _event_type(b)) or matches_event_type(b, _event_type(a))
        for a in one["Events"]
        for b in other["Events"]
    )


def _event_type(event: str) -> str:
    return event.removeprefix("s3:")


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether a key can match both filters.

    It can if one prefix begins with the other and one suffix ends with the other.
    """
    prefixes, suffixes = (
        [
            next((rule.get("Value") or "" for rule in _filter_rules(x) if rule["Name"] == name), "")
            for x in (one, other)
        ]
        for name in ("prefix", "suffix")
    )
    return (prefixes[0].startswith(prefixes[1]) or prefixes[1].startswith(prefixes[0])) and (
        suffixes[0].endswith(suffixes[1]) or suffixes[1].endswith(suffixes[0])
    )
