"""Checks and errors that several documents share.

The XML reader has checked names, types, enumerations and required elements; what remains are AWS's checks
beyond its schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from s3api.errors import S3Error

Document = dict[str, Any]

ID_CHARACTERS = 255
RULES = 1000
_BUCKET_ARN = re.compile(r"arn:[a-z0-9-]+:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def malformed() -> S3Error:
    return S3Error("MalformedXML")


def invalid_request(message: str) -> S3Error:
    return S3Error("InvalidRequest", message)


def invalid_argument(message: str, **details: str) -> S3Error:
    return S3Error("InvalidArgument", message, **details)


def check_ids(rules: Iterable[Mapping[str, Any]], name: str = "ID") -> None:
    """Check that ids are unique and at most 255 characters long. Raises S3Error InvalidArgument."""
    seen: set[str] = set()
    for rule in rules:
        one = rule.get(name)
        if not one:
            continue
        if len(one) > ID_CHARACTERS:
            raise invalid_argument(f"ID length should not exceed allowed limit of {ID_CHARACTERS}")
        if one in seen:
            raise invalid_argument("Rule ID must be unique. Found same ID for more than one rule")
        seen.add(one)


def check_filter(given: Mapping[str, Any] | None, *, most: int = 1) -> None:
    """Check that a filter has one predicate, or And with two at least.

    `most`: allowed predicates. Raises S3Error MalformedXML, InvalidRequest.
    """
    if given is None:
        return
    if len(given) > most:
        raise malformed()
    if (both := given.get("And")) is None:
        return
    predicates = sum(len(value) if name == "Tags" else 1 for name, value in both.items())
    if predicates < 2:
        raise malformed()
    keys = [tag["Key"] for tag in both.get("Tags") or ()]
    if len(set(keys)) < len(keys):
        raise invalid_request("Duplicate Tag Keys are not allowed.")


def check_bucket_arn(arn: str) -> None:
    if not _BUCKET_ARN.fullmatch(arn):
        raise invalid_argument("Invalid bucket ARN.", ArgumentName="Bucket", ArgumentValue=arn)
