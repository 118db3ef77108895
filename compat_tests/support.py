"""Helpers of all tests: the endpoint, expected S3 errors, and bodies of known bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from compat_tests.failures import record_boto3

S3 = Any  # boto3 makes its clients' classes at run time
PART_BYTES = 5 << 20
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2099, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """URL, key pair and region under test. Its repr, which pytest prints, leaves out the secret key."""

    url: str
    access_key: str
    secret_key: str
    region: str

    def __repr__(self) -> str:
        return f"<{self.url} as {self.access_key}>"

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (443 if self.secure else 80)

    @property
    def netloc(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def secure(self) -> bool:
        return urlsplit(self.url).scheme == "https"

    @classmethod
    def from_environment(cls) -> Endpoint:
        """Read S3_ENDPOINT_URL and AWS_*. Ends the run (exit code 4) if one is missing."""
        names = ("S3_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        values = [os.environ.get(name, "") for name in names]
        if not all(values):
            pytest.exit("compat_tests need the environment variables " + ", ".join(names), returncode=4)
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        return cls(values[0].rstrip("/"), values[1], values[2], region)


def connect(endpoint: Endpoint, **settings: Any) -> S3:
    """A boto3 client that uses path-style addresses and sends each request once, without retries."""
    config = Config(  # type: ignore[no-untyped-call]
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=64,
        connect_timeout=10,
        read_timeout=60,
        s3={"addressing_style": "path"},
        **settings,
    )
    client: S3 = boto3.client(  # type: ignore[no-untyped-call]
        "s3",
        endpoint_url=endpoint.url,
        aws_access_key_id=endpoint.access_key,
        aws_secret_access_key=endpoint.secret_key,
        region_name=endpoint.region,
        config=config,
    )
    client.meta.events.register("after-call.s3", record_boto3)
    return client


@contextmanager
def refused(code: str, status: int) -> Iterator[dict[str, Any]]:
    """Assert that the block raises an S3 error of exactly this code and status.

    Yields a dict that holds the members of <Error> after the block.
    """
    details: dict[str, Any] = {}
    with pytest.raises(ClientError) as caught:
        yield details
    response = caught.value.response
    details.update(response["Error"])
    assert (details["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)


def refused_head(status: int) -> Any:
    """Assert that a HEAD request fails with this status. Its answer has no body, hence no error code."""
    return refused(str(status), status)


def answer_headers(response: dict[str, Any]) -> dict[str, str]:
    headers: dict[str, str] = response["ResponseMetadata"]["HTTPHeaders"]
    return headers


def status_of(response: dict[str, Any]) -> int:
    status: int = response["ResponseMetadata"]["HTTPStatusCode"]
    return status


def etag_of(body: bytes) -> str:
    """The ETag of an object that was put in one request."""
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def etag_of_parts(*bodies: bytes) -> str:
    """The ETag of a multipart object: the MD5 of its parts' MD5s, and their number."""
    digests = b"".join(hashlib.md5(body, usedforsecurity=False).digest() for body in bodies)
    return f'"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(bodies)}"'


def body_of(s3: S3, bucket: str, key: str, **more: Any) -> bytes:
    with s3.get_object(Bucket=bucket, Key=key, **more)["Body"] as stream:
        data: bytes = stream.read()
        return data


def keys_of(listing: dict[str, Any], member: str = "Contents") -> list[str]:
    return [entry["Key"] for entry in listing.get(member, [])]


def prefixes_of(listing: dict[str, Any]) -> list[str]:
    return [entry["Prefix"] for entry in listing.get("CommonPrefixes", [])]


def path_of(bucket: str, key: str = "") -> str:
    """The path of a request, every byte but the unreserved ones and "/" percent-encoded."""
    return f"/{bucket}/{quote(key, safe='/~')}" if key else f"/{bucket}"


def xml(body: bytes) -> ElementTree.Element:
    """The root element of an XML document, with namespaces removed."""
    root = ElementTree.fromstring(body)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def bytes_of(size: int) -> bytes:
    """`size` bytes with a period of 251, a prime: no two blocks or chunks of a power of two are equal."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def big_part(seed: int) -> bytes:
    """A part of the minimum size that S3 allows before the last part (5 MiB), different for each seed."""
    return (bytes([seed]) + bytes(range(255))) * (PART_BYTES // 256)


@dataclass(slots=True)
class Upload:
    """A multipart upload in progress, and its parts so far."""

    s3: S3
    bucket: str
    key: str
    id: str
    parts: list[dict[str, Any]]

    @classmethod
    def start(cls, s3: S3, bucket: str, key: str, **more: Any) -> Upload:
        created = s3.create_multipart_upload(Bucket=bucket, Key=key, **more)
        return cls(s3, bucket, key, created["UploadId"], [])

    @property
    def where(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.key, "UploadId": self.id}

    def put(self, number: int, body: bytes, **more: Any) -> dict[str, Any]:
        """Upload a part, and add its entry for CompleteMultipartUpload to `parts`."""
        answer: dict[str, Any] = self.s3.upload_part(**self.where, PartNumber=number, Body=body, **more)
        sums = {name: answer[name] for name in answer if name.startswith("Checksum")}
        self.parts.append({"PartNumber": number, "ETag": answer["ETag"], **sums})
        return answer

    def complete(self, **more: Any) -> dict[str, Any]:
        parts = more.pop("Parts", self.parts)
        answer: dict[str, Any] = self.s3.complete_multipart_upload(
            **self.where, MultipartUpload={"Parts": parts}, **more
        )
        return answer

    def abort(self) -> None:
        self.s3.abort_multipart_upload(**self.where)
