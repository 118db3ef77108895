"""LifecycleConfiguration: AWS's checks before it is stored. `s3api.lifecycle` applies the rules.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from s3api.operations.configurations.checks import (
    RULES,
    Document,
    check_filter,
    check_ids,
    invalid_argument,
    invalid_request,
    malformed,
)

if TYPE_CHECKING:
    from s3api.operations.call import Call

Rule = Mapping[str, Any]

ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionTransitions",
    "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
)
# AWS accepts one of them. If the lenient settings accept several, all must hold, so no rule matches more.
PREDICATES = ("Prefix", "Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "And")
INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
INFREQUENT_DAYS = 30
MOST_NEWER = 100


def check_lifecycle(document: Document) -> Document:
    """Check the document; give an ID to each rule without one, as AWS does."""
    rules = document["Rules"]
    if not rules or len(rules) > RULES:
        raise malformed()
    check_ids(rules)
    for rule in rules:
        _check_rule(rule)
    if any("Filter" in rule for rule in rules) and any("Prefix" in rule for rule in rules):
        raise invalid_request(
            "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter."
        )
    return {"Rules": [{**rule, "ID": rule.get("ID") or secrets.token_urlsafe(36)} for rule in rules]}


async def check_single_predicate(call: Call, document: Document) -> None:
    """Refuse a filter with several predicates outside And, as AWS does; the lenient settings allow it."""
    for rule in () if call.defaults.lenient else document["Rules"]:
        check_filter(rule.get("Filter"))


def _check_rule(rule: Rule) -> None:
    if ("Filter" in rule) == ("Prefix" in rule):
        raise malformed()
    given = rule.get("Filter") or {}
    check_filter(given, most=len(PREDICATES))
    both = given.get("And") or {}
    _check_prefixes(given.get("Prefix"), both.get("Prefix"))
    _check_sizes(given, both)
    if not any(name in rule for name in ACTIONS):
        raise invalid_request("At least one action needs to be specified in a rule")
    tagged = "Tag" in given or bool((given.get("And") or {}).get("Tags"))
    _check_expiration(rule.get("Expiration"), tagged=tagged)
    _check_transitions(rule)
    _check_noncurrent(rule)
    if (abort := rule.get("AbortIncompleteMultipartUpload")) is not None:
        if tagged:
            raise invalid_request("AbortIncompleteMultipartUpload cannot be specified with Tags.")
        _check_positive(abort, "DaysAfterInitiation", "AbortIncompleteMultipartUpload")


def _check_prefixes(one: str | None, other: str | None) -> None:
    """Refuse two prefixes that exclude each other. Both must hold, so one must begin with the other."""
    if one and other and not (one.startswith(other) or other.startswith(one)):
        raise malformed()


def _check_sizes(*given: Mapping[str, Any]) -> None:
    above = [each["ObjectSizeGreaterThan"] for each in given if "ObjectSizeGreaterThan" in each]
    below = [each["ObjectSizeLessThan"] for each in given if "ObjectSizeLessThan" in each]
    if above and below and min(below) <= max(above):
        raise invalid_request("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'")


def _check_expiration(action: Mapping[str, Any] | None, *, tagged: bool) -> None:
    if action is None:
        return
    if len(action) != 1:
        raise malformed()
    if "Days" in action:
        _check_positive(action, "Days", "Expiration")
    _check_midnight(action.get("Date"))
    if action.get("ExpiredObjectDeleteMarker") and tagged:
        raise invalid_request("ExpiredObjectDeleteMarker cannot be specified with Tags.")


def _check_transitions(rule: Rule) -> None:
    transitions = rule.get("Transitions") or ()
    for action in transitions:
        if "StorageClass" not in action or ("Days" in action) == ("Date" in action):
            raise malformed()
        if action.get("Days", 0) < 0:
            raise invalid_argument("'Days' for Transition action must be nonnegative")
        if "Days" in action:
            _check_class_days(action, "Days", "Transition")
        _check_midnight(action.get("Date"))
    _check_each_class_once(transitions, "Transition")
    expiration = rule.get("Expiration") or {}
    for action in transitions:
        for name, other in (("Days", "Date"), ("Date", "Days")):
            if name in action and other in expiration:
                raise invalid_request(
                    "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule"
                    f" for {_filter_text(rule)}"
                )
            if name in action and name in expiration and expiration[name] <= action[name]:
                raise invalid_argument(
                    f"'{name}' in the Expiration action for {_filter_text(rule)} must be greater than "
                    f"'{name}' in the Transition action"
                )


def _check_noncurrent(rule: Rule) -> None:
    expiration = rule.get("NoncurrentVersionExpiration")
    if expiration is not None:
        _check_positive(expiration, "NoncurrentDays", "NoncurrentVersionExpiration")
        _check_newer(expiration, "NoncurrentVersionExpiration")
    transitions = rule.get("NoncurrentVersionTransitions") or ()
    for action in transitions:
        if "StorageClass" not in action or "NoncurrentDays" not in action:
            raise malformed()
        if action["NoncurrentDays"] < 0:
            raise invalid_argument(
                "'NoncurrentDays' for NoncurrentVersionTransition action must be nonnegative"
            )
        _check_class_days(action, "NoncurrentDays", "NoncurrentVersionTransition")
        _check_newer(action, "NoncurrentVersionTransition")
        if expiration is not None and expiration["NoncurrentDays"] <= action["NoncurrentDays"]:
            raise invalid_argument(
                f"'NoncurrentDays' in the NoncurrentVersionExpiration action for {_filter_text(rule)} must "
                "be greater than 'NoncurrentDays' in the NoncurrentVersionTransition action"
            )
    _check_each_class_once(transitions, "NoncurrentVersionTransition")


def _check_class_days(action: Mapping[str, Any], days: str, kind: str) -> None:
    if action["StorageClass"] in INFREQUENT and action[days] < INFREQUENT_DAYS:
        raise invalid_argument(
            f"'{days}' in {kind} action must be greater than or equal to {INFREQUENT_DAYS} for storageClass "
            f"'{action['StorageClass']}'"
        )


def _check_each_class_once(actions: Any, kind: str) -> None:
    classes = [action["StorageClass"] for action in actions]
    if len(set(classes)) < len(classes):
        raise invalid_request(f"'StorageClass' must be different for '{kind}' actions in same 'Rule'")


def _check_newer(action: Mapping[str, Any], kind: str) -> None:
    newer = action.get("NewerNoncurrentVersions")
    if newer is not None and not 1 <= newer <= MOST_NEWER:
        raise invalid_argument(
            f"'NewerNoncurrentVersions' for {kind} action must be a positive integer up to {MOST_NEWER}"
        )


def _check_positive(action: Mapping[str, Any], name: str, kind: str) -> None:
    if name not in action:
        raise malformed()
    if action[name] <= 0:
        raise invalid_argument(f"'{name}' for {kind} action must be a positive integer")


def _check_midnight(date: datetime | None) -> None:
    if date is not None and (date.hour, date.minute, date.second, date.microsecond) != (0, 0, 0, 0):
        raise invalid_argument("'Date' must be at midnight GMT")


def _filter_text(rule: Rule) -> str:
    """Return the filter of a rule as AWS's messages show it."""
    if "Prefix" in rule:
        return f"prefix '{rule['Prefix']}'"
    given = rule.get("Filter") or {}
    return f"filter '(prefix={given.get('Prefix') or (given.get('And') or {}).get('Prefix') or ''})'"
