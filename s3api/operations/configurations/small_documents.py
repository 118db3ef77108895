"""Checks of small documents: tagging, logging, request payment, transfer acceleration, ABAC.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html and its siblings.
"""

from __future__ import annotations

from metadata.errors import NoSuchBucket
from s3api.access.acl import LOG_SERVICE
from s3api.errors import S3Error
from s3api.operations.bucket_logging import log_delivery_allowed
from s3api.operations.call import Call
from s3api.operations.configurations.checks import Document, invalid_argument, invalid_request, malformed
from s3api.operations.steps.tag_sets import bucket_tags

GRANTS = 100
_NOT_LET_IN = (
    f"You must either provide the necessary permissions to the logging service ({LOG_SERVICE}) using a "
    "bucket policy or give the log-delivery group WRITE and READ_ACP permissions to the target bucket"
)


def check_tagging(document: Document) -> Document:
    """Check the tags of a bucket."""
    bucket_tags(document["TagSet"])
    return document


def check_logging(document: Document) -> Document:
    """Check a BucketLoggingStatus, Ceph's extensions included; {} turns logging off."""
    enabled = document.get("LoggingEnabled")
    if enabled is None:
        return {}
    form = enabled.get("TargetObjectKeyFormat")
    if form is not None and len(form) != 1:
        raise malformed()
    if len(enabled.get("TargetGrants") or ()) > GRANTS:
        raise malformed()
    if min(enabled.get("ObjectRollTime", 0), enabled.get("RecordsBatchSize", 0)) < 0:
        raise malformed()
    rules = ((enabled.get("Filter") or {}).get("Key") or {}).get("FilterRules") or ()
    if any(rule["Name"].lower() not in ("prefix", "suffix") or "Value" not in rule for rule in rules):
        raise invalid_argument("filter rule name must be either prefix or suffix", ArgumentName="Filter")
    return document


async def check_log_target(call: Call, document: Document) -> None:
    """Check the target bucket of access logs: same owner, same region, and it allows log delivery.

    Raises S3Error InvalidTargetBucketForLogging, CrossLocationLoggingProhibited.
    """
    source = call.bucket
    if not document or source is None:
        return
    enabled = document["LoggingEnabled"]
    name, prefix = enabled["TargetBucket"], enabled.get("TargetPrefix") or ""
    try:
        target, settings = await call.backend.buckets.find(name)
    except NoSuchBucket:
        raise S3Error("InvalidTargetBucketForLogging", TargetBucket=name) from None
    if target.owner != source.owner:
        raise S3Error("InvalidTargetBucketForLogging", TargetBucket=name)
    if target.region != source.region:
        raise S3Error("CrossLocationLoggingProhibited", TargetBucketLocation=target.region)
    account = call.number(source.owner)
    if not log_delivery_allowed(
        target, settings, prefix, source=source, account=account, defaults=call.defaults
    ):
        raise S3Error("InvalidTargetBucketForLogging", _NOT_LET_IN, TargetBucket=name)


def check_payment(document: Document) -> Document:
    """Accept a RequestPaymentConfiguration: the XML reader has checked it."""
    return document


def check_accelerate(document: Document) -> Document:
    """Require a Status."""
    if "Status" not in document:
        raise malformed()
    return document


async def check_bucket_name_without_dots(call: Call, _: Document) -> None:
    """Refuse transfer acceleration for a bucket with dots in its name, as AWS does."""
    if call.bucket is not None and "." in call.bucket.name:
        raise invalid_request(
            "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
        )


def check_abac(document: Document) -> Document:
    """Require a Status."""
    if "Status" not in document:
        raise malformed()
    return document
