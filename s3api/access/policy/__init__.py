"""The policy language of AWS: documents, what they say of a request, and whether they make a bucket public.

policy = read_bucket_policy(text, bucket)                 # PolicyError, in AWS's words
verdict = evaluate(policy, principal, "s3:GetObject", "arn:aws:s3:::bucket/key", context.get)
"""

from s3api.access.policy.documents import Policy, PolicyError, Statement, read_policy
from s3api.access.policy.evaluate import SILENT, Verdict, evaluate, evaluate_all
from s3api.access.policy.public import is_public
from s3api.access.policy.validation import read_bucket_policy, read_user_policy

__all__ = [
    "SILENT",
    "Policy",
    "PolicyError",
    "Statement",
    "Verdict",
    "evaluate",
    "evaluate_all",
    "is_public",
    "read_bucket_policy",
    "read_policy",
    "read_user_policy",
]
