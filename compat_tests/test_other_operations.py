"""Operations that the store does not have: a clean 501 in S3's XML, and never a listing, a write or a delete.

AWS has them all, so these are the tests that a complete S3 does not pass. An operation that has a file of its
own in this suite is not among them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from compat_tests.handmade import Headers, Raw
from compat_tests.support import S3, body_of, path_of

# Not told apart from others by anything that a request shows, or meant for other endpoints.
ELSEWHERE = {"ListDirectoryBuckets", "WriteGetObjectResponse"}
SAMPLES = {"boolean": "true", "integer": "1", "long": "1", "timestamp": "2030-01-01T00:00:00Z"}


def others() -> list[Any]:
    """One operation for each method and URI that the model has and this suite does not otherwise ask for."""
    session = botocore.session.get_session()  # type: ignore[no-untyped-call]
    model = session.get_service_model("s3")
    found: dict[tuple[str, str, bool], Any] = {}
    for name in model.operation_names:
        operation = model.operation_model(name)
        if name not in ELSEWHERE and not _has_tests(name) and not operation.deprecated:
            found.setdefault(
                (operation.http["method"], operation.http["requestUri"], "List" in name), operation
            )
    return list(found.values())


def _has_tests(name: str) -> bool:
    return Path(__file__).with_name(f"test_{xform_name(name)}.py").exists()


def required(operation: Any) -> tuple[list[str], Headers]:
    """What the model asks for beyond the path: query parameters and headers, with sample values."""
    query, headers = [], Headers()
    shape = operation.input_shape
    for name in shape.required_members:
        member = shape.members[name]
        value = (getattr(member, "enum", None) or [SAMPLES.get(member.type_name, "sample")])[0]
        where, label = member.serialization.get("location"), member.serialization.get("name")
        if where == "querystring":
            query.append(f"{label}={value}")
        elif where == "header":
            headers[label.lower()] = value
    return query, headers


@pytest.mark.parametrize("operation", others(), ids=lambda operation: operation.name)
def test_it_is_not_implemented(raw: Raw, s3: S3, bucket: str, operation: Any) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"stays")
    path, _, literal = operation.http["requestUri"].partition("?")
    query, headers = required(operation)
    literals = [part if "=" in part else f"{part}=" for part in literal.split("&") if part]
    path = path.replace("/{Bucket}", path_of(bucket)).replace("/{Key+}", "/k")
    method, query_string = operation.http["method"], "&".join(literals + query)
    answer = raw.ask(method, path, query_string, headers=headers)
    if method == "PUT" and answer.status < 300:  # a store that has it must not keep it: the bucket has to go
        raw.ask("DELETE", path, query_string)
    answer.refused("NotImplemented", 501)
    assert answer.headers["content-type"] == "application/xml"
    assert body_of(s3, bucket, "k") == b"stays"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "POST"])
@pytest.mark.parametrize("level", ["bucket", "object"])
def test_unknown_sub_resources(raw: Raw, s3: S3, bucket: str, method: str, level: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"stays")
    path = path_of(bucket, "k" if level == "object" else "")
    answer = raw.ask(method, path, "frobnicate=")
    assert answer.status == 501
    assert method == "HEAD" or answer.error["Code"] == "NotImplemented"
    assert body_of(s3, bucket, "k") == b"stays"


@pytest.mark.parametrize(
    "resource", ["acl", "tagging", "uploads", "torrent", "legal-hold", "retention", "policy"]
)
def test_deleting_a_sub_resource_deletes_no_object(raw: Raw, s3: S3, bucket: str, resource: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"stays")
    assert raw.ask("DELETE", path_of(bucket, "k"), f"{resource}=").status in (204, 400, 405, 501)
    assert body_of(s3, bucket, "k") == b"stays"


@pytest.mark.parametrize(
    "resource", ["acl", "tagging", "uploads", "delete", "location", "versions", "attributes"]
)
def test_putting_a_sub_resource_writes_no_object(raw: Raw, s3: S3, bucket: str, resource: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"stays")
    assert raw.ask("PUT", path_of(bucket, "k"), f"{resource}=", body=b"overwritten").status in (400, 405, 501)
    assert body_of(s3, bucket, "k") == b"stays"
