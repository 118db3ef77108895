"""GetBucketAcl, PutBucketAcl, GetObjectAcl, PutObjectAcl, and the ACLs of new buckets and objects.

A request states an ACL in one of three forms, never two: a canned name, grants in headers, a document. With
the ownership BucketOwnerEnforced there are no ACLs: only a request that states what holds anyway is accepted.
A public access block refuses ACLs that grant public access. Every account in an ACL must exist.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypedDict, Unpack

from metadata.errors import NoSuchAccount
from metadata.records import NO_EXTRAS, Extras, Object
from metadata.records import Bucket as BucketRecord
from s3api.access import acl as acls
from s3api.access.acl import ACL, GROUPS, MAX_GRANTS, PERMISSIONS, Grant
from s3api.access.bucket_configuration import block_of, ownership_of, read_acl
from s3api.access.decision import ENFORCED
from s3api.errors import S3Error
from s3api.operations.call import Call, Output
from s3api.operations.configurations import to_json
from s3api.operations.steps.conditions import check_version
from s3api.operations.steps.notifications import event_maker

FULL = "bucket-owner-full-control"
PREFERRED = "BucketOwnerPreferred"
_HEADERS = {
    "GrantRead": "READ",
    "GrantWrite": "WRITE",
    "GrantReadACP": "READ_ACP",
    "GrantWriteACP": "WRITE_ACP",
    "GrantFullControl": "FULL_CONTROL",
}
_INPUTS = frozenset({"ACL", *_HEADERS})


class ObjectAcl(TypedDict, total=False):
    """Inputs that state the ACL of a new object."""

    ACL: str
    GrantFullControl: str
    GrantRead: str
    GrantReadACP: str
    GrantWriteACP: str


class BucketAcl(ObjectAcl, total=False):
    """Inputs that state the ACL of a bucket."""

    GrantWrite: str


async def get_bucket_acl(call: Call, *, Bucket: str) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html"""
    bucket = _bucket(call)
    acl = None if ownership_of(call.settings, call.defaults) == ENFORCED else _bucket_acl(call)
    return await _acl_output(call, bucket.owner, acl)


async def put_bucket_acl(
    call: Call,
    *,
    Bucket: str,
    AccessControlPolicy: dict[str, Any] | None = None,
    **more: Unpack[BucketAcl],
) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html"""
    bucket = _bucket(call)
    if _only_restates_enforcement(call, more, AccessControlPolicy, bucket.owner):
        return {}
    acl = await _parse_acl(call, more, AccessControlPolicy, bucket.owner, bucket.owner)
    await call.metadata.buckets.put_config(Bucket, "Acl", to_json(_to_stored(acl, bucket.owner)))
    return {}


async def get_object_acl(call: Call, *, Bucket: str, Key: str, VersionId: str | None = None) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html"""
    check_version(VersionId)
    found = await call.metadata.objects.get(Bucket, Key, VersionId)
    if ownership_of(call.settings, call.defaults) == ENFORCED:
        return await _acl_output(call, _bucket(call).owner, None)
    return await _acl_output(call, found.owner, read_acl(found.extras.acl))


