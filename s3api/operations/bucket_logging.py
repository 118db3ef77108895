"""Delivery of access logs: the permission to write into the target bucket, and PostBucketLogging.

The permission is checked when logging is configured and at each delivery. The target bucket must let the
service logging.s3.amazonaws.com put objects below the prefix by its policy (conditions may name the source
bucket and its account), or the log delivery group by its ACL if ACLs are enabled. PostBucketLogging, Ceph's
extension, delivers at once.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from metadata.bucket_settings import BucketSettings
from metadata.records import Bucket
from s3api.access.acl import LOG_SERVICE
from s3api.access.bucket_configuration import Defaults, policy_of, read_acl
from s3api.access.caller import Caller
from s3api.access.decision import BucketRules, decide
from s3api.bucket_logs.destination import LogDestination, parse_destination
from s3api.errors import S3Error
from s3api.operations.call import Call, Output

DELIVERY = Caller(service=LOG_SERVICE)
KIND = "Logging"


async def post_bucket_logging(call: Call, *, Bucket: str) -> Output:
    """Deliver the log lines that this gateway process has collected for the bucket.

    https://docs.ceph.com/en/latest/radosgw/s3/bucketops/
    """
    where = call.settings.parse(KIND, parse_destination)
    if where is None or call.bucket is None:
        raise S3Error("NoSuchConfiguration", BucketName=Bucket)
    key = await _flush(call, where)
    if key is None:
        raise S3Error("AccessDenied", f"The log of {Bucket} may not be put into {where.bucket}.")
    return {"FlushedLoggingObject": key}


async def flush_on_change(call: Call, document: Mapping[str, Any]) -> Output:
    """Deliver the collected log lines before `document` replaces the configuration.

    Returns the log object's key for the answer. Only for a configuration with Ceph's extensions: AWS delivers
    nothing at this point.
    """
    where = call.settings.parse(KIND, parse_destination)
    if where is None or not where.has_ceph_settings or where == parse_destination(document):
        return {}
    return {"FlushedLoggingObject": await _flush(call, where)}


async def _flush(call: Call, where: LogDestination) -> str | None:
    flush = call.backend.flush_log
    return await flush(call.bucket, where) if flush and call.bucket else None


def log_delivery_allowed(
    target: Bucket,
    settings: BucketSettings,
    prefix: str,
    *,
    source: Bucket,
    account: str | None,
    defaults: Defaults,
) -> bool:
    """Whether the log of `source` may be delivered to `target` below `prefix`.

    `account`: the twelve digits of the source's account; aws:SourceAccount matches its canonical id too.
    """
    controls = settings.get("OwnershipControls")
    rules = BucketRules(
        target.name,
        target.owner,
        policy_of(target.name, settings),
        read_acl(settings.get("Acl")),
        (controls or {}).get("ObjectOwnership") or defaults.ownership,
    )
    known: dict[str, Sequence[str]] = {
        "aws:sourcearn": (f"arn:aws:s3:::{source.name}",),
        "aws:sourceaccount": tuple(filter(None, (account, source.owner))),
    }
    return decide(DELIVERY, "s3:PutObject", rules, prefix, known.get).allowed
