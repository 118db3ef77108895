"""Headers in the query of a presigned URL are authorized like headers."""

from __future__ import annotations

from compat_tests.handmade import Raw
from compat_tests.support import Endpoint
from tests.access.people import Person, new_user
from tests.access.test_enforcement import arn, policy
from tests.gateway_process import GatewayProcess


def test_headers_in_a_presigned_url_are_judged_as_headers(
    gateway: GatewayProcess, main: Person, bucket: str
) -> None:
    main.s3.put_object(Bucket=bucket, Key="secret", Body=b"not for all")
    allowed = policy({"Effect": "Allow", "Action": "s3:PutObject", "Resource": arn(bucket, "*")})
    pair = new_user(gateway, main, f"u-{bucket}", allowed).s3._request_signer._credentials
    raw = Raw(Endpoint(gateway.endpoint, pair.access_key, pair.secret_key, "us-east-1"))
    expected = {
        "": 200,
        "x-amz-meta-a=b": 200,
        "x-amz-tagging=a%3Db": 403,
        "X-Amz-Tagging=a%3Db": 403,
        f"x-amz-copy-source=%2F{bucket}%2Fsecret": 403,
        f"X-Amz-Copy-Source=%2F{bucket}%2Fsecret": 403,
    }
    for query, status in expected.items():
        assert raw.send(raw.presigned("PUT", f"/{bucket}/k", query, body=b"")).status == status, query
