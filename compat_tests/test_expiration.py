"""What answers say of a bucket's lifecycle rules: x-amz-expiration, x-amz-abort-date, x-amz-abort-rule-id.

"Setting lifecycle configuration", and the pages of the operations that answer so.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from compat_tests.support import S3, Upload

DAY = timedelta(days=1)
EXPIRY = re.compile(r'expiry-date="([^"]+)", rule-id="([^"]+)"')


def rule(id: str, days: int, **filter: Any) -> dict[str, Any]:
    return {"ID": id, "Status": "Enabled", "Filter": filter, "Expiration": {"Days": days}}


def put_rules(s3: S3, bucket: str, *rules: dict[str, Any]) -> None:
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": list(rules)})


def midnight_after(days: int) -> datetime:
    """The midnight that AWS rounds up to: the first one that is at least so many days from now."""
    then = datetime.now(UTC) + days * DAY
    return then.replace(hour=0, minute=0, second=0, microsecond=0) + DAY


def check(answer: dict[str, Any], days: int, id: str) -> None:
    before = midnight_after(days)
    match = EXPIRY.fullmatch(answer["Expiration"])
    assert match, answer["Expiration"]
    assert match[2] == id
    assert parsedate_to_datetime(match[1]) in (before - DAY, before)  # midnight may have passed since


def test_objects_say_when_they_expire(s3: S3, bucket: str) -> None:
    put_rules(s3, bucket, rule("logs", 3, Prefix="logs/"))
    check(s3.put_object(Bucket=bucket, Key="logs/a", Body=b""), 3, "logs")
    check(s3.head_object(Bucket=bucket, Key="logs/a"), 3, "logs")
    check(s3.get_object(Bucket=bucket, Key="logs/a"), 3, "logs")
    check(s3.copy_object(Bucket=bucket, Key="logs/b", CopySource=f"{bucket}/logs/a"), 3, "logs")
    upload = Upload.start(s3, bucket, "logs/c")
    upload.put(1, b"x")
    check(upload.complete(), 3, "logs")
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="other", Body=b"")


def test_the_earliest_of_several_rules(s3: S3, bucket: str) -> None:
    off = {**rule("off", 1), "Status": "Disabled"}
    put_rules(s3, bucket, rule("late", 9), rule("early", 2, Prefix="a"), off)
    check(s3.put_object(Bucket=bucket, Key="a", Body=b""), 2, "early")
    check(s3.put_object(Bucket=bucket, Key="b", Body=b""), 9, "late")


def test_rules_by_tags_and_sizes(s3: S3, bucket: str) -> None:
    tagged = rule(
        "tagged", 1, And={"Prefix": "", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}
    )
    put_rules(s3, bucket, tagged, rule("large", 2, ObjectSizeGreaterThan=10))
    check(s3.put_object(Bucket=bucket, Key="t", Body=b"", Tagging="a=1&b=2&c=3"), 1, "tagged")
    check(s3.put_object(Bucket=bucket, Key="l", Body=b"x" * 11), 2, "large")
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="s", Body=b"x" * 10, Tagging="a=1")


def test_a_date(s3: S3, bucket: str) -> None:
    by_date = {**rule("date", 1), "Expiration": {"Date": datetime(2099, 1, 2, tzinfo=UTC)}}
    put_rules(s3, bucket, by_date)
    answer = s3.put_object(Bucket=bucket, Key="a", Body=b"")
    assert answer["Expiration"] == 'expiry-date="Fri, 02 Jan 2099 00:00:00 GMT", rule-id="date"'


@pytest.mark.parametrize("prefix", ["", "u/"])
def test_uploads_say_when_they_are_aborted(s3: S3, bucket: str, prefix: str) -> None:
    abort = {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": prefix}}
    put_rules(s3, bucket, {**abort, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}})
    begun = s3.create_multipart_upload(Bucket=bucket, Key="u/a")
    listed = s3.list_parts(Bucket=bucket, Key="u/a", UploadId=begun["UploadId"])
    for answer in (begun, listed):
        assert answer["AbortRuleId"] == "tidy"
        assert answer["AbortDate"] in (midnight_after(7) - DAY, midnight_after(7))
    other = s3.create_multipart_upload(Bucket=bucket, Key="other")
    assert ("AbortDate" in other) == (prefix == "")
