"""Fixtures: the endpoint's clients and a bucket for each test. Option: --expect-differences FILE."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compat_tests.handmade import Raw
from compat_tests.locks import lift_holds
from compat_tests.support import S3, Endpoint, Upload, big_part, connect

HERE = Path(__file__).parent
SOMETIMES = "sometimes"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--expect-differences",
        metavar="FILE",
        help="a list of tests: exactly these must fail (see moto_differences.txt for its form)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """A wrong answer may come with a body that nobody reads: its test fails for that alone."""
    for warning in ("ResourceWarning", "pytest.PytestUnraisableExceptionWarning"):
        config.addinivalue_line("filterwarnings", f"ignore::{warning}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests on the list must fail: one that passes is as wrong as an unlisted one that fails.

    Where what the endpoint does begins with "sometimes" (a race that it may win) either will do.
    """
    if not (name := config.getoption("--expect-differences")):
        return
    listed = read_differences(Path(name))
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        if why := listed.pop(f"{item.path.relative_to(HERE)}::{item.name}", ""):
            # Not switched off: it runs, and must fail. `why` says who is right, and by which page.
            item.add_marker(pytest.mark.xfail(reason=why, strict=not why.startswith(SOMETIMES)))
    collected = {item.path.name for item in ours}
    partial = any("::" in argument for argument in config.args) or config.option.keyword
    stale = [test for test in listed if test.partition("::")[0] in collected]
    if stale and not partial:
        raise pytest.UsageError(f"{name} lists tests that do not exist: {', '.join(stale)}")


def read_differences(path: Path) -> dict[str, str]:
    """Test id to the rest of its line. Raises pytest.UsageError for a line that has not four fields."""
    listed: dict[str, str] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        test, *rest = (field.strip() for field in line.split(" | "))
        if len(rest) != 3 or test in listed:
            raise pytest.UsageError(f"{path}:{number}: want once: id | endpoint | AWS | who is right")
        listed[test] = " | ".join(rest)
    return listed


@pytest.fixture(scope="session")
def endpoint() -> Endpoint:
    return Endpoint.from_environment()


@pytest.fixture(scope="session")
def s3(endpoint: Endpoint) -> S3:
    """boto3 as it comes: it adds CRC32 checksums by itself."""
    return connect(endpoint)


@pytest.fixture(scope="session")
def bare_s3(endpoint: Endpoint) -> S3:
    """boto3 that adds no checksum and checks none."""
    quiet = "when_required"
    return connect(endpoint, request_checksum_calculation=quiet, response_checksum_validation=quiet)


@pytest.fixture(scope="session")
def raw(endpoint: Endpoint) -> Raw:
    return Raw(endpoint)


@pytest.fixture
def bucket_name(s3: S3) -> Iterator[str]:
    """A name that nobody has; whatever the test makes of it is removed."""
    name = f"compat-{uuid.uuid4().hex[:20]}"
    yield name
    remove_bucket(s3, name)


@pytest.fixture
def bucket(s3: S3, bucket_name: str) -> str:
    s3.create_bucket(Bucket=bucket_name)
    return bucket_name


@pytest.fixture
def other_bucket(s3: S3) -> Iterator[str]:
    name = f"compat-{uuid.uuid4().hex[:20]}"
    s3.create_bucket(Bucket=name)
    yield name
    remove_bucket(s3, name)


@pytest.fixture
def locked_bucket(s3: S3) -> Iterator[str]:
    """A bucket with object lock, hence with versioning."""
    name = f"compat-{uuid.uuid4().hex[:20]}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    yield name
    lift_holds(s3, name)
    remove_bucket(s3, name)


@pytest.fixture
def put(s3: S3, bucket: str) -> Callable[..., None]:
    """Put objects of these keys, each with its key as its bytes."""

    def put_keys(*keys: str) -> None:
        for key in keys:
            s3.put_object(Bucket=bucket, Key=key, Body=key.encode())

    return put_keys


@pytest.fixture
def multipart(s3: S3, bucket: str) -> tuple[str, list[bytes]]:
    """An object of two parts: its key, and the parts."""
    upload = Upload.start(s3, bucket, "multipart")
    bodies = [big_part(1), b"the last part may be small"]
    for number, body in enumerate(bodies, 1):
        upload.put(number, body)
    upload.complete()
    return upload.key, bodies


def remove_bucket(s3: S3, name: str) -> None:
    """Whatever is in it goes too. A bucket that is not there is fine."""
    try:
        s3.head_bucket(Bucket=name)
    except s3.exceptions.ClientError:
        return
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        entries = [{field: entry[field] for field in ("Key", "VersionId")} for entry in found]
        for entry in entries:
            if not entry["Key"].isprintable():  # XML 1.0 has no words for some of these
                s3.delete_object(Bucket=name, **entry, BypassGovernanceRetention=True)
        if printable := [entry for entry in entries if entry["Key"].isprintable()]:
            s3.delete_objects(
                Bucket=name, Delete={"Objects": printable, "Quiet": True}, BypassGovernanceRetention=True
            )
    for upload in s3.list_multipart_uploads(Bucket=name).get("Uploads", []):
        s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    s3.delete_bucket(Bucket=name)
