"""The part of AWS's Identity and Access Management that a store needs: users, their keys and their policies.

The query API (a signed form to POST /, answered in XML), as boto3's `iam` client and the AWS CLI speak it.
`wire` reads and renders it by botocore's own model; one async function per operation does the rest. Groups,
roles and policies that an account manages are not there: asking for them is refused.
"""

from s3api.iam.actions import ACTIONS
from s3api.iam.api import IamCall
from s3api.iam.errors import IamError
from s3api.iam.wire import IamWire

__all__ = ["ACTIONS", "IamCall", "IamError", "IamWire"]
