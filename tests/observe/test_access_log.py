"""The access log's lines, for people and as JSON, and the program's own log as JSON."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from s3api.observe import CUT_SHORT, AccessRecord
from s3api.observe.access_log import AccessLog, Which, human_line, json_line
from s3api.observe.logging_setup import JsonFormatter
from tests.gateway_process import ACCESS_KEY, SECRET_KEY, GatewayProcess

KEPT = [
    ("all", 200, "", True),
    ("all", 404, "NoSuchKey", True),
    ("errors", 200, "", False),
    ("errors", 404, "NoSuchKey", False),
    ("errors", 503, "SlowDown", True),
    ("errors", 200, CUT_SHORT, True),
    ("off", 503, "SlowDown", False),
]


def made(**given: Any) -> AccessRecord:
    record = AccessRecord({"client": ("192.0.2.7", 1), "method": "GET"}, "0123456789ABCDEF")
    for name, value in given.items():
        setattr(record, name, value)
    record.end(given.get("received", 0))
    return record


class Lines(list[bytes]):
    def write(self, line: bytes) -> None:
        self.append(line)


@pytest.mark.parametrize(("which", "status", "code", "kept"), KEPT)
def test_which_requests_leave_a_line(which: Which, status: int, code: str, kept: bool) -> None:
    lines = Lines()
    AccessLog(lines, log_format="json", which=which)(made(status=status, code=code))  # type: ignore[arg-type]
    assert len(lines) == kept


def test_a_line_for_programs() -> None:
    record = made(
        operation="PutObject", bucket="b", key='k "ü\n', access_key="AKEY", status=200, received=5, sent=7
    )
    line = json_line(record)
    assert line.count(b"\n") == 1
    fields = json.loads(line)
    seconds, stamp = fields.pop("seconds"), fields.pop("time")
    assert 0 <= seconds < 10
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamp)
    assert fields == {
        "request_id": "0123456789ABCDEF", "operation": "PutObject", "bucket": "b", "key": 'k "ü\n',
        "principal": "AKEY", "status": 200, "code": None, "bytes_in": 5, "bytes_out": 7, "trace_id": None,
        "client": "192.0.2.7",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "shown"),
    [("a/b.txt", "a/b.txt"), ("a b", "a%20b"), ("a\n\x1b[31mb", "a%0A%1B%5B31mb"), ("ü", "ü")],
)
def test_a_line_for_people(key: str, shown: str) -> None:
    """Nothing of a client's makes two lines of one, or moves a cursor."""
    words = human_line(
        made(operation="GetObject", bucket="b", key=key, status=404, code="NoSuchKey")
    ).decode()
    assert words.count("\n") == 1
    assert words.split()[1:7] == ["192.0.2.7", "-", "GetObject", f"b/{shown}", "404", "NoSuchKey"]
    assert words.split()[-2:] == ["0123456789ABCDEF", "-"]


def test_an_error_as_json() -> None:
    record = logging.LogRecord("sixfold.x", logging.ERROR, __file__, 1, "failed: %s", ("why",), None)
    record.request_id = "ABC"
    try:
        raise ValueError("in here")
    except ValueError as why:
        record.exc_info = (ValueError, why, why.__traceback__)
    fields = json.loads(JsonFormatter().format(record))
    assert (fields["level"], fields["logger"], fields["message"]) == ("error", "sixfold.x", "failed: why")
    assert fields["request_id"] == "ABC"
    assert "ValueError: in here" in fields["exception"]


def test_a_gateway_writes_it_and_no_signature(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    settings = {
        "SIXFOLD_ACCESS_LOG": "all",
        "SIXFOLD_LOG_FORMAT": "json",
        "SIXFOLD_ACCESS_LOG_PATH": str(path),
    }
    with GatewayProcess(tmp_path / "data", environment=settings) as gateway:
        s3 = gateway.s3()
        s3.create_bucket(Bucket="logged")
        signer = gateway.s3(signature_version="s3v4")
        url = signer.generate_presigned_url("put_object", Params={"Bucket": "logged", "Key": "k"})
        with gateway.http() as client:
            assert client.put(url, content=b"12345").status_code == 200
        s3.get_object(Bucket="logged", Key="k")["Body"].read()
    text = path.read_text()
    lines = [line for line in map(json.loads, text.splitlines()) if line["operation"] != "rest.ready"]
    assert [(line["operation"], line["bytes_in"], line["bytes_out"]) for line in lines] == [
        ("CreateBucket", 0, 0),
        ("PutObject", 5, 0),
        ("GetObject", 0, 5),
    ]
    assert {line["principal"] for line in lines} == {ACCESS_KEY}
    assert "Signature" not in text
    assert SECRET_KEY not in text
