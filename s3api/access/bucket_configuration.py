"""Access rules in a bucket's configuration: policy, ACL, ObjectOwnership and public access block.

Each function returns the default where the bucket has no configuration of that kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from s3api.access.acl import ACL, Grant
from s3api.access.decision import ENFORCED, FULL_BLOCK, NO_BLOCK, ObjectRules, PublicAccessBlock
from s3api.access.policy import Policy, read_bucket_policy

if TYPE_CHECKING:
    from metadata.bucket_settings import BucketSettings
    from metadata.records import Object

NO_OWNERSHIP = "ObjectWriter"
"""The ObjectOwnership of AWS's buckets without ownership controls, which only older buckets are."""


class Defaults(NamedTuple):
    """Settings of buckets without a configuration of their own: AWS's of today, or those before April 2023.

    `lenient`: whether to accept requests that AWS refuses and other stores accept (`Settings.lenient`).
    """

    ownership: str = ENFORCED
    block: PublicAccessBlock = FULL_BLOCK
    lenient: bool = False


AWS_DEFAULTS = Defaults()
OPEN_DEFAULTS = Defaults(NO_OWNERSHIP, NO_BLOCK)


def object_rules_of(found: Object) -> ObjectRules:
    """Return an object's owner and ACL."""
    return ObjectRules(found.owner, read_acl(found.extras.acl))


def read_acl(document: Any) -> ACL | None:
    """Parse an ACL as it is stored: pairs of grantee and permission. None: no ACL, only the owner."""
    return None if document is None else tuple(Grant(*pair) for pair in document)


def ownership_of(settings: BucketSettings, defaults: Defaults) -> str:
    """Return a bucket's ObjectOwnership."""
    configured = settings.get("OwnershipControls") if settings else None
    if configured is None:
        return defaults.ownership
    name: str = configured.get("ObjectOwnership") or NO_OWNERSHIP
    return name


def block_of(settings: BucketSettings, defaults: Defaults) -> PublicAccessBlock:
    """Return a bucket's public access block."""
    configured = settings.get("PublicAccessBlock") if settings else None
    return defaults.block if configured is None else parse_public_access_block(configured)


def parse_public_access_block(document: Mapping[str, Any]) -> PublicAccessBlock:
    """Parse a PublicAccessBlockConfiguration. A member that is missing is false."""
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return PublicAccessBlock(*(bool(document.get(name)) for name in names))


def policy_of(bucket: str, settings: BucketSettings) -> Policy | None:
    """Return a bucket's policy, parsed once for each revision; None without one."""
    return settings.parse("Policy", _PolicyParser(bucket)) if settings else None


@dataclass(frozen=True, slots=True)
class _PolicyParser:
    """Parser of a bucket's policy. Parsers of the same bucket are equal, so that a cached result is found."""

    bucket: str

    def __call__(self, text: str) -> Policy:
        return read_bucket_policy(text, self.bucket, lenient=True)
