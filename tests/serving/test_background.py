"""Events, access logs and lifecycle of a gateway, with boto3 over real sockets."""

from __future__ import annotations

import json
import queue
import shlex
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway_process import GatewayProcess
from tests.services import free_port

WAIT_S = 20.0
HOOK = "arn:sixfold:sqs::hook:webhook"
EVERYTHING = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*"]


class Hook:
    """A webhook server that records its requests."""

    def __init__(self, port: int = 0) -> None:
        self.messages: queue.Queue[Any] = queue.Queue()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                hook.messages.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self) -> Any:
        return self.messages.get(timeout=WAIT_S)

    def event(self) -> tuple[str, dict[str, Any]]:
        (record,) = self.next()["Records"]
        return record["eventName"], record["s3"]["object"]


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    one = Hook()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture(scope="module")
def busy(hook: Hook, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    environment = {
        "SIXFOLD_EVENT_TARGETS": json.dumps({"hook": hook.url}),
        "SIXFOLD_EVENT_INTERNAL": "true",
        "SIXFOLD_BUCKET_LOG_EVERY_S": "0.2",
        "SIXFOLD_LIFECYCLE_DAY_S": "1",
        "SIXFOLD_LIFECYCLE_EVERY_S": "0.2",
    }
    with GatewayProcess(tmp_path_factory.mktemp("busy") / "data", environment=environment) as process:
        yield process


@pytest.fixture
def s3(busy: GatewayProcess) -> Any:
    return busy.s3()


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"b-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=name)
    return name


def notify(s3: Any, bucket: str, **configuration: Any) -> None:
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)


def told_everything(s3: Any, bucket: str, hook: Hook) -> None:
    notify(s3, bucket, QueueConfigurations=[{"Id": "all", "QueueArn": HOOK, "Events": EVERYTHING}])
    trial = hook.next()
    assert (trial["Event"], trial["Bucket"]) == ("s3:TestEvent", bucket)


def until(found: Callable[[], Any]) -> Any:
    """Poll `found` until it returns something: the work runs in another process."""
    deadline_s = time.monotonic() + WAIT_S
    while not (something := found()):
        assert time.monotonic() < deadline_s, "it did not happen"
        time.sleep(0.02)
    return something


def test_changes_reach_a_webhook(s3: Any, bucket: str, hook: Hook) -> None:
    told_everything(s3, bucket, hook)
    etag = s3.put_object(Bucket=bucket, Key="a b", Body=b"12345")["ETag"].strip('"')
    name, thing = hook.event()
    assert (name, thing["key"], thing["size"], thing["eTag"]) == ("ObjectCreated:Put", "a+b", 5, etag)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "a b"})
    assert hook.event()[0] == "ObjectCreated:Copy"
    tags = {"TagSet": [{"Key": "k", "Value": "v"}]}
    s3.put_object_tagging(Bucket=bucket, Key="copy", Tagging=tags)
    assert hook.event()[0] == "ObjectTagging:Put"
    s3.delete_object_tagging(Bucket=bucket, Key="copy")
    assert hook.event()[0] == "ObjectTagging:Delete"
    upload = s3.create_multipart_upload(Bucket=bucket, Key="large")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="large", UploadId=upload, PartNumber=1, Body=b"1")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="large", UploadId=upload, MultipartUpload=parts)
    name, thing = hook.event()
    assert (name, thing["key"], thing["size"]) == ("ObjectCreated:CompleteMultipartUpload", "large", 1)
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "copy"}, {"Key": "large"}, {"Key": "none"}]})
    assert sorted((name, thing["key"]) for name, thing in (hook.event(), hook.event())) == [
        ("ObjectRemoved:Delete", "copy"),
        ("ObjectRemoved:Delete", "large"),
    ]


def test_versions_and_their_markers(s3: Any, bucket: str, hook: Hook) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    told_everything(s3, bucket, hook)
    made = s3.put_object(Bucket=bucket, Key="a", Body=b"1")["VersionId"]
    first = hook.event()[1]
    assert first["versionId"] == made
    marker = s3.delete_object(Bucket=bucket, Key="a")["VersionId"]
    name, thing = hook.event()
    assert (name, thing["versionId"]) == ("ObjectRemoved:DeleteMarkerCreated", marker)
    s3.delete_object(Bucket=bucket, Key="a", VersionId=marker)
    name, last = hook.event()
    assert (name, last["versionId"]) == ("ObjectRemoved:Delete", marker)
    assert first["sequencer"] < thing["sequencer"] < last["sequencer"]


