"""Whether the logs of one bucket may be put into another: asked when logging is configured, and again at each
delivery.

The target bucket must let the service logging.s3.amazonaws.com put objects below the prefix, by its policy
(conditions may name the source bucket and its account), or the log delivery group by its ACL where it has
ACLs. https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
"""

from __future__ import annotations

from collections.abc import Sequence

from metadata.records import Bucket
from s3api.access import Defaults, policy_of, read_acl
from s3api.auth.acl import LOG_SERVICE
from s3api.auth.decision import Guard, decide
from s3api.auth.principal import Principal
from s3api.buckets import BucketSettings

DELIVERY = Principal(service=LOG_SERVICE)


def may_deliver(
    target: Bucket,
    settings: BucketSettings,
    prefix: str,
    *,
    source: Bucket,
    account: str | None,
    defaults: Defaults,
) -> bool:
    """`account`: the twelve digits of the source's account. Its canonical id counts as its name as well."""
    said = settings.get("OwnershipControls")
    guard = Guard(
        target.name,
        target.owner,
        policy_of(target.name, settings),
        read_acl(settings.get("Acl")),
        (said or {}).get("ObjectOwnership") or defaults.ownership,
    )
    known: dict[str, Sequence[str]] = {
        "aws:sourcearn": (f"arn:aws:s3:::{source.name}",),
        "aws:sourceaccount": tuple(filter(None, (account, source.owner))),
    }
    return decide(DELIVERY, "s3:PutObject", guard, prefix, known.get).allowed
