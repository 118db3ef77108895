"""Replies: status, headers and bodies. Every error code used in the code must be S3's."""

import ast
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

import s3api
from s3api.errors import S3Error
from s3api.wire import Wire, error_reply
from s3api.wire.error_codes import ERRORS

HOUR_US = 3_600_000_000


def test_headers(wire: Wire) -> None:
    result = {
        "ETag": '"e"',
        "LastModified": HOUR_US,
        "ContentLength": 3,
        "Metadata": {"a": "é"},
        "DeleteMarker": False,
        "Expires": "whenever",
        "VersionId": None,
    }
    reply = wire.operations["HeadObject"].render(result)
    assert (reply.status, reply.body, reply.stream) == (200, None, None)
    assert reply.headers == [
        (b"etag", b'"e"'),
        (b"last-modified", b"Thu, 01 Jan 1970 01:00:00 GMT"),
        (b"content-length", b"3"),
        (b"x-amz-meta-a", "é".encode()),
        (b"x-amz-delete-marker", b"false"),
        (b"expires", b"whenever"),
    ]


def test_streams_pass_through(wire: Wire) -> None:
    stream = object()
    reply = wire.operations["GetObject"].render({"Body": stream, "ContentRange": "bytes 0-0/3"})
    assert (reply.status, reply.stream, reply.body) == (206, stream, None)


@pytest.mark.parametrize(
    ("name", "status"),
    [("DeleteObject", 204), ("PutBucketTagging", 204), ("AbortMultipartUpload", 204), ("PutObject", 200)],
)
def test_answers_without_a_body(wire: Wire, name: str, status: int) -> None:
    reply = wire.operations[name].render({})
    assert (reply.status, reply.body or b"") == (status, b"")
    assert ((b"content-length", b"0") in reply.headers) is (status == 200)


def test_a_policy_is_json(wire: Wire) -> None:
    reply = wire.operations["GetBucketPolicy"].render({"Policy": "{}"})
    assert (reply.body, reply.headers[0]) == (b"{}", (b"content-type", b"application/json"))


def test_mistakes_of_ours_are_loud(wire: Wire) -> None:
    with pytest.raises(KeyError):
        wire.operations["PutObject"].render({"Etag": "x"})
    with pytest.raises(ValueError, match="line break"):
        wire.operations["GetObject"].render({"ContentType": "a\r\nb: c"})


def test_an_error(wire: Wire) -> None:
    error = S3Error("NoSuchKey", Key="a<\x01")
    reply = error_reply(error, resource="/b/a%3C", request_id="R")
    assert reply.status == 404
    assert reply.body is not None
    assert reply.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code>'
        "<Message>The specified key does not exist.</Message><Key>a&lt;\N{REPLACEMENT CHARACTER}</Key>"
        "<Resource>/b/a%3C</Resource><RequestId>R</RequestId><HostId>sixfold</HostId></Error>"
    )
    assert (b"content-length", b"%d" % len(reply.body)) in reply.headers


def test_details_that_are_headers() -> None:
    unmodified = error_reply(S3Error("NotModified", ETag='"e"'), resource="/", request_id="R")
    assert (unmodified.status, unmodified.headers, unmodified.body) == (304, [(b"etag", b'"e"')], None)
    busy = error_reply(S3Error("SlowDown"), resource="/", request_id="R")
    assert (b"retry-after", b"1") in busy.headers
    beyond = error_reply(S3Error("InvalidRange", ActualObjectSize="3"), resource="/", request_id="R")
    assert (b"content-range", b"bytes */3") in beyond.headers
    denied = error_reply(S3Error("MethodNotAllowed", Allow="GET"), resource="/", request_id="R")
    assert (b"allow", b"GET") in denied.headers


def test_every_code_makes_a_document() -> None:
    for code, (status, message) in ERRORS.items():
        reply = error_reply(S3Error(code), resource="/", request_id="R")
        assert 300 <= status < 600
        assert message
        if reply.body:
            assert ElementTree.fromstring(reply.body).findtext("Code") == code


def codes_in(path: Path) -> Iterator[str]:
    """The error codes in a module: the literal first arguments of S3Error(...)."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "S3Error" and node.args:
            first = node.args[0]
            branches = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
            for branch in branches:
                if isinstance(branch, ast.Constant):
                    yield str(branch.value)


def test_no_code_is_raised_that_s3_does_not_have() -> None:
    modules = Path(s3api.__file__).parent.rglob("*.py")
    unknown = {(path.name, code) for path in modules for code in codes_in(path) if code not in ERRORS}
    assert unknown == set()
