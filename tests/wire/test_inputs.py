"""Reading of inputs: types, and refusal of those that the handler does not take."""

from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack

import pytest

from s3api.errors import S3Error
from s3api.wire import Wire


class Stated(TypedDict, total=False):
    ContentType: str
    Metadata: dict[str, str]


async def put_object(call: object, *, Bucket: str, Key: str, **stated: Unpack[Stated]) -> dict[str, Any]:
    return {}


async def head_object(
    call: object, *, Bucket: str, Key: str, IfModifiedSince: datetime | None = None
) -> dict[str, Any]:
    return {}


@pytest.fixture
def bound() -> Wire:
    wire = Wire.load()
    wire.bind("PutObject", put_object)
    wire.bind("head_object", head_object)
    return wire


def read(
    wire: Wire, name: str, headers: dict[str, str], query: dict[str, str] | None = None
) -> dict[str, Any]:
    return wire.operations[name].read("b", "k", query or {}, headers)


def refusal(wire: Wire, name: str, headers: dict[str, str], query: dict[str, str] | None = None) -> S3Error:
    with pytest.raises(S3Error) as caught:
        read(wire, name, headers, query)
    return caught.value


def test_the_signature_is_the_list_of_inputs(bound: Wire) -> None:
    operation = bound.operations["PutObject"]
    assert operation.handler is put_object
    assert operation.accepts == {"Bucket", "Key", "ContentType", "Metadata"}
    headers = {"content-type": "text/plain", "x-amz-meta-a": "é =?UTF-8?Q?=C3=A9?=", "host": "h"}
    assert read(bound, "PutObject", headers) == {
        "Bucket": "b",
        "Key": "k",
        "ContentType": "text/plain",
        "Metadata": {"a": "é =?UTF-8?Q?=C3=A9?="},
    }


@pytest.mark.parametrize(
    "header",
    [
        "cache-control",
        "content-md5",
        "if-none-match",
        "x-amz-acl",
        "x-amz-checksum-crc32",
        "x-amz-server-side-encryption",
        "x-amz-tagging",
        "x-amz-unheard-of",
        "x-amz-write-offset-bytes",
    ],
)
def test_what_the_handler_does_not_take_is_refused(bound: Wire, header: str) -> None:
    error = refusal(bound, "PutObject", {header: "1"})
    assert (error.code, error.details) == ("NotImplemented", {"Header": header})


def test_metadata_only_where_it_is_kept(bound: Wire) -> None:
    assert refusal(bound, "HeadObject", {"x-amz-meta-a": "1"}).details == {"Header": "x-amz-meta-a"}
    assert refusal(bound, "PutObject", {"x-amz-meta-a": "a\0"}).code == "InvalidArgument"


def test_a_query_parameter_that_the_handler_does_not_take_is_refused(bound: Wire) -> None:
    error = refusal(bound, "HeadObject", {}, {"versionId": "v"})
    assert (error.code, error.details) == ("NotImplemented", {"Parameter": "versionId"})


def test_harmless_ones_pass(bound: Wire) -> None:
    headers = {
        "content-length": "3",
        "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
        "x-amz-date": "20261124T000000Z",
        "x-amz-request-payer": "requester",
        "x-amz-sdk-checksum-algorithm": "CRC32",
        "x-amz-sdk-request": "attempt=1",
        "x-amz-trailer": "x-amz-checksum-crc32",
    }
    assert read(bound, "PutObject", headers) == {"Bucket": "b", "Key": "k"}
    assert refusal(bound, "PutObject", {"x-amz-acl": "private"}).code == "NotImplemented"


def test_the_expected_owner_is_for_the_gateway(bound: Wire) -> None:
    assert read(bound, "PutObject", {"x-amz-expected-bucket-owner": "1"})["ExpectedBucketOwner"] == "1"


@pytest.mark.parametrize("name", ["UploadPart", "DeleteBucket", "PutBucketTagging"])
def test_no_write_passes_over_a_guard(wire: Wire, name: str) -> None:
    query = {"uploadId": "U", "partNumber": "1"} if name == "UploadPart" else {}
    assert refusal(wire, name, {"if-none-match": "*"}, query).code == "NotImplemented"


def test_dates(bound: Wire, wire: Wire) -> None:
    when = datetime(2026, 11, 24, tzinfo=UTC)
    for text in ("Tue, 24 Nov 2026 00:00:00 GMT", "2026-11-24T00:00:00Z", "2026-11-24T01:00:00+01:00"):
        assert read(bound, "HeadObject", {"if-modified-since": text})["IfModifiedSince"] == when
    assert "IfModifiedSince" not in read(bound, "HeadObject", {"if-modified-since": "yesterday"})
    error = refusal(wire, "PutObject", {"x-amz-object-lock-retain-until-date": "yesterday"})
    assert error.code == "InvalidArgument"
    assert error.details == {
        "ArgumentName": "x-amz-object-lock-retain-until-date",
        "ArgumentValue": "yesterday",
    }


