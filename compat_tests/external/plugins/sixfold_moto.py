"""A plugin of pytest that points moto's tests at the endpoint in place of its mock.

moto has a mode in which its tests speak to a server (TEST_SERVER_MODE, TEST_SERVER_MODE_ENDPOINT); tests that
look into the mock's memory skip themselves then. What that mode assumes of the server, and this takes away:
that it takes any key, and forgets everything when POST /moto-api/reset asks it to.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any
from unittest import mock

import boto3
import moto.core.models as models
from botocore.config import Config
from botocore.exceptions import ClientError

URL = os.environ["TEST_SERVER_MODE_ENDPOINT"]
KEYS = {name: os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
_connect = boto3.client


def reset(_: Any) -> None:
    """Remove every bucket of the account, locked objects and uploads too."""
    s3 = _connect(
        "s3",
        endpoint_url=URL,
        region_name="us-east-1",
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        config=Config(s3={"addressing_style": "path"}),
    )
    try:
        buckets = s3.list_buckets()["Buckets"]
    except ClientError:  # under a clock that a test has stopped; the next test begins by it, too
        return
    for bucket in buckets:
        try:
            s3.delete_bucket(Bucket=bucket["Name"])
        except ClientError:
            _empty(s3, bucket["Name"])


def _empty(s3: Any, bucket: str) -> None:
    """What cannot be removed (a retention that nobody may pass) stays: names of buckets are random."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for entry in page.get("Versions", []) + page.get("DeleteMarkers", []):
            which = {"Bucket": bucket, "Key": entry["Key"], "VersionId": entry["VersionId"]}
            with suppress(ClientError):  # it has none
                s3.put_object_legal_hold(**which, LegalHold={"Status": "OFF"})
            try:
                s3.delete_object(**which, BypassGovernanceRetention=True)
            except ClientError:
                return
    s3.delete_bucket(Bucket=bucket)


mock.patch.object(models.ServerModeMockAWS, "reset", reset).start()
for method in ("_mock_env_variables", "_unmock_env_variables"):
    mock.patch.object(models.MockAWS, method).start()
