"""PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy, GetBucketPolicyStatus.

A policy is parsed and checked before it is stored, with AWS's messages, and returned as it was sent. Only
principals of the bucket's own account may manage it, whatever it allows others.
"""

from __future__ import annotations

import orjson

from s3api.access import acl as acls
from s3api.access.bucket_configuration import block_of, ownership_of, policy_of, read_acl
from s3api.access.decision import ENFORCED
from s3api.access.policy import PolicyError, evaluate, is_public, read_bucket_policy
from s3api.errors import S3Error
from s3api.operations.call import Call, Output


async def put_bucket_policy(
    call: Call, *, Bucket: str, Policy: str, ConfirmRemoveSelfBucketAccess: bool | None = None
) -> Output:
    """Store a policy.

    A user whom it would keep from changing it again must confirm; the account's root may always.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
    """
    _check_account(call)
    try:
        policy = read_bucket_policy(Policy, Bucket, lenient=call.defaults.lenient)
    except PolicyError as why:
        raise S3Error("MalformedPolicy", str(why)) from None
    if block_of(call.settings, call.defaults).block_policy and is_public(policy):
        raise S3Error(
            "AccessDenied", "Public policies are blocked by this bucket's BlockPublicPolicy setting."
        )
    if not call.principal.is_root and not ConfirmRemoveSelfBucketAccess:
        arn = f"arn:aws:s3:::{Bucket}"
        verdict = evaluate(policy, call.principal, "s3:PutBucketPolicy", arn, lambda _: None)
        if verdict.denied:
            raise S3Error(
                "InvalidRequest",
                "This policy would keep you from changing it again: "
                "x-amz-confirm-remove-self-bucket-access: true confirms that.",
            )
    await call.metadata.buckets.put_config(Bucket, "Policy", orjson.dumps(Policy).decode())
    return {}


async def get_bucket_policy(call: Call, *, Bucket: str) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html"""
    _check_account(call)
    policy = call.settings.get("Policy")
    if policy is None:
        raise S3Error("NoSuchBucketPolicy", BucketName=Bucket)
    return {"Policy": policy}


async def delete_bucket_policy(call: Call, *, Bucket: str) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html"""
    _check_account(call)
    await call.metadata.buckets.delete_config(Bucket, "Policy")
    return {}


async def get_bucket_policy_status(call: Call, *, Bucket: str) -> Output:
    """Return whether the bucket is public, by its policy or by its ACL if ACLs are enabled.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html
    """
    policy = policy_of(Bucket, call.settings)
    public = policy is not None and is_public(policy)
    if not public and ownership_of(call.settings, call.defaults) != ENFORCED:
        ignored = block_of(call.settings, call.defaults).ignore_acls
        public = not ignored and acls.is_public(read_acl(call.settings.get("Acl")))
    return {"PolicyStatus": {"IsPublic": public}}


def _check_account(call: Call) -> None:
    """Raise S3Error MethodNotAllowed for another account, even if the policy allows it.

    Source: API_PutBucketPolicy.
    """
    if call.bucket is not None and call.owner != call.bucket.owner:
        raise S3Error("MethodNotAllowed", Allow="GET, PUT, DELETE")