@pytest.mark.parametrize("text", ["x", "-1", "+1", "1_0", "1.0", "٣", "2147483648", "9" * 5000])
def test_numbers(wire: Wire, text: str) -> None:
    error = refusal(wire, "ListObjectsV2", {}, {"max-keys": text})
    assert (error.code, error.details["ArgumentName"]) == ("InvalidArgument", "max-keys")


def test_numbers_and_booleans_that_are(wire: Wire) -> None:
    query = {"max-keys": "0", "fetch-owner": "TRUE", "prefix": "", "start-after": ""}
    inputs = read(wire, "ListObjectsV2", {}, query)
    assert inputs == {"Bucket": "b", "MaxKeys": 0, "FetchOwner": True, "Prefix": "", "StartAfter": ""}
    assert "MaxKeys" not in read(wire, "ListObjectsV2", {}, {"max-keys": ""})
    assert refusal(wire, "ListObjectsV2", {}, {"fetch-owner": "1"}).code == "InvalidArgument"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("x-amz-storage-class", "InvalidStorageClass"),
        ("x-amz-acl", "InvalidArgument"),
    ],
)
def test_enumerations(wire: Wire, header: str, code: str) -> None:
    assert refusal(wire, "PutObject", {header: "Nonsense"}).code == code


def test_how_to_encrypt_is_judged_after_the_policy_has_seen_it(wire: Wire) -> None:
    inputs = read(wire, "PutObject", {"x-amz-server-side-encryption": "AES192"})
    assert inputs["ServerSideEncryption"] == "AES192"


@pytest.mark.parametrize("name", ["GetObject", "HeadObject", "ListParts"])
def test_how_to_encrypt_is_no_question_for_a_read(wire: Wire, name: str) -> None:
    header = "x-amz-server-side-encryption"
    error = refusal(wire, name, {header: "aws:kms"}, {"uploadId": "1"} if name == "ListParts" else {})
    assert (error.code, error.details["ArgumentName"]) == ("InvalidArgument", header)
    assert error.message == f"{header} header is not supported for this operation."


def test_how_to_encrypt_was_decided_when_the_upload_began(wire: Wire) -> None:
    headers = {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": "k"}
    inputs = read(wire, "UploadPart", headers, {"uploadId": "1", "partNumber": "1"})
    assert inputs == {"Bucket": "b", "Key": "k", "UploadId": "1", "PartNumber": 1}
    assert refusal(wire, "DeleteObject", headers).code == "NotImplemented"


def test_lists_in_headers(wire: Wire) -> None:
    headers = {"x-amz-object-attributes": "ETag, ObjectSize"}
    assert read(wire, "GetObjectAttributes", headers)["ObjectAttributes"] == ["ETag", "ObjectSize"]
    assert (
        refusal(wire, "GetObjectAttributes", {"x-amz-object-attributes": "Colour"}).code == "InvalidArgument"
    )
    assert refusal(wire, "GetObjectAttributes", {}).code == "InvalidRequest"


def test_an_override_cannot_break_a_header_in_two(wire: Wire) -> None:
    query = {"response-content-type": "a\r\nset-cookie: b"}
    assert refusal(wire, "GetObject", {}, query).code == "InvalidArgument"


@pytest.mark.parametrize("name", ["GetObject", "HeadObject", "DeleteObject", "ListObjectsV2"])
def test_the_checksum_of_no_body(wire: Wire, name: str) -> None:
    assert read(wire, name, {"x-amz-checksum-crc32": "AAAAAA=="}) == read(wire, name, {})
    assert refusal(wire, name, {"x-amz-checksum-crc32": "NhCmhg=="}).code == "BadDigest"
    assert refusal(wire, name, {"x-amz-checksum-crc32": "1"}).code == "InvalidRequest"


def test_digests_of_documents(wire: Wire) -> None:
    headers = {"content-md5": "M", "x-amz-checksum-crc32": "C"}
    operations = wire.operations
    assert read(wire, "DeleteObjects", headers) == {"Bucket": "b"}
    digests = operations["DeleteObjects"].document_digests(headers)
    assert digests == {"ContentMD5": "M", "ChecksumCRC32": "C"}
    # CompleteMultipartUpload's checksum is the object's, not the document's.
    assert operations["CompleteMultipartUpload"].document_digests(headers) == {"ContentMD5": "M"}


async def takes_too_much(call: object, *, Bucket: str, Colour: str = "") -> None: ...


async def takes_too_little(call: object, *, Bucket: str) -> None: ...


async def needs_too_much(call: object, *, Bucket: str, Key: str, ContentType: str) -> None: ...


def test_signatures_that_do_not_fit_the_model() -> None:
    wire = Wire.load()
    with pytest.raises(TypeError, match="Colour"):
        wire.bind("HeadBucket", takes_too_much)
    with pytest.raises(TypeError, match="Key"):
        wire.bind("PutObject", takes_too_little)
    with pytest.raises(TypeError, match="ContentType"):
        wire.bind("PutObject", needs_too_much)
    with pytest.raises(LookupError):
        wire.bind("make_coffee", takes_too_little)
