"""PostObject: uploads by a browser's form. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from compat_tests.forms import form, post, signed
from compat_tests.handmade import Raw
from compat_tests.support import S3, Endpoint, body_of, etag_of, xml

FILE = b"the file"


def conditions(bucket: str, *more: Any) -> list[Any]:
    return [{"bucket": bucket}, ["starts-with", "$key", "user/"], *more]


def test_what_boto3_signs(s3: S3, raw: Raw, bucket: str) -> None:
    made = s3.generate_presigned_post(
        bucket,
        "user/${filename}",
        Fields={"Content-Type": "text/plain", "x-amz-meta-note": "hello"},
        Conditions=[
            {"Content-Type": "text/plain"},
            {"x-amz-meta-note": "hello"},
            ["starts-with", "$key", "user/"],
        ],
    )
    answer = post(raw, bucket, made["fields"], FILE, name="C:\\photos\\a b.txt")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["etag"] == etag_of(FILE)
    head = s3.head_object(Bucket=bucket, Key="user/a b.txt")
    assert (head["ContentType"], head["Metadata"]) == ("text/plain", {"note": "hello"})
    assert body_of(s3, bucket, "user/a b.txt") == FILE


@pytest.mark.parametrize("size", [0, 1, 70_000, 7 << 20])
def test_files_of_any_size(s3: S3, raw: Raw, endpoint: Endpoint, bucket: str, size: int) -> None:
    data = hashlib.shake_128(b"x").digest(size)
    fields = signed(endpoint, {"key": "user/k"}, conditions(bucket))
    assert post(raw, bucket, fields, data).status == 204
    assert body_of(s3, bucket, "user/k") == data


def test_the_answers_that_a_form_can_ask_for(raw: Raw, endpoint: Endpoint, bucket: str) -> None:
    for status, answered in (("200", 200), ("201", 201), ("204", 204), ("404", 204)):
        fields = {"key": "user/k", "success_action_status": status}
        rules = conditions(bucket, ["starts-with", "$success_action_status", ""])
        answer = post(raw, bucket, signed(endpoint, fields, rules), FILE)
        assert answer.status == answered
        assert answer.headers["location"].endswith(f"/{bucket}/user/k")
        if answered == 201:
            told = {child.tag: child.text for child in xml(answer.body)}
            assert (told["Bucket"], told["Key"], told["ETag"]) == (bucket, "user/k", etag_of(FILE))


def test_a_redirect(raw: Raw, endpoint: Endpoint, bucket: str) -> None:
    fields = {"key": "user/k", "success_action_redirect": "http://page.example.com/done?x=1"}
    rules = conditions(bucket, ["starts-with", "$success_action_redirect", "http://page.example.com/"])
    answer = post(raw, bucket, signed(endpoint, fields, rules), FILE)
    assert answer.status == 303
    etag = etag_of(FILE).strip('"')
    assert answer.headers["location"] == (
        f"http://page.example.com/done?x=1&bucket={bucket}&key=user%2Fk&etag=%22{etag}%22"
    )


@pytest.mark.parametrize(
    ("fields", "more", "code", "status"),
    [
        ({"key": "other/k"}, [], "AccessDenied", 403),
        ({"key": "user/k", "x-amz-meta-a": "1"}, [], "AccessDenied", 403),
        ({"key": "user/k"}, [{"acl": "private"}], "AccessDenied", 403),
        ({"key": "user/k"}, [["content-length-range", 0, 7]], "EntityTooLarge", 400),
        ({"key": "user/k"}, [["content-length-range", 9, 99]], "EntityTooSmall", 400),
        ({"key": "user/k"}, [["content-length-range", 0]], "InvalidPolicyDocument", 400),
        ({"key": "user/k"}, [{}], "InvalidPolicyDocument", 400),
        ({}, [], "AccessDenied", 403),
    ],
)
def test_what_the_policy_refuses_is_not_stored(
    s3: S3,
    raw: Raw,
    endpoint: Endpoint,
    bucket: str,
    fields: dict[str, str],
    more: list[Any],
    code: str,
    status: int,
) -> None:
    post(raw, bucket, signed(endpoint, fields, conditions(bucket, *more)), FILE).refused(code, status)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_signatures_that_are_none(raw: Raw, endpoint: Endpoint, bucket: str) -> None:
    plain = {"key": "user/k"}
    good = signed(endpoint, plain, conditions(bucket))
    wrong = signed(endpoint, plain, conditions(bucket), secret_key="wrong")
    post(raw, bucket, wrong).refused("SignatureDoesNotMatch", 403)
    other = good["x-amz-credential"].replace(endpoint.access_key, "NOSUCHKEYNOSUCHKEY00")
    post(raw, bucket, good | {"x-amz-credential": other}).refused("InvalidAccessKeyId", 403)
    for name in ("x-amz-signature", "x-amz-date", "policy"):
        cut = {field: value for field, value in good.items() if field != name}
        post(raw, bucket, cut).refused("InvalidArgument", 400)
    old = signed(endpoint, plain, conditions(bucket), expires=timedelta(minutes=-1))
    assert "expired" in post(raw, bucket, old).refused("AccessDenied", 403)["Message"]
    post(raw, bucket, plain).refused("AccessDenied", 403)


def test_another_bucket(raw: Raw, endpoint: Endpoint, bucket: str, other_bucket: str) -> None:
    fields = signed(endpoint, {"key": "user/k"}, conditions(bucket))
    post(raw, other_bucket, fields).refused("AccessDenied", 403)
    post(raw, f"{bucket}-x", fields).refused("NoSuchBucket", 404)


def test_the_owner_that_a_form_expects(raw: Raw, endpoint: Endpoint, bucket: str) -> None:
    rules = conditions(bucket, ["starts-with", "$x-amz-expected-bucket-owner", ""])
    fields = {"key": "user/k", "x-amz-expected-bucket-owner": "000000000000"}
    post(raw, bucket, signed(endpoint, fields, rules)).refused("AccessDenied", 403)


def test_checksums(s3: S3, raw: Raw, endpoint: Endpoint, bucket: str) -> None:
    fields = signed(endpoint, {"key": "user/k"}, conditions(bucket))
    right = base64.b64encode(hashlib.sha256(FILE).digest()).decode()
    other = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    assert post(raw, bucket, fields | {"x-amz-checksum-sha256": right}).status == 204
    post(raw, bucket, fields | {"x-amz-checksum-sha256": other}).refused("BadDigest", 400)
    assert post(raw, bucket, fields | {"x-amz-checksum-sha256": "x"}).status == 400


def test_tags(s3: S3, raw: Raw, endpoint: Endpoint, bucket: str) -> None:
    rules = conditions(bucket, ["starts-with", "$tagging", ""])
    document = "<Tagging><TagSet><Tag><Key>a &amp; b</Key><Value>1=2</Value></Tag></TagSet></Tagging>"
    good = document.replace(" &amp; ", "/")
    fields = signed(endpoint, {"key": "user/k", "tagging": good}, rules)
    assert post(raw, bucket, fields).status == 204
    found = s3.get_object_tagging(Bucket=bucket, Key="user/k")["TagSet"]
    assert found == [{"Key": "a/b", "Value": "1=2"}]
    fields = signed(endpoint, {"key": "user/k", "tagging": document}, rules)
    post(raw, bucket, fields).refused("InvalidTag", 400)
    fields = signed(endpoint, {"key": "user/k", "tagging": "<Tags/>"}, rules)
    post(raw, bucket, fields).refused("MalformedXML", 400)


def test_forms_that_are_none(raw: Raw, endpoint: Endpoint, bucket: str) -> None:
    fields = signed(endpoint, {"key": "user/k"}, conditions(bucket))
    post(raw, bucket, fields, None).refused("IncorrectNumberOfFilesInPostRequest", 400)
    cut = form(fields, FILE)[:-40]
    headers: dict[str, str | bytes] = {"content-type": "multipart/form-data; boundary=----compat0boundary"}
    raw.send(raw.plain("POST", f"/{bucket}", headers=headers, body=cut)).refused("IncompleteBody", 400)
    headers = {"content-type": "multipart/form-data"}
    raw.send(raw.plain("POST", f"/{bucket}", headers=headers, body=cut)).refused("MalformedPOSTRequest", 400)
    large = fields | {"x-ignore-padding": "x" * (21 << 10)}
    post(raw, bucket, large).refused("MaxPostPreDataLengthExceededError", 400)
    twice = form({**fields, "KEY": "user/l"}, FILE)
    headers = {"content-type": "multipart/form-data; boundary=----compat0boundary"}
    raw.send(raw.plain("POST", f"/{bucket}", headers=headers, body=twice)).refused("InvalidArgument", 400)


def test_the_older_signature(s3: S3, raw: Raw, endpoint: Endpoint, bucket: str) -> None:
    ends = (datetime.now(UTC) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    document = {"expiration": ends, "conditions": conditions(bucket)}
    policy = base64.b64encode(json.dumps(document).encode())
    signature = base64.b64encode(hmac.digest(endpoint.secret_key.encode(), policy, "sha1")).decode()
    fields = {
        "key": "user/k",
        "AWSAccessKeyId": endpoint.access_key,
        "policy": policy.decode(),
        "signature": signature,
    }
    assert post(raw, bucket, fields, FILE).status == 204
    assert body_of(s3, bucket, "user/k") == FILE
    post(raw, bucket, fields | {"signature": signature[::-1]}).refused("SignatureDoesNotMatch", 403)


def test_an_anonymous_form(s3: S3, raw: Raw, bucket: str) -> None:
    s3.delete_public_access_block(Bucket=bucket)
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/user/*",
    }
    s3.put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    assert post(raw, bucket, {"key": "user/${filename}", "submit": "Send"}, FILE, name="a.txt").status == 204
    assert body_of(s3, bucket, "user/a.txt") == FILE
    post(raw, bucket, {"key": "other/k"}, FILE).refused("AccessDenied", 403)
