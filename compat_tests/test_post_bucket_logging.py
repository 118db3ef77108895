"""PostBucketLogging: a bucket's log is delivered at once. Ceph has it, and journals; AWS has neither."""

from __future__ import annotations

import pytest

from compat_tests.configurations import LOGGING, allow_log_delivery
from compat_tests.handmade import Raw, xml
from compat_tests.support import S3, etag_of, path_of

_ENABLED = "<TargetBucket>{}</TargetBucket><TargetPrefix>log/</TargetPrefix>{}"
_STATUS = "<BucketLoggingStatus><LoggingEnabled>{}</LoggingEnabled></BucketLoggingStatus>"
JOURNAL = "<LoggingType>Journal</LoggingType><ObjectRollTime>600</ObjectRollTime>"
BELOW_A = "<Filter><S3Key><FilterRule><Name>prefix</Name><Value>a/</Value></FilterRule></S3Key></Filter>"


def put(raw: Raw, bucket: str, target: str, more: str = "") -> str:
    """The log object that the change of configuration delivered, "" where it did not."""
    body = _STATUS.format(_ENABLED.format(target, more)).encode()
    answer = raw.ask("PUT", path_of(bucket), "logging=", body=body)
    assert answer.status == 200, answer.body
    return (xml(answer.body).findtext("FlushedLoggingObject") or "") if answer.body else ""


def flush(raw: Raw, bucket: str) -> str:
    answer = raw.ask("POST", path_of(bucket), "logging=")
    assert answer.status == 200, answer.body
    return xml(answer.body).findtext("FlushedLoggingObject") or ""


def lines(s3: S3, target: str, key: str) -> list[str]:
    text: bytes = s3.get_object(Bucket=target, Key=key)["Body"].read()
    return text.decode().splitlines()


@pytest.fixture
def target(s3: S3, bucket: str, other_bucket: str) -> str:
    allow_log_delivery(s3, bucket, other_bucket)
    return other_bucket


def test_what_is_collected_is_delivered(s3: S3, raw: Raw, bucket: str, target: str) -> None:
    assert put(raw, bucket, target) == ""
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    key = flush(raw, bucket)
    assert key.startswith("log/")
    assert [line for line in lines(s3, target, key) if "REST.PUT.OBJECT k " in line]


def test_a_journal_has_changes_alone(s3: S3, raw: Raw, bucket: str, target: str) -> None:
    put(raw, bucket, target, JOURNAL + BELOW_A)
    s3.put_object(Bucket=bucket, Key="a/k", Body=b"x")
    s3.put_object(Bucket=bucket, Key="b/k", Body=b"x")
    s3.get_object(Bucket=bucket, Key="a/k")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a/k"}]})
    owner = s3.list_buckets()["Owner"]["ID"]
    made, gone = lines(s3, target, flush(raw, bucket))
    assert made.split()[:2] == gone.split()[:2] == [owner, bucket]
    assert made.split()[4:] == ["REST.PUT.OBJECT", "a/k", "1", "-", etag_of(b"x").strip('"')]
    assert gone.split()[4:] == ["REST.POST.DELETE_MULTI_OBJECT", "a/k", "-", "-", "-"]


def test_a_journal_of_nothing_is_an_empty_object(s3: S3, raw: Raw, bucket: str, target: str) -> None:
    put(raw, bucket, target, JOURNAL)
    assert lines(s3, target, flush(raw, bucket)) == []


def test_a_change_of_a_journal_delivers_it_first(s3: S3, raw: Raw, bucket: str, target: str) -> None:
    put(raw, bucket, target, JOURNAL)
    s3.put_object(Bucket=bucket, Key="k")
    assert put(raw, bucket, target, JOURNAL) == ""
    key = put(raw, bucket, target, JOURNAL + BELOW_A)
    assert len(lines(s3, target, key)) == 1


def test_what_it_cannot_be(s3: S3, raw: Raw, bucket: str, target: str) -> None:
    raw.ask("POST", path_of(bucket), "logging=").refused("NoSuchConfiguration", 404)
    for more in ("<LoggingType>Diary</LoggingType>", "<ObjectRollTime>-1</ObjectRollTime>"):
        body = _STATUS.format(_ENABLED.format(target, more)).encode()
        raw.ask("PUT", path_of(bucket), "logging=", body=body).refused("MalformedXML", 400)
    put(raw, bucket, target, JOURNAL)
    s3.delete_bucket_policy(Bucket=target)
    raw.ask("POST", path_of(bucket), "logging=").refused("AccessDenied", 403)
    LOGGING.put(s3, bucket, {})
