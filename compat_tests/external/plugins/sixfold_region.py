"""A plugin of pytest that lets boto3 name a region where ceph/s3-tests names none.

Ceph takes a signature without a region; AWS does not, and answers AuthorizationHeaderMalformed. It runs in
the suite's interpreter and knows nothing of this project.
"""

from __future__ import annotations

from typing import Any

import boto3

REGION = "us-east-1"
_client = boto3.client


def client(*arguments: Any, **settings: Any) -> Any:
    if settings.get("region_name") == "":
        settings["region_name"] = REGION
    return _client(*arguments, **settings)


boto3.client = client
