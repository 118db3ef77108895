"""The initiator of a multipart upload: how it is stored and listed, and what it may do to the upload.

A user is stored as its id and its ARN ("AIDA... arn:aws:iam::..."), so that another user of the same name is
another; an account and an anonymous caller as a canonical id.

The initiator, and the account of a user that is one, may list its parts and abort it unless a policy denies
that: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
"""

from __future__ import annotations

from s3api.access.principal import ANONYMOUS_OWNER, Principal

INITIATOR_ACTIONS = frozenset({"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"})
"""Actions that the initiator of an upload may perform without an Allow."""


def initiator_of(principal: Principal) -> str:
    """Format the initiator to store with an upload that `principal` creates."""
    if principal.user is None:
        return principal.account or ANONYMOUS_OWNER
    return f"{principal.user_id} {principal.arn}"


def initiator_user(initiator: str) -> dict[str, str] | None:
    """Format a user as the Initiator element of listings; None for an account."""
    _, is_user, arn = initiator.partition(" ")
    return {"ID": arn, "DisplayName": arn.rpartition("/")[2]} if is_user else None


def is_initiator(principal: Principal, initiator: str) -> bool:
    """Whether `principal` is the stored initiator, or the account of the user that is."""
    if not principal.account:
        return False
    _, is_user, arn = initiator.partition(" ")
    if is_user and principal.is_root:
        return arn.startswith(f"arn:aws:iam::{principal.number}:user/")
    return initiator == initiator_of(principal)
