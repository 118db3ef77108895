"""Analytics, inventory, metrics and intelligent tiering: configurations with an id, several per bucket.

They are checked, stored and returned; no report is made and no object moves.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketInventoryConfiguration.html and its siblings.
"""

from __future__ import annotations

from s3api.operations.configurations.checks import (
    Document,
    check_bucket_arn,
    check_filter,
    invalid_argument,
    malformed,
)

TIER_DAYS = {"ARCHIVE_ACCESS": 90, "DEEP_ARCHIVE_ACCESS": 180}
MOST_TIER_DAYS = 730


def check_analytics(document: Document) -> Document:
    """Check filter and export destination."""
    _check_one_filter(document)
    export = document["StorageClassAnalysis"].get("DataExport")
    if export is not None:
        check_bucket_arn(export["Destination"]["S3BucketDestination"]["Bucket"])
    return document


def check_metrics(document: Document) -> Document:
    """Check the filter."""
    _check_one_filter(document)
    return document


def check_inventory(document: Document) -> Document:
    """Check the destination and the list of fields."""
    destination = document["Destination"]["S3BucketDestination"]
    check_bucket_arn(destination["Bucket"])
    if len(destination.get("Encryption") or {}) > 1:
        raise malformed()
    fields = document.get("OptionalFields") or ()
    if len(set(fields)) < len(fields):
        raise malformed()
    return document


def check_tiering(document: Document) -> Document:
    """Check days and order of the access tiers, of which each may occur once."""
    _check_one_filter(document)
    days = {tiering["AccessTier"]: tiering["Days"] for tiering in document["Tierings"]}
    if len(days) < len(document["Tierings"]):
        raise malformed()
    for tier, least in TIER_DAYS.items():
        if tier in days and not least <= days[tier] <= MOST_TIER_DAYS:
            raise invalid_argument(
                f"The number of days for {tier} must be between {least} and {MOST_TIER_DAYS}.",
                ArgumentName="Days",
                ArgumentValue=str(days[tier]),
            )
    if len(days) == len(TIER_DAYS) and days["DEEP_ARCHIVE_ACCESS"] <= days["ARCHIVE_ACCESS"]:
        raise invalid_argument(
            "The days of DEEP_ARCHIVE_ACCESS must be more than those of ARCHIVE_ACCESS.", ArgumentName="Days"
        )
    return document


def _check_one_filter(document: Document) -> None:
    """Refuse an empty filter, and one with several predicates."""
    if "Filter" in document and not document["Filter"]:
        raise malformed()
    check_filter(document.get("Filter"))
