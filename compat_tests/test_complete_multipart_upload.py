"""CompleteMultipartUpload. Checksums of the whole are in test_multipart_checksums.py."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from compat_tests.handmade import Raw
from compat_tests.support import (
    S3,
    Upload,
    big_part,
    body_of,
    etag_of,
    etag_of_parts,
    path_of,
    refused,
    refused_head,
    xml,
)


@pytest.fixture
def upload(s3: S3, bucket: str) -> Upload:
    return Upload.start(s3, bucket, "k")


def completed(upload: Upload, **more: Any) -> str:
    """The ETag of the object, or the code of the refusal."""
    try:
        return str(upload.complete(**more)["ETag"])
    except ClientError as error:
        return str(error.response["Error"]["Code"])


def test_the_parts_become_one_object(s3: S3, upload: Upload) -> None:
    bodies = [big_part(1), big_part(2), b"end"]
    for number, body in zip((3, 1, 2), (bodies[2], bodies[0], bodies[1]), strict=True):
        upload.put(number, body)
    upload.parts.sort(key=lambda part: part["PartNumber"])
    answer = upload.complete()
    assert (answer["Bucket"], answer["Key"], answer["ETag"]) == (upload.bucket, "k", etag_of_parts(*bodies))
    assert re.fullmatch(rf"https?://[^/]*/?{upload.bucket}[^/]*/k", answer["Location"])
    got = s3.get_object(Bucket=upload.bucket, Key="k")
    assert (got["ETag"], got["ContentLength"]) == (etag_of_parts(*bodies), sum(map(len, bodies)))
    assert got["Body"].read() == b"".join(bodies)
    [entry] = s3.list_objects_v2(Bucket=upload.bucket)["Contents"]
    assert (entry["ETag"], entry["Size"]) == (etag_of_parts(*bodies), sum(map(len, bodies)))


def test_numbers_may_have_gaps_and_parts_be_left_out(s3: S3, upload: Upload) -> None:
    big = big_part(5)
    upload.put(2, big)
    upload.put(5, b"left out")
    upload.put(900, b"end")
    del upload.parts[1]
    assert upload.complete()["ETag"] == etag_of_parts(big, b"end")
    assert body_of(s3, upload.bucket, "k") == big + b"end"


def test_the_upload_is_gone_afterwards(s3: S3, upload: Upload) -> None:
    upload.put(1, b"x")
    upload.complete()
    with refused("NoSuchUpload", 404):
        s3.list_parts(**upload.where)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=upload.bucket)


def test_a_second_completion_changes_nothing(s3: S3, upload: Upload) -> None:
    """AWS documents NoSuchUpload, and says yes once more while it still remembers: both will do."""
    upload.put(1, b"x")
    first = upload.complete()["ETag"]
    assert completed(upload) in (first, "NoSuchUpload")
    assert body_of(s3, upload.bucket, "k") == b"x"


def test_of_many_completions_all_agree(s3: S3, upload: Upload) -> None:
    upload.put(1, b"x")

    with ThreadPoolExecutor(8) as pool:
        outcomes = set(pool.map(completed, [upload] * 8))
    assert etag_of_parts(b"x") in outcomes
    assert outcomes <= {etag_of_parts(b"x"), "NoSuchUpload"}


def test_it_replaces_what_was_there(s3: S3, upload: Upload) -> None:
    s3.put_object(Bucket=upload.bucket, Key="k", Body=b"old", Metadata={"old": "1"})
    upload.put(1, b"new")
    upload.complete()
    got = s3.get_object(Bucket=upload.bucket, Key="k")
    assert (got["Body"].read(), got["Metadata"]) == (b"new", {})


def test_wrong_etag(s3: S3, upload: Upload) -> None:
    upload.put(1, b"x")
    with refused("InvalidPart", 400):
        upload.complete(Parts=[{"PartNumber": 1, "ETag": etag_of(b"y")}])
    with refused_head(404):
        s3.head_object(Bucket=upload.bucket, Key="k")
    assert upload.complete()["ETag"] == etag_of_parts(b"x")


def test_a_part_that_was_never_sent(upload: Upload) -> None:
    upload.put(1, b"x")
    with refused("InvalidPart", 400):
        upload.complete(Parts=[{"PartNumber": 2, "ETag": etag_of(b"x")}])


def test_etags_may_come_without_quotes(s3: S3, upload: Upload) -> None:
    upload.put(1, b"x")
    upload.complete(Parts=[{"PartNumber": 1, "ETag": etag_of(b"x").strip('"')}])
    assert body_of(s3, upload.bucket, "k") == b"x"


def test_parts_out_of_order(s3: S3, upload: Upload) -> None:
    upload.put(1, big_part(1))
    upload.put(2, big_part(2))
    with refused("InvalidPartOrder", 400):
        upload.complete(Parts=[upload.parts[at] for at in (1, 0)])
    with refused_head(404):
        s3.head_object(Bucket=upload.bucket, Key="k")


def test_a_part_named_twice_counts_once(s3: S3, upload: Upload) -> None:
    upload.put(1, b"x")
    upload.complete(Parts=[upload.parts[0], upload.parts[0]])
    assert body_of(s3, upload.bucket, "k") == b"x"


def test_a_small_part_before_the_last(s3: S3, upload: Upload) -> None:
    upload.put(1, big_part(1)[:-1])
    upload.put(2, b"end")
    with refused("EntityTooSmall", 400) as error:
        upload.complete()
    assert (error["MinSizeAllowed"], error["PartNumber"]) == (str(5 << 20), "1")
    assert len(s3.list_parts(**upload.where)["Parts"]) == 2


def test_no_such_upload(s3: S3, bucket: str) -> None:
    parts = [{"PartNumber": 1, "ETag": etag_of(b"x")}]
    with refused("NoSuchUpload", 404):
        Upload(s3, bucket, "k", "none", []).complete(Parts=parts)


def test_an_upload_belongs_to_its_key(s3: S3, upload: Upload) -> None:
    upload.put(1, b"x")
    with refused("NoSuchUpload", 404):
        Upload(s3, upload.bucket, "other", upload.id, upload.parts).complete()


def test_after_abort(upload: Upload) -> None:
    upload.put(1, b"x")
    upload.abort()
    with refused("NoSuchUpload", 404):
        upload.complete()


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"<CompleteMultipartUpload>",
        b"<CompleteMultipartUpload/>",
        b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
        b"<CompleteMultipartUpload><Part><PartNumber>one</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>",
        b"<Other/>",
    ],
    ids=["text", "cut", "no_part", "no_etag", "word", "other"],
)
def test_malformed_documents(raw: Raw, upload: Upload, body: bytes) -> None:
    upload.put(1, b"x")
    raw.ask("POST", path_of(upload.bucket, "k"), f"uploadId={upload.id}", body=body).refused(
        "MalformedXML", 400
    )


def test_the_answer_is_xml_with_its_root(raw: Raw, upload: Upload) -> None:
    """AWS may send spaces ahead to keep the line alive; a document must come in the end."""
    etag = upload.put(1, b"x")["ETag"].strip('"')
    part = f"<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>"
    body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>"
    answer = raw.ask("POST", path_of(upload.bucket, "k"), f"uploadId={upload.id}", body=body.encode())
    root = xml(answer.body)
    assert (answer.status, root.tag, root.findtext("ETag")) == (
        200,
        "CompleteMultipartUploadResult",
        etag_of_parts(b"x"),
    )


@pytest.mark.parametrize("stated", [0, 2])
def test_another_size_than_stated(s3: S3, upload: Upload, stated: int) -> None:
    upload.put(1, b"x")
    with refused("InvalidRequest", 400):
        upload.complete(MpuObjectSize=stated)
    with refused_head(404):
        s3.head_object(Bucket=upload.bucket, Key="k")
    upload.complete(MpuObjectSize=1)


# Conditional completion


def test_if_none_match(s3: S3, bucket: str, upload: Upload) -> None:
    upload.put(1, b"first")
    upload.complete(IfNoneMatch="*")
    second = Upload.start(s3, bucket, "k")
    second.put(1, b"second")
    with refused("PreconditionFailed", 412) as error:
        second.complete(IfNoneMatch="*")
    assert error["Condition"] == "If-None-Match"
    assert body_of(s3, bucket, "k") == b"first"


def test_if_match(s3: S3, upload: Upload) -> None:
    s3.put_object(Bucket=upload.bucket, Key="k", Body=b"old")
    upload.put(1, b"new")
    with refused("PreconditionFailed", 412):
        upload.complete(IfMatch=etag_of(b"other"))
    assert body_of(s3, upload.bucket, "k") == b"old"
    upload.complete(IfMatch=etag_of(b"old"))
    assert body_of(s3, upload.bucket, "k") == b"new"


def test_if_match_on_a_key_that_is_not_there(upload: Upload) -> None:
    upload.put(1, b"x")
    with refused("NoSuchKey", 404):
        upload.complete(IfMatch=etag_of(b"x"))


def test_of_many_uploads_one_wins(s3: S3, bucket: str) -> None:
    uploads = [Upload.start(s3, bucket, "k") for _ in range(12)]
    for number, one in enumerate(uploads):
        one.put(1, b"%d" % number)

    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(lambda one: completed(one, IfNoneMatch="*"), uploads))
    [winner] = [outcome for outcome in outcomes if outcome.startswith('"')]
    assert set(outcomes) - {winner} <= {"PreconditionFailed", "ConditionalRequestConflict"}
    assert s3.head_object(Bucket=bucket, Key="k")["ETag"] == winner
