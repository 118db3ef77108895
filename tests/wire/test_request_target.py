import random

import pytest

from s3api.errors import S3Error
from s3api.wire import Wire, parse_query, parse_target, url_encode_key

DOMAINS = ("s3.example.com", "localhost")


@pytest.mark.parametrize(
    ("path", "bucket", "key"),
    [
        (b"/", None, None),
        (b"/b", "b", None),
        (b"/b/", "b", None),
        (b"/b/k", "b", "k"),
        (b"/b//k", "b", "/k"),
        (b"/b/a//b/", "b", "a//b/"),
        (b"/b/../x/./y", "b", "../x/./y"),
        (b"/b/a%2Fb", "b", "a/b"),
        (b"/b/a%252Fb", "b", "a%2Fb"),
        (b"/b/a+b%20c", "b", "a+b c"),
        (b"/b/%E6%BC%A2", "b", "漢"),
        ("/b/漢".encode(), "b", "漢"),
    ],
)
def test_path_style(path: bytes, bucket: str | None, key: str | None) -> None:
    assert parse_target(path, "localhost:8260", DOMAINS) == (bucket, key)


@pytest.mark.parametrize(
    ("host", "path", "bucket", "key"),
    [
        ("b.s3.example.com", b"/k/x", "b", "k/x"),
        ("my.bucket.S3.Example.com:8260", b"/", "my.bucket", None),
        ("b.localhost:8260", b"//k", "b", "/k"),
        ("s3.example.com", b"/b/k", "b", "k"),
        ("evil-s3.example.com", b"/b/k", "b", "k"),
        ("[::1]:8260", b"/b/k", "b", "k"),
        (None, b"/b/k", "b", "k"),
    ],
)
def test_virtual_hosts(host: str | None, path: bytes, bucket: str, key: str | None) -> None:
    assert parse_target(path, host, DOMAINS) == (bucket, key)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (b"", "InvalidURI"),
        (b"*", "InvalidURI"),
        (b"http://h/b", "InvalidURI"),
        (b"//k", "InvalidURI"),
        (b"/b/%", "InvalidURI"),
        (b"/b/%zz", "InvalidURI"),
        (b"/b/%ff", "InvalidURI"),
        (b"/b/\xff", "InvalidURI"),
        (b"/b/%ED%A0%80", "InvalidURI"),
        (b"/b/a%00", "InvalidArgument"),
        (b"/b%00", "InvalidBucketName"),
        (b"/a%2Fb/k", "InvalidBucketName"),
        (b"/b/" + b"k" * 1025, "KeyTooLongError"),
        (b"/b/" + b"%C3%A9" * 513, "KeyTooLongError"),
    ],
)
def test_bad_targets(path: bytes, code: str) -> None:
    with pytest.raises(S3Error) as caught:
        parse_target(path, None, ())
    assert caught.value.code == code


def test_the_longest_key() -> None:
    assert parse_target(b"/b/" + b"%C3%A9" * 512, None, ()) == ("b", "é" * 512)


def test_queries() -> None:
    assert parse_query(b"") == {}
    assert parse_query(b"acl&prefix=a+b%2Bc&&marker=") == {"acl": "", "prefix": "a b+c", "marker": ""}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"a=%ff", "InvalidURI"),
        (b"a=%2", "InvalidURI"),
        (b"prefix=a&prefix=b", "InvalidArgument"),
        (b"prefix=%00", "InvalidArgument"),
        (b"&".join(b"a%d" % i for i in range(101)), "InvalidArgument"),
    ],
)
def test_bad_queries(raw: bytes, code: str) -> None:
    with pytest.raises(S3Error) as caught:
        parse_query(raw)
    assert caught.value.code == code


def test_random_bytes_raise_nothing_but_s3_errors(wire: Wire) -> None:
    rng = random.Random(7)
    pieces = [
        b"/",
        b"b",
        b"%",
        b"%00",
        b"%ff",
        b"\xff",
        b"?",
        b"&",
        b"=",
        b"+",
        b"acl",
        b"uploadId",
        b"partNumber",
    ]
    pieces += [b"list-type", b"2", b"max-keys", b"select", b"x-amz-", b".."]
    for _ in range(20_000):
        path, raw = (b"".join(rng.choices(pieces, k=rng.randint(0, 8))) for _ in range(2))
        headers = {rng.choice(NAMES): rng.choice(VALUES) for _ in range(rng.randint(0, 4))}
        try:
            bucket, key = parse_target(b"/" + path, "b.localhost", DOMAINS if rng.random() < 0.5 else ())
            query = parse_query(raw)
            level = 2 if key is not None else 1 if bucket is not None else 0
            operation = wire.route(
                rng.choice(["GET", "PUT", "POST", "DELETE", "HEAD"]), level, query, headers
            )
            operation.read(bucket, key, query, headers)
        except S3Error:
            pass


NAMES = sorted(
    {
        member.wire_name(name).lower()
        for operation in Wire.load().operations.values()
        for name, member in operation.model.input.members.items()
        if member.location == "header"
    }
    | {"x-amz-meta-a", "x-amz-unknown", "x-amz-date"}
)
VALUES = [
    "",
    "1",
    "-1",
    "true",
    "x",
    "９",
    "1" * 5000,
    "Mon, 01 Jan 0001 00:00:00 +2300",
    "\xff",
    "a\x00b",
    "STANDARD",
]


def test_keys_in_urls() -> None:
    assert url_encode_key("a/b c+é\x01*(") == "a/b%20c%2B%C3%A9%01*%28"
