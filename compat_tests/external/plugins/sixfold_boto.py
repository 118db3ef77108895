"""A plugin of pytest that lets the suites of botocore, boto3, s3transfer and moto meet a store that is not
AWS's.

Where they ask for Signature Version 2, which AWS refuses for buckets made since June 2020, they sign with
Version 4 (what those tests are about is bodies and queries), except where Version 2 is what a test is named
for. The CRT's client is told that an http:// endpoint speaks no TLS. It runs in the suite's interpreter and
knows nothing of this project.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from functools import partial
from importlib.util import find_spec
from unittest import mock

import pytest
from botocore import auth

VERSION_4 = {
    "s3": auth.S3SigV4Auth,
    "s3-query": auth.S3SigV4QueryAuth,
    "s3-presign-post": auth.S3SigV4PostAuth,
}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    signers = {} if "sigv2" in item.name else VERSION_4
    with mock.patch.dict(auth.AUTH_TYPE_MAPS, signers):
        return (yield)


if find_spec("awscrt") and os.environ["AWS_ENDPOINT_URL_S3"].startswith("http:"):
    from s3transfer import crt

    crt.create_s3_crt_client = partial(crt.create_s3_crt_client, use_ssl=False)
