"""Who began a multipart upload: as it is kept with the upload, as listings show it, and its part in what may
be done to the upload.

A user is kept as its id and its ARN ("AIDA... arn:aws:iam::..."), so that another user of the same name is
another; an account, and nobody, by canonical id.

The one who began it, and the account of that user, may list its parts and abort it unless a policy denies
that: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
"""

from __future__ import annotations

from s3api.access.principal import ANONYMOUS_OWNER, Principal

INITIATOR_ACTIONS = frozenset({"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"})
"""What needs no Allow of the one who began the upload."""


def initiator_of(principal: Principal) -> str:
    """What is kept of who begins an upload."""
    if principal.user is None:
        return principal.account or ANONYMOUS_OWNER
    return f"{principal.user_id} {principal.arn}"


def initiator_user(initiator: str) -> dict[str, str] | None:
    """A user as listings show an Initiator, None for an account."""
    _, is_user, arn = initiator.partition(" ")
    return {"ID": arn, "DisplayName": arn.rpartition("/")[2]} if is_user else None


def is_initiator(principal: Principal, initiator: str) -> bool:
    """Whether that is who began it, or the account of the user who did."""
    if not principal.account:
        return False
    _, is_user, arn = initiator.partition(" ")
    if is_user and principal.is_root:
        return arn.startswith(f"arn:aws:iam::{principal.number}:user/")
    return initiator == initiator_of(principal)
