"""DeleteObjects."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import pytest

from compat_tests.handmade import Answer, Headers, Raw
from compat_tests.sums import ALGORITHMS, Algorithm
from compat_tests.support import S3, body_of, etag_of, keys_of, refused, xml

LIMIT = 1000


def document(*keys: str) -> bytes:
    inner = "".join(f"<Object><Key>{key}</Key></Object>" for key in keys)
    return f'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{inner}</Delete>'.encode()


def md5_header(body: bytes) -> Headers:
    return {"content-md5": base64.b64encode(hashlib.md5(body).digest()).decode()}


def ask(raw: Raw, bucket: str, body: bytes, headers: Headers | None = None) -> Answer:
    return raw.ask(
        "POST", f"/{bucket}", "delete=", body=body, headers=md5_header(body) if headers is None else headers
    )


def delete(s3: S3, bucket: str, *keys: str, quiet: bool = False) -> dict[str, list[dict[str, str]]]:
    wanted = {"Objects": [{"Key": key} for key in keys], "Quiet": quiet}
    answer: dict[str, list[dict[str, str]]] = s3.delete_objects(Bucket=bucket, Delete=wanted)
    return answer


def test_all_are_gone_and_named_in_order(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a", "b", "c")
    answer = delete(s3, bucket, "c", "never", "a")
    assert [entry["Key"] for entry in answer["Deleted"]] == ["c", "never", "a"]
    assert "Errors" not in answer
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["b"]


def test_quiet_tells_failures_alone(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a")
    answer = delete(s3, bucket, "a", quiet=True)
    assert "Deleted" not in answer
    assert "Errors" not in answer
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []


def test_keys_as_xml_has_them(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    keys = ["<&>\"'", "a b+c", "ü/ユ", " lead and trail ", "%41"]
    put(*keys)
    assert sorted(e["Key"] for e in delete(s3, bucket, *keys)["Deleted"]) == sorted(keys)
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []


def test_a_thousand_keys(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("0500")
    assert len(delete(s3, bucket, *(f"{n:04}" for n in range(LIMIT)))["Deleted"]) == LIMIT
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []


def test_one_more_is_refused_and_nothing_is_deleted(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("0000")
    with refused("MalformedXML", 400):
        delete(s3, bucket, *(f"{n:04}" for n in range(LIMIT + 1)))
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["0000"]


def test_a_key_twice(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a")
    assert "Errors" not in delete(s3, bucket, "a", "a")
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        delete(s3, bucket_name, "a")


def test_a_condition_for_each(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("right", "wrong", "none")
    wanted = [
        {"Key": "right", "ETag": etag_of(b"right")},
        {"Key": "wrong", "ETag": etag_of(b"another")},
        {"Key": "none"},
    ]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": wanted})
    assert [entry["Key"] for entry in answer["Deleted"]] == ["right", "none"]
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [("wrong", "PreconditionFailed")]
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["wrong"]


def test_version_null(s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a", "VersionId": "null"}]})
    assert answer["Deleted"] == [{"Key": "a", "VersionId": "null"}]
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"<Delete>", b"nonsense", document(), b"<Delete><Object/></Delete>", b"<Other/>"],
    ids=["empty", "cut", "text", "no_keys", "no_key", "other"],
)
def test_malformed_documents(raw: Raw, bucket: str, body: bytes) -> None:
    answer = ask(raw, bucket, body)
    assert answer.status == 400
    assert answer.error["Code"] in (
        ("MalformedXML",) if body else ("MalformedXML", "MissingRequestBodyError")
    )


def test_entities_are_refused(raw: Raw, s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a")
    body = b'<!DOCTYPE d [<!ENTITY e "a">]><Delete><Object><Key>&e;</Key></Object></Delete>'
    ask(raw, bucket, body).refused("MalformedXML", 400)
    assert body_of(s3, bucket, "a") == b"a"


def test_without_a_namespace(raw: Raw, s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a")
    body = b"<?xml version='1.0' encoding='UTF-8'?>\n<Delete><Object><Key>a</Key></Object></Delete>"
    answer = ask(raw, bucket, body)
    assert answer.status == 200
    assert [key.text for key in xml(answer.body).iter("Key")] == ["a"]
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []


# "The Content-MD5 request header is required", or a checksum in its place


def test_a_digest_is_required(raw: Raw, s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a")
    ask(raw, bucket, document("a"), {}).refused("InvalidRequest", 400)
    assert body_of(s3, bucket, "a") == b"a"


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=str)
def test_a_checksum_will_do(
    raw: Raw, s3: S3, bucket: str, put: Callable[..., None], algorithm: Algorithm
) -> None:
    put("a")
    body = document("a")
    assert ask(raw, bucket, body, {algorithm.header: algorithm.wrong()}).refused("BadDigest", 400)
    assert body_of(s3, bucket, "a") == b"a"
    assert ask(raw, bucket, body, {algorithm.header: algorithm.of(body)}).status == 200
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []


def test_wrong_content_md5(raw: Raw, s3: S3, bucket: str, put: Callable[..., None]) -> None:
    put("a")
    ask(raw, bucket, document("a"), md5_header(b"other")).refused("BadDigest", 400)
    assert body_of(s3, bucket, "a") == b"a"


def test_malformed_content_md5(raw: Raw, bucket: str) -> None:
    ask(raw, bucket, document("a"), {"content-md5": "nonsense"}).refused("InvalidDigest", 400)
