"""Access control lists (ACLs) of buckets and objects: grants, and the actions that they allow.

A grantee is an account (its canonical ID) or a group (a URI). None stands for the default ACL: the owner has
FULL_CONTROL, and there are no other grants. Lists made here have the groups first, then the accounts. The
order means nothing to S3, but the test suites of other stores expect this one.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from s3api.access.principal import Principal

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
GROUPS = (ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY)
PUBLIC_GROUPS = (ALL_USERS, AUTHENTICATED_USERS)
# What aws-exec-read grants to: Amazon EC2's own account, by AWS's documentation of canned ACLs.
EC2_BUNDLES = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c"
LOG_SERVICE = "logging.s3.amazonaws.com"

PERMISSIONS = ("READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL")
MAX_GRANTS = 100


class Grant(NamedTuple):
    grantee: str
    permission: str


ACL = tuple[Grant, ...]

# "Mapping of ACL permissions and access policy permissions", for buckets and for objects. WRITE on a
# bucket allows replacing and deleting its objects, and listing and aborting own uploads.
BUCKET_PERMISSIONS: dict[str, str] = {
    "s3:AbortMultipartUpload": "WRITE",
    "s3:DeleteObject": "WRITE",
    "s3:GetBucketAcl": "READ_ACP",
    "s3:ListBucket": "READ",
    "s3:ListBucketMultipartUploads": "READ",
    "s3:ListBucketVersions": "READ",
    "s3:ListMultipartUploadParts": "WRITE",
    "s3:PutBucketAcl": "WRITE_ACP",
    "s3:PutObject": "WRITE",
}
OBJECT_PERMISSIONS: dict[str, str] = {
    "s3:GetObject": "READ",
    "s3:GetObjectAcl": "READ_ACP",
    "s3:GetObjectAttributes": "READ",
    "s3:GetObjectVersion": "READ",
    "s3:GetObjectVersionAcl": "READ_ACP",
    "s3:GetObjectVersionAttributes": "READ",
    "s3:PutObjectAcl": "WRITE_ACP",
    "s3:PutObjectVersionAcl": "WRITE_ACP",
}
# Permissions that the owner always has, so that it can repair a broken ACL.
OWNER_PERMISSIONS = ("READ_ACP", "WRITE_ACP")

_Canned = Callable[[str, str], Iterable[Grant]]
_CANNED: dict[str, _Canned] = {
    "private": lambda owner, _: (),
    "public-read": lambda owner, _: (Grant(ALL_USERS, "READ"),),
    "public-read-write": lambda owner, _: (Grant(ALL_USERS, "READ"), Grant(ALL_USERS, "WRITE")),
    "authenticated-read": lambda owner, _: (Grant(AUTHENTICATED_USERS, "READ"),),
    "aws-exec-read": lambda owner, _: (Grant(EC2_BUNDLES, "READ"),),
    "log-delivery-write": lambda owner, _: (Grant(LOG_DELIVERY, "WRITE"), Grant(LOG_DELIVERY, "READ_ACP")),
    "bucket-owner-read": lambda owner, other: (Grant(other, "READ"),) if other != owner else (),
    "bucket-owner-full-control": lambda owner, other: (
        (Grant(other, "FULL_CONTROL"),) if other != owner else ()
    ),
}
CANNED = frozenset(_CANNED)


def canned(name: str, owner: str, bucket_owner: str) -> ACL | None:
    """Expand a canned ACL; None for "private". Raises KeyError for an unknown name.

    The bucket-owner-... ACLs add no grant if both owners are the same, as on AWS.
    """
    grants = tuple(_CANNED[name](owner, bucket_owner))
    if not grants:
        return None
    return groups_first((Grant(owner, "FULL_CONTROL"), *grants))


def groups_first(acl: ACL) -> ACL:
    """Sort an ACL: groups first, then accounts."""
    return tuple(sorted(acl, key=lambda grant: not is_group(grant.grantee)))


def owner_only(owner: str) -> ACL:
    return (Grant(owner, "FULL_CONTROL"),)


def is_group(grantee: str) -> bool:
    return grantee.startswith("http://")


def is_public(acl: ACL | None) -> bool:
    return acl is not None and any(grant.grantee in PUBLIC_GROUPS for grant in acl)


def find_grant(
    acl: ACL | None, owner: str, principal: Principal, permission: str, *, ignore_public: bool = False
) -> Grant | None:
    """Find the grant that gives `principal` the permission. A user has the grants of its account; the caller
    of this function must check the user's own policies."""
    own = principal.account == owner and not principal.anonymous
    if acl is None or (own and permission in OWNER_PERMISSIONS):
        return Grant(owner, "FULL_CONTROL") if own else None
    for grant in acl:
        if grant.permission in (permission, "FULL_CONTROL") and _matches_grantee(principal, grant.grantee):
            if ignore_public and grant.grantee in PUBLIC_GROUPS:
                continue
            return grant
    return None


def _matches_grantee(principal: Principal, grantee: str) -> bool:
    if grantee == ALL_USERS:
        return principal.service is None
    if grantee == AUTHENTICATED_USERS:
        return bool(principal.account)
    if grantee == LOG_DELIVERY:
        return principal.service == LOG_SERVICE
    return grantee == principal.account


def dump(acl: ACL | None) -> str | None:
    """Serialize an ACL for storage: JSON, or None for the default ACL."""
    return None if acl is None else json.dumps([list(grant) for grant in acl], separators=(",", ":"))


def load(text: str | None) -> ACL | None:
    return None if text is None else tuple(Grant(*pair) for pair in json.loads(text))


_GRANTEE = re.compile(r'\s*(id|uri|emailaddress)\s*=\s*(?:"([^"]*)"|([^",\s]*))\s*(?:,|$)', re.IGNORECASE)


def parse_grantees(header: str) -> list[tuple[str, str]] | None:
    """Parse an x-amz-grant-* header into pairs of "id", "uri" or "emailaddress" and a value. None for a
    malformed header. Takes time linear in the header's length."""
    out: list[tuple[str, str]] = []
    at = 0
    while at < len(header) or not out:
        match = _GRANTEE.match(header, at)
        if match is None:
            return None
        out.append((match[1].lower(), match[2] if match[2] is not None else match[3]))
        at = match.end()
    return None if header.rstrip().endswith(",") else out