async def put_object_acl(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    VersionId: str | None = None,
    AccessControlPolicy: dict[str, Any] | None = None,
    **more: Unpack[BucketAcl],
) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html"""
    check_version(VersionId)
    bucket = _bucket(call)
    found = await call.metadata.objects.get(Bucket, Key, VersionId)
    if _only_restates_enforcement(call, more, AccessControlPolicy, bucket.owner):
        return {}
    acl = await _parse_acl(call, more, AccessControlPolicy, found.owner, bucket.owner)

    def set_acl(version: Object) -> Object:
        stored = _to_stored(acl, version.owner) or None
        return replace(version, extras=replace(version.extras, acl=stored))

    await call.metadata.objects.alter(Bucket, Key, VersionId, set_acl, event_maker(call, "ObjectAcl:Put"))
    return {}


async def resolve_owner_and_acl(call: Call, inputs: Mapping[str, Any], extras: Extras) -> tuple[str, Extras]:
    """Return the owner of a new object, and its `extras` with the ACL that the request states.

    Raises S3Error AccessControlListNotSupported, AccessDenied (a public access block), InvalidArgument,
    InvalidRequest, UnresolvableGrantByEmailAddress.
    """
    owner = call.writer or call.owner
    if _INPUTS.isdisjoint(inputs):
        return owner, extras
    bucket = _bucket(call)
    if _only_restates_enforcement(call, inputs, None, bucket.owner):
        return bucket.owner, extras
    if ownership_of(call.settings, call.defaults) == PREFERRED and inputs.get("ACL") == FULL:
        return bucket.owner, extras
    stored = _to_stored(await _parse_acl(call, inputs, None, owner, bucket.owner), owner)
    return owner, replace(extras or NO_EXTRAS, acl=stored) if stored is not None else extras


async def acl_of_new_bucket(call: Call, inputs: Mapping[str, Any], ownership: str) -> str | None:
    """Return the document to store as a new bucket's ACL, None for the default one.

    Raises S3Error InvalidBucketAclWithObjectOwnership, InvalidBucketAclWithBlockPublicAccessError, and those
    of `resolve_owner_and_acl`.
    """
    if _INPUTS.isdisjoint(inputs):
        return None
    acl = await _parse_header_acl(call, inputs, call.owner, call.owner)
    if acl is None:
        return None
    if ownership == ENFORCED:
        raise S3Error("InvalidBucketAclWithObjectOwnership")
    if call.defaults.block.block_acls and acls.is_public(acl):
        raise S3Error("InvalidBucketAclWithBlockPublicAccessError")
    stored = _to_stored(acl, call.owner)
    return None if stored is None else to_json(stored)


def _only_restates_enforcement(
    call: Call, inputs: Mapping[str, Any], document: Mapping[str, Any] | None, bucket_owner: str
) -> bool:
    """Whether ACLs are disabled and the request asks for nothing beyond that.

    That is: full control for the bucket owner, in any form. Raises S3Error AccessControlListNotSupported for
    any other ACL while ACLs are disabled; returns False if they are enabled.
    """
    if ownership_of(call.settings, call.defaults) != ENFORCED:
        return False
    if inputs.get("ACL") == FULL:
        return True
    if document is not None:
        grants = [(grant.get("Grantee", {}).get("ID"), grant.get("Permission"))
                  for grant in document.get("Grants") or ()]  # fmt: skip
        if grants == [(bucket_owner, "FULL_CONTROL")]:
            return True
    given = {name for name in _HEADERS if name in inputs}
    if given == {"GrantFullControl"} and "ACL" not in inputs:
        grantees = acls.parse_grantees(inputs["GrantFullControl"])
        if grantees == [("id", bucket_owner)]:
            return True
    raise S3Error("AccessControlListNotSupported")


async def _parse_acl(
    call: Call,
    inputs: Mapping[str, Any],
    document: Mapping[str, Any] | None,
    owner: str,
    bucket_owner: str,
) -> ACL | None:
    """Return the ACL that a request states.

    Raises S3Error AccessDenied if a public access block forbids it.
    """
    given = not _INPUTS.isdisjoint(inputs)
    if given and document is not None:
        raise S3Error("UnexpectedContent")
    if document is not None:
        acl: ACL | None = await _parse_acl_document(call, document, owner)
    elif given:
        acl = await _parse_header_acl(call, inputs, owner, bucket_owner)
    else:
        raise S3Error("MissingSecurityHeader")
    if acls.is_public(acl) and block_of(call.settings, call.defaults).block_acls:
        raise S3Error("AccessDenied", "Public access control lists (ACLs) are blocked by this bucket's "
                      "BlockPublicAcls setting.")  # fmt: skip
    return acl


async def _parse_header_acl(
    call: Call, inputs: Mapping[str, Any], owner: str, bucket_owner: str
) -> ACL | None:
    """Return the ACL of a canned name or of grant headers."""
    headers = [(inputs[name], permission) for name, permission in _HEADERS.items() if name in inputs]
    if "ACL" in inputs:
        if headers:
            raise S3Error("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed")
        return acls.canned(inputs["ACL"], owner, bucket_owner)
    out = []
    for header, permission in headers:
        grantees = acls.parse_grantees(header)
        if grantees is None:
            raise S3Error(
                "InvalidArgument",
                "Argument format not recognized",
                ArgumentName="x-amz-grant",
                ArgumentValue=header,
            )
        out += [Grant(await _resolve_grantee(call, kind, value), permission) for kind, value in grantees]
    return _check_grant_count(out)


async def _parse_acl_document(call: Call, document: Mapping[str, Any], owner: str) -> ACL:
    """Return the ACL of an AccessControlPolicy document. Raises S3Error MalformedACLError, AccessDenied."""
    stated = document.get("Owner") or {}
    if document.get("Grants") is None or not stated.get("ID"):
        raise S3Error("MalformedACLError")
    if stated["ID"] != owner:
        raise S3Error("AccessDenied", "An access control list cannot give a resource to another owner.")
    out = []
    for grant in document["Grants"]:
        grantee, permission = grant.get("Grantee") or {}, grant.get("Permission")
        if permission not in PERMISSIONS:
            raise S3Error("MalformedACLError")
        for kind, member in (("id", "ID"), ("uri", "URI"), ("emailaddress", "EmailAddress")):
            if value := grantee.get(member):
                out.append(Grant(await _resolve_grantee(call, kind, value), permission))
                break
        else:
            raise S3Error("MalformedACLError")
    return _check_grant_count(out)


def _check_grant_count(grants: list[Grant]) -> ACL:
    """Return the grants as an ACL. Raises S3Error MalformedACLError if there are too many."""
    if len(grants) > MAX_GRANTS:
        raise S3Error("MalformedACLError", f"An access control list may have {MAX_GRANTS} grants.")
    return tuple(grants)


async def _resolve_grantee(call: Call, kind: str, value: str) -> str:
    """Return a grantee as it is stored: an account's canonical id, or a group's URI. Raises S3Error."""
    if kind == "uri":
        if value not in GROUPS:
            raise S3Error("InvalidArgument", "Invalid group uri", ArgumentName="uri", ArgumentValue=value)
        return value
    try:
        found = await call.metadata.accounts.find(value)
    except NoSuchAccount:
        found = None
    if kind == "emailaddress":
        if found is None or found.email != value:
            raise S3Error("UnresolvableGrantByEmailAddress", EmailAddress=value)
        return found.id
    if found is None or found.id != value:
        raise S3Error("InvalidArgument", "Invalid id", ArgumentName="CanonicalUser/ID", ArgumentValue=value)
    return value


def _to_stored(acl: ACL | None, owner: str) -> list[list[str]] | None:
    """Return an ACL in its stored form, None for the default ACL."""
    return None if acl is None or acl == acls.owner_only(owner) else [list(grant) for grant in acl]


async def _acl_output(call: Call, owner: str, acl: ACL | None) -> Output:
    grants = acls.owner_only(owner) if acl is None else acls.groups_first(acl)
    return {
        "Owner": await call.owner_element(owner),
        "Grants": [
            {"Grantee": await _grantee_output(call, grant.grantee), "Permission": grant.permission}
            for grant in grants
        ],
    }


async def _grantee_output(call: Call, grantee: str) -> Output:
    if acls.is_group(grantee):
        return {"Type": "Group", "URI": grantee}
    return {"Type": "CanonicalUser", **await call.owner_element(grantee)}


def _bucket_acl(call: Call) -> ACL | None:
    return read_acl(call.settings.get("Acl"))


def _bucket(call: Call) -> BucketRecord:
    assert call.bucket is not None
    return call.bucket
