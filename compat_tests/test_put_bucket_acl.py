from __future__ import annotations

from typing import Any

import pytest

from compat_tests.handmade import Raw
from compat_tests.support import S3, refused

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"


def with_acls(s3: S3, bucket: str) -> None:
    s3.delete_public_access_block(Bucket=bucket)
    rules = [{"ObjectOwnership": "ObjectWriter"}]
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": rules})


def permissions(grants: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Grantees (a group's last word, or "owner") with what they have."""
    return {
        (grant["Grantee"].get("URI", "owner").rpartition("/")[2], grant["Permission"]) for grant in grants
    }


def test_there_are_none_where_the_owner_is_enforced(s3: S3, bucket: str) -> None:
    for acl in ("private", "public-read"):
        with refused("AccessControlListNotSupported", 400):
            s3.put_bucket_acl(Bucket=bucket, ACL=acl)


@pytest.mark.parametrize(
    ("acl", "more"),
    [
        ("private", set()),
        ("public-read", {("AllUsers", "READ")}),
        ("public-read-write", {("AllUsers", "READ"), ("AllUsers", "WRITE")}),
        ("authenticated-read", {("AuthenticatedUsers", "READ")}),
    ],
)
def test_canned_lists(s3: S3, bucket: str, acl: str, more: set[tuple[str, str]]) -> None:
    with_acls(s3, bucket)
    s3.put_bucket_acl(Bucket=bucket, ACL=acl)
    grants = s3.get_bucket_acl(Bucket=bucket)["Grants"]
    assert permissions(grants) == {("owner", "FULL_CONTROL")} | more


def test_grants_in_headers(s3: S3, bucket: str) -> None:
    with_acls(s3, bucket)
    s3.put_bucket_acl(Bucket=bucket, GrantRead=f'uri="{ALL_USERS}"')
    assert permissions(s3.get_bucket_acl(Bucket=bucket)["Grants"]) == {("AllUsers", "READ")}


def test_a_document(s3: S3, bucket: str) -> None:
    with_acls(s3, bucket)
    acl = s3.get_bucket_acl(Bucket=bucket)
    grant = {"Grantee": {"Type": "Group", "URI": ALL_USERS}, "Permission": "READ_ACP"}
    document = {"Owner": acl["Owner"], "Grants": [*acl["Grants"], grant]}
    s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=document)
    got = s3.get_bucket_acl(Bucket=bucket)
    assert permissions(got["Grants"]) == {("owner", "FULL_CONTROL"), ("AllUsers", "READ_ACP")}
    s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy={"Owner": acl["Owner"], "Grants": []})
    assert s3.get_bucket_acl(Bucket=bucket).get("Grants", []) == []


def test_accounts_that_are_not_there(s3: S3, bucket: str) -> None:
    with_acls(s3, bucket)
    with refused("InvalidArgument", 400):
        s3.put_bucket_acl(Bucket=bucket, GrantRead='id="_foo"')
    with refused("UnresolvableGrantByEmailAddress", 400):
        s3.put_bucket_acl(Bucket=bucket, GrantRead='emailAddress="nobody@example.invalid"')
    with refused("InvalidArgument", 400):
        s3.put_bucket_acl(Bucket=bucket, GrantRead='uri="http://example.com/group"')


def test_a_list_is_said_once(s3: S3, bucket: str) -> None:
    with_acls(s3, bucket)
    with refused("InvalidRequest", 400):
        s3.put_bucket_acl(Bucket=bucket, ACL="private", GrantRead=f'uri="{ALL_USERS}"')
    with refused("MissingSecurityHeader", 400):
        s3.put_bucket_acl(Bucket=bucket)


def test_public_lists_are_blocked_where_the_bucket_says_so(s3: S3, bucket: str) -> None:
    with_acls(s3, bucket)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    with refused("AccessDenied", 403):
        s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    s3.put_bucket_acl(Bucket=bucket, ACL="private")


@pytest.mark.parametrize(
    "document",
    ["<Owner/>", "<Owner><ID>{id}</ID></Owner>", "<Grants/>", "not XML"],
    ids=["no id", "no grants", "no element of it", "text"],
)
def test_a_malformed_document(raw: Raw, s3: S3, bucket: str, document: str) -> None:
    with_acls(s3, bucket)
    text = document.format(id=s3.get_bucket_acl(Bucket=bucket)["Owner"]["ID"])
    body = f"<AccessControlPolicy>{text}</AccessControlPolicy>".encode()
    raw.ask("PUT", f"/{bucket}", "acl", body=body).refused("MalformedACLError", 400)


def test_a_permission_that_is_none(s3: S3, bucket: str) -> None:
    with_acls(s3, bucket)
    owner = s3.get_bucket_acl(Bucket=bucket)["Owner"]
    grant = {"Grantee": {"Type": "Group", "URI": ALL_USERS}, "Permission": "LOOK"}
    with refused("MalformedACLError", 400):
        s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy={"Owner": owner, "Grants": [grant]})
