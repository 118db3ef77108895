"""AWS's Identity and Access Management (IAM) API: users, their access keys and their policies.

It is the query API that boto3's `iam` client and the AWS CLI use: a signed form to POST /, answered in XML.
`wire` parses requests and renders responses by botocore's model; each operation is one async function.
Groups, roles and customer-managed policies are not implemented: requests to create them are refused.
"""

from s3api.iam.actions import ACTIONS
from s3api.iam.api import IamCall
from s3api.iam.errors import IamError
from s3api.iam.wire import IamWire

__all__ = ["ACTIONS", "IamCall", "IamError", "IamWire"]
