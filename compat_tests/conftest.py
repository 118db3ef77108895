"""Fixtures (clients of the endpoint, a bucket for each test) and the option --expect-differences FILE."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from compat_tests import failures
from compat_tests.handmade import Raw
from compat_tests.locks import lift_holds
from compat_tests.support import S3, Endpoint, Upload, big_part, connect

HERE = Path(__file__).parent
SOMETIMES = "sometimes"
CONNECT_S = 10.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--expect-differences",
        metavar="FILE",
        help="a list of tests: exactly these must fail (see moto_differences.txt for its form)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Ignore warnings of unread response bodies: a wrong answer is to be the only failure."""
    for warning in ("ResourceWarning", "pytest.PytestUnraisableExceptionWarning"):
        config.addinivalue_line("filterwarnings", f"ignore::{warning}")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Print the endpoint. Ends the run (exit code 4) if nothing listens there."""
    if session.config.option.collectonly or hasattr(session.config, "workerinput"):
        return
    endpoint = Endpoint.from_environment()
    print(f"testing {endpoint.url} as {endpoint.access_key}", flush=True)
    try:
        socket.create_connection(endpoint.address, timeout=CONNECT_S).close()
    except OSError as why:
        pytest.exit(f"nothing listens at {endpoint.url}: {why}", returncode=4)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    failures.start_test()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the endpoint answered during a failed test."""
    report = yield
    if report.failed and (answers := failures.report()):
        report.sections.append(("S3 endpoint", answers))
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the listed tests as strict xfail: a listed test that passes is reported as a failure.

    An entry that begins with "sometimes" (a race) may pass or fail.
    """
    if not (name := config.getoption("--expect-differences")):
        return
    listed = read_differences(Path(name))
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        if why := listed.pop(f"{item.path.relative_to(HERE)}::{item.name}", ""):
            # The test runs, and must fail. `why` says who is right, with the AWS page.
            item.add_marker(pytest.mark.xfail(reason=why, strict=not why.startswith(SOMETIMES)))
    collected = {item.path.name for item in ours}
    partial = any("::" in argument for argument in config.args) or config.option.keyword
    stale = [test for test in listed if test.partition("::")[0] in collected]
    if stale and not partial:
        raise pytest.UsageError(f"{name} lists tests that do not exist: {', '.join(stale)}")


def read_differences(path: Path) -> dict[str, str]:
    """Map test ids to the rest of their lines.

    Raises pytest.UsageError for a line without four fields, or a test that is listed twice.
    """
    listed: dict[str, str] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        test, *rest = (field.strip() for field in line.split(" | "))
        if len(rest) != 3 or test in listed:
            raise pytest.UsageError(
                f"{path}:{number}: expected `test | endpoint | AWS | who is right`, each test once"
            )
        listed[test] = " | ".join(rest)
    return listed


@pytest.fixture(scope="session")
def endpoint() -> Endpoint:
    return Endpoint.from_environment()


@pytest.fixture(scope="session")
def s3(endpoint: Endpoint) -> S3:
    """A boto3 client with default settings: it adds CRC32 checksums."""
    return connect(endpoint)


@pytest.fixture(scope="session")
def bare_s3(endpoint: Endpoint) -> S3:
    """A boto3 client that neither adds nor verifies checksums."""
    quiet = "when_required"
    return connect(endpoint, request_checksum_calculation=quiet, response_checksum_validation=quiet)


@pytest.fixture(scope="session")
def raw(endpoint: Endpoint) -> Raw:
    return Raw(endpoint)


@pytest.fixture
def bucket_name(s3: S3) -> Iterator[str]:
    """A new bucket name. The bucket is removed after the test, if it exists."""
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
    """A bucket with object lock, which implies versioning."""
    name = f"compat-{uuid.uuid4().hex[:20]}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    yield name
    lift_holds(s3, name)
    remove_bucket(s3, name)


@pytest.fixture
def put(s3: S3, bucket: str) -> Callable[..., None]:
    """A function that puts an object for each key. The body is the key."""

    def put_keys(*keys: str) -> None:
        for key in keys:
            s3.put_object(Bucket=bucket, Key=key, Body=key.encode())

    return put_keys


@pytest.fixture
def multipart(s3: S3, bucket: str) -> tuple[str, list[bytes]]:
    """An object uploaded in two parts: its key and the bodies of the parts."""
    upload = Upload.start(s3, bucket, "multipart")
    bodies = [big_part(1), b"the last part may be small"]
    for number, body in enumerate(bodies, 1):
        upload.put(number, body)
    upload.complete()
    return upload.key, bodies


def remove_bucket(s3: S3, name: str) -> None:
    """Delete a bucket with all versions and uploads in it. Does nothing if there is no such bucket."""
    try:
        s3.head_bucket(Bucket=name)
    except s3.exceptions.ClientError:
        return
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        entries = [{field: entry[field] for field in ("Key", "VersionId")} for entry in found]
        for entry in entries:
            if not entry["Key"].isprintable():  # XML 1.0 cannot express some of these
                s3.delete_object(Bucket=name, **entry, BypassGovernanceRetention=True)
        if printable := [entry for entry in entries if entry["Key"].isprintable()]:
            s3.delete_objects(
                Bucket=name, Delete={"Objects": printable, "Quiet": True}, BypassGovernanceRetention=True
            )
    for upload in s3.list_multipart_uploads(Bucket=name).get("Uploads", []):
        s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    s3.delete_bucket(Bucket=name)
