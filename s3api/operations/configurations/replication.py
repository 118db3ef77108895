"""ReplicationConfiguration: checked and stored only; nothing is replicated.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metadata.records import ENABLED
from s3api.operations.call import Call
from s3api.operations.configurations.checks import (
    RULES,
    Document,
    check_bucket_arn,
    check_filter,
    check_ids,
    invalid_argument,
    invalid_request,
    malformed,
)

REPLICATION_MINUTES = 15


def check_replication(document: Document) -> Document:
    """Check rules, priorities, filters and destinations."""
    rules = document["Rules"]
    if not rules or len(rules) > RULES:
        raise malformed()
    if not document["Role"]:
        raise invalid_argument("Invalid Role.", ArgumentName="Role")
    check_ids(rules)
    for rule in rules:
        _check_rule(rule)
    priorities = [rule["Priority"] for rule in rules if "Priority" in rule]
    if len(set(priorities)) < len(priorities):
        raise invalid_request("Found duplicate priority in replication configuration.")
    if any("Filter" in rule for rule in rules) and any("Filter" not in rule for rule in rules):
        raise invalid_request("Rules with and without Filter cannot be in one replication configuration.")
    return document


async def check_source_versioning(call: Call, _: Document) -> None:
    """Require versioning on the source bucket. Raises S3Error InvalidRequest."""
    if call.bucket is None or call.bucket.versioning != ENABLED:
        raise invalid_request(
            "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
        )


def _check_rule(rule: Mapping[str, Any]) -> None:
    if "Filter" in rule:
        if "Prefix" in rule:
            raise malformed()
        check_filter(rule["Filter"])
        if "Priority" not in rule:
            raise invalid_request(
                "Priority must be specified for this version of Cross Region Replication configuration "
                "schema. Please refer to S3 Developer Guide for more information."
            )
        if "DeleteMarkerReplication" not in rule:
            raise invalid_request(
                "DeleteMarkerReplication must be specified for this version of Cross Region Replication "
                "configuration schema. Please refer to S3 Developer Guide for more information."
            )
    destination = rule["Destination"]
    check_bucket_arn(destination["Bucket"])
    if "AccessControlTranslation" in destination and "Account" not in destination:
        raise invalid_argument("AccessControlTranslation requires Account.", ArgumentName="Account")
    timed = destination.get("ReplicationTime")
    if timed is not None:
        if "Metrics" not in destination:
            raise invalid_request("Metrics must be specified with ReplicationTime.")
        if timed["Time"].get("Minutes") != REPLICATION_MINUTES:
            raise invalid_argument("The ReplicationTime Minutes must be 15.", ArgumentName="Minutes")