def test_filters_and_unknown_targets(s3: Any, bucket: str, hook: Hook) -> None:
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".jpg"}]
    topic = {"TopicArn": HOOK.replace("sqs", "sns"), "Events": ["s3:ObjectCreated:*"]}
    notify(s3, bucket, TopicConfigurations=[{**topic, "Filter": {"Key": {"FilterRules": rules}}}])
    assert hook.next()["Event"] == "s3:TestEvent"
    for key in ("in/a.png", "out/a.jpg", "in/a.jpg"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    assert hook.event()[1]["key"] == "in%2Fa.jpg"
    unknown = [{"QueueArn": "arn:sixfold:sqs::other:webhook", "Events": ["s3:ObjectCreated:*"]}]
    with pytest.raises(s3.exceptions.ClientError, match="Unable to validate"):
        notify(s3, bucket, QueueConfigurations=unknown)
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={"QueueConfigurations": unknown},
        SkipDestinationValidation=True,
    )


def test_events_outlive_a_restart(tmp_path: Path) -> None:
    """Events of acknowledged writes are delivered after a restart if the webhook was down."""
    port = free_port()
    environment = {
        "SIXFOLD_EVENT_TARGETS": json.dumps({"hook": f"http://127.0.0.1:{port}/"}),
        "SIXFOLD_EVENT_INTERNAL": "true",
    }
    with GatewayProcess(tmp_path / "data", environment=environment) as process:
        s3 = process.s3()
        s3.create_bucket(Bucket="photos")
        notify(s3, "photos", QueueConfigurations=[{"QueueArn": HOOK, "Events": EVERYTHING}])
        s3.put_object(Bucket="photos", Key="a", Body=b"")
        process.stop()
        hook = Hook(port)
        process.start()
        told = [hook.next(), hook.next()]  # what was tried before waits longer
        assert sorted(each.get("Event") or each["Records"][0]["eventName"] for each in told) == [
            "ObjectCreated:Put",
            "s3:TestEvent",
        ]
        hook.server.shutdown()
        hook.server.server_close()


def events(lines: Iterator[str]) -> Iterator[tuple[str, str, Any]]:
    """Yield ID, event and data of each message of a stream."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield fields["id"], fields["event"], json.loads(fields["data"])
            fields = {}


def test_the_live_stream_and_what_was_missed(busy: GatewayProcess, s3: Any, bucket: str) -> None:
    notify(s3, bucket, EventBridgeConfiguration={})
    query = {"bucket": bucket, "prefix": "a", "event": ["s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"]}
    with busy.http() as client, client.stream("GET", "/api/events", params=query) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        stream = events(answer.iter_lines())
        for key in ("b", "a1"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"")
        s3.put_object_tagging(Bucket=bucket, Key="a1", Tagging={"TagSet": []})
        s3.put_object(Bucket=bucket, Key="a2", Body=b"")
        found = [next(stream), next(stream)]
    assert [(name, data["s3"]["object"]["key"]) for _, name, data in found] == [
        ("ObjectCreated:Put", "a1"),
        ("ObjectCreated:Put", "a2"),
    ]
    s3.delete_object(Bucket=bucket, Key="a1")
    missed = {"last-event-id": found[0][0]}
    with (
        busy.http() as client,
        client.stream("GET", "/api/events", params=query, headers=missed) as answer,
    ):
        stream = events(answer.iter_lines())
        assert [next(stream)[1] for _ in range(2)] == ["ObjectCreated:Put", "ObjectRemoved:Delete"]


def test_a_stopping_gateway_does_not_wait_for_listeners(tmp_path: Path) -> None:
    with (
        GatewayProcess(tmp_path / "data") as process,
        process.http() as client,
        client.stream("GET", "/api/events") as answer,
    ):
        lines = answer.iter_lines()
        assert next(lines) == "retry: 1000"
        began_s = time.monotonic()
        process.stop()
        assert time.monotonic() - began_s < 10
        assert list(lines) == [""]  # and the stream has ended in good order


def let_in(s3: Any, source: str, logs: str) -> None:
    """The target bucket's policy allows the source bucket's logs."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{logs}/*",
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{source}"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=logs, Policy=json.dumps(policy))


def logged(s3: Any, logs: str) -> list[list[str]]:
    lines: list[list[str]] = []
    for each in s3.list_objects_v2(Bucket=logs).get("Contents", []):
        text = s3.get_object(Bucket=logs, Key=each["Key"])["Body"].read().decode()
        lines += [shlex.split(line.replace("[", '"').replace("]", '"')) for line in text.splitlines()]
    return lines


def test_requests_are_logged_into_the_target_bucket(busy: GatewayProcess, s3: Any, bucket: str) -> None:
    logs = f"logs-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=logs)
    enabled = {"TargetBucket": logs, "TargetPrefix": "to/"}
    with pytest.raises(s3.exceptions.ClientError, match="InvalidTargetBucketForLogging"):
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})
    let_in(s3, bucket, logs)
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})
    put = s3.put_object(Bucket=bucket, Key="a b", Body=b"12345")["ResponseMetadata"]
    s3.get_object(Bucket=bucket, Key="a b", Range="bytes=1-2")["Body"].read()
    with pytest.raises(s3.exceptions.ClientError):
        s3.get_object(Bucket=bucket, Key="none")
    signer = busy.s3(signature_version="s3v4")
    url = signer.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b"})
    httpx.get(url, headers={"referer": 'http://x/"y"', "user-agent": "browser"}).raise_for_status()
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a b"}]})
    lines = until(lambda: found if len(found := logged(s3, logs)) >= 6 else None)
    assert {len(line) for line in lines} == {26}
    assert {line[1] for line in lines} == {bucket}
    shown = [(line[6], line[7], line[9], line[10], line[11], line[12], line[21]) for line in lines]
    assert (
        sorted(shown)
        == [
            ["BATCH.DELETE.OBJECT", "a%20b", "204", "-", "-", "-", "AuthHeader"],
            ["REST.GET.OBJECT", "a%20b", "200", "-", "5", "5", "QueryString"],
            ["REST.GET.OBJECT", "a%20b", "206", "-", "2", "5", "AuthHeader"],
            ["REST.GET.OBJECT", "none", "404", "NoSuchKey", "?", "-", "AuthHeader"],
            ["REST.POST.MULTI_OBJECT_DELETE", "-", "200", "-", "?", "-", "AuthHeader"],
            ["REST.PUT.OBJECT", "a%20b", "200", "-", "-", "5", "AuthHeader"],
        ]
        or shown
    )
    (line,) = [line for line in lines if line[6] == "REST.PUT.OBJECT"]
    assert line[5] == put["HTTPHeaders"]["x-amz-request-id"]
    assert line[8] == f"PUT /{bucket}/a%20b HTTP/1.1"
    (line,) = [line for line in lines if line[21] == "QueryString"]
    assert (line[15], line[16]) == ("http://x/%22y%22", "browser")
    assert "Signature=-" in line[8]
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=logs)["Contents"]]
    assert all(key.startswith("to/20") for key in keys)


def test_what_an_acl_alone_allowed_is_said(busy: GatewayProcess, s3: Any, bucket: str) -> None:
    logs = f"logs-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=logs)
    let_in(s3, bucket, logs)
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a", Body=b"", ACL="public-read")
    enabled = {"TargetBucket": logs, "TargetPrefix": ""}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})
    s3.get_object(Bucket=bucket, Key="a")
    httpx.get(f"{busy.endpoint}/{bucket}/a").raise_for_status()
    lines = until(lambda: found if len(found := logged(s3, logs)) >= 2 else None)
    assert sorted((line[4] == "-", line[21], line[25]) for line in lines) == [
        (False, "AuthHeader", "-"),
        (True, "-", "Yes"),
    ]


def test_a_gateway_that_stops_delivers_its_logs_first(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "data", environment={"SIXFOLD_BUCKET_LOG_EVERY_S": "3600"}) as process:
        s3 = process.s3()
        for name in ("source", "logs"):
            s3.create_bucket(Bucket=name)
        let_in(s3, "source", "logs")
        enabled = {"TargetBucket": "logs", "TargetPrefix": ""}
        s3.put_bucket_logging(Bucket="source", BucketLoggingStatus={"LoggingEnabled": enabled})
        s3.put_object(Bucket="source", Key="a", Body=b"")
        process.restart()
        assert [line[6] for line in logged(process.s3(), "logs")] == ["REST.PUT.OBJECT"]


def test_rules_are_applied_and_announced(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="kept/1", Body=b"")
    rule = {"ID": "quick", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}}
    abort = {
        "ID": "tidy",
        "Status": "Enabled",
        "Filter": {},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule, abort]})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="u")
    assert upload["AbortRuleId"] == "tidy"
    assert upload["AbortDate"].second == 0
    put = s3.put_object(Bucket=bucket, Key="tmp/1", Body=b"")
    assert put["Expiration"].endswith('GMT", rule-id="quick"')
    assert s3.head_object(Bucket=bucket, Key="tmp/1")["Expiration"] == put["Expiration"]
    assert "Expiration" not in s3.head_object(Bucket=bucket, Key="kept/1")

    def left() -> list[str]:
        return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]

    until(lambda: left() == ["kept/1"])
    until(lambda: not s3.list_multipart_uploads(Bucket=bucket).get("Uploads"))


def test_what_rules_did_is_logged(s3: Any, bucket: str) -> None:
    logs = f"logs-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=logs)
    let_in(s3, bucket, logs)
    s3.put_object(Bucket=bucket, Key="tmp/1", Body=b"12345")
    enabled = {"TargetBucket": logs, "TargetPrefix": ""}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})
    rule = {"ID": "quick", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})

    def expired() -> list[list[str]]:
        return [line for line in logged(s3, logs) if line[6] == "S3.EXPIRE.OBJECT"]

    ((*_, line),) = [until(expired)]
    assert (line[3], line[4], line[7], line[9], line[12]) == ("-", "AmazonS3", "tmp/1", "-", "5")
