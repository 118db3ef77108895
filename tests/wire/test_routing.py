"""Routing of AWS's documented request lines, and refusal of unknown ones."""

import pytest

from s3api.errors import S3Error
from s3api.wire import Operation, Wire, parse_query, parse_target

COPY = {"x-amz-copy-source": "/b/k"}


def route(wire: Wire, line: str, headers: dict[str, str] | None = None) -> Operation:
    method, _, url = line.partition(" ")
    path, _, raw_query = url.partition("?")
    bucket, key = parse_target(path.encode(), None, ())
    level = 2 if key is not None else 1 if bucket is not None else 0
    return wire.route(method, level, parse_query(raw_query.encode()), headers or {})


def refusal(wire: Wire, line: str, headers: dict[str, str] | None = None) -> S3Error:
    with pytest.raises(S3Error) as caught:
        route(wire, line, headers)
    return caught.value


DOCUMENTED = {
    "GET /?bucket-region=eu-west-1&continuation-token=T&max-buckets=10&prefix=p": "ListBuckets",
    "GET /b": "ListObjects",
    "GET /b?delimiter=/&encoding-type=url&marker=M&max-keys=1&prefix=p": "ListObjects",
    "GET /b?list-type=2&continuation-token=C&delimiter=/&fetch-owner=true&start-after=s": "ListObjectsV2",
    "GET /b?versions&delimiter=/&key-marker=K&version-id-marker=V": "ListObjectVersions",
    "GET /b?uploads&delimiter=/&max-uploads=3&upload-id-marker=U": "ListMultipartUploads",
    "PUT /b": "CreateBucket",
    "HEAD /b": "HeadBucket",
    "DELETE /b": "DeleteBucket",
    "POST /b?delete": "DeleteObjects",
    "POST /b?delete=": "DeleteObjects",
    "GET /b?location": "GetBucketLocation",
    "GET /b?analytics&id=1": "GetBucketAnalyticsConfiguration",
    "GET /b?analytics&continuation-token=T": "ListBucketAnalyticsConfigurations",
    "GET /b?inventory&id=1": "GetBucketInventoryConfiguration",
    "GET /b?metrics": "ListBucketMetricsConfigurations",
    "GET /b?intelligent-tiering&id=1": "GetBucketIntelligentTieringConfiguration",
    "GET /b?policyStatus": "GetBucketPolicyStatus",
    "GET /b?lifecycle": "GetBucketLifecycleConfiguration",
    "GET /b?notification": "GetBucketNotificationConfiguration",
    "PUT /b?object-lock": "PutObjectLockConfiguration",
    "DELETE /b?ownershipControls": "DeleteBucketOwnershipControls",
    "GET /b/k": "GetObject",
    "GET /b/k?partNumber=1&response-content-type=text/plain&versionId=v": "GetObject",
    "GET /b/k?uploadId=U&max-parts=3&part-number-marker=1": "ListParts",
    "GET /b/k?attributes&versionId=v": "GetObjectAttributes",
    "GET /b/k?torrent": "GetObjectTorrent",
    "GET /b/k?annotation": "ListObjectAnnotations",
    "GET /b/k?annotation&annotationName=n": "GetObjectAnnotation",
    "HEAD /b/k?partNumber=2": "HeadObject",
    "PUT /b/k": "PutObject",
    "PUT /b/k?partNumber=1&uploadId=U": "UploadPart",
    "PUT /b/k?tagging&versionId=v": "PutObjectTagging",
    "PUT /b/k?legal-hold": "PutObjectLegalHold",
    "PUT /b/k?renameObject": "RenameObject",
    "PUT /b/k?encryption": "UpdateObjectEncryption",
    "PUT /b?encryption": "PutBucketEncryption",
    "POST /b/k?uploads": "CreateMultipartUpload",
    "POST /b/k?uploadId=U": "CompleteMultipartUpload",
    "POST /b/k?restore&versionId=v": "RestoreObject",
    "POST /b/k?select&select-type=2": "SelectObjectContent",
    "DELETE /b/k?versionId=v": "DeleteObject",
    "DELETE /b/k?uploadId=U": "AbortMultipartUpload",
    "DELETE /b/k?tagging": "DeleteObjectTagging",
    "GET /b?session": "CreateSession",
}


@pytest.mark.parametrize("line", DOCUMENTED)
def test_documented_request_lines(wire: Wire, line: str) -> None:
    assert route(wire, line).name == DOCUMENTED[line]


def test_a_copy_is_told_by_its_header(wire: Wire) -> None:
    assert route(wire, "PUT /b/k", COPY).name == "CopyObject"
    assert route(wire, "PUT /b/k?partNumber=1&uploadId=U", COPY).name == "UploadPartCopy"


@pytest.mark.parametrize("name", sorted(Wire.load().operations))
def test_every_operation_of_the_model_is_found(wire: Wire, name: str) -> None:
    operation = wire.operations[name]
    query = parse_query(operation.model.uri.partition("?")[2].encode())
    query |= {wire: "1" for where, wire in operation.probes if where == "querystring"}
    headers = {wire: "1" for where, wire in operation.probes if where == "header"}
    assert wire.route(operation.method, operation.level, query, headers) is operation


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("DELETE /b/k?acl", "MethodNotAllowed"),
        ("DELETE /b?acl", "MethodNotAllowed"),
        ("DELETE /b/k?versions", "MethodNotAllowed"),
        ("GET /b?delete", "MethodNotAllowed"),
        ("HEAD /b/k?acl", "MethodNotAllowed"),
        ("POST /b", "MethodNotAllowed"),
        ("POST /b/k", "MethodNotAllowed"),
        ("PATCH /b/k", "MethodNotAllowed"),
        ("OPTIONS /b/k", "MethodNotAllowed"),
        ("PUT /", "MethodNotAllowed"),
        ("GET /b?foo", "NotImplemented"),
        ("GET /b/k?foo=", "NotImplemented"),
        ("DELETE /b/k?foo", "NotImplemented"),
        ("PUT /b/k?foo=bar", "NotImplemented"),
        ("POST /b?delete&foo=bar", "NotImplemented"),
        ("DELETE /b?foo=bar", "NotImplemented"),
        ("DELETE /b/k?uploadid=U", "NotImplemented"),
        ("PUT /b/k?ACL", "NotImplemented"),
        ("PUT /b/k?uploadId=U", "InvalidArgument"),
        ("PUT /b/k?uploadId", "InvalidArgument"),
        ("PUT /b/k?partNumber=1", "InvalidArgument"),
        ("DELETE /b/k?partNumber=1", "InvalidArgument"),
        ("DELETE /b/k?partNumber=1&uploadId=U", "InvalidArgument"),
        ("HEAD /b/k?uploadId=U", "InvalidArgument"),
        ("GET /b/k?uploadId=U&partNumber=1", "InvalidArgument"),
        ("DELETE /b?uploadId=U", "InvalidArgument"),
        ("PUT /b/k?tagging&uploadId=U&partNumber=1", "InvalidArgument"),
        ("GET /b?acl&tagging", "InvalidArgument"),
        ("DELETE /b/k?tagging&acl", "InvalidArgument"),
        ("GET /b?versions&list-type=2", "InvalidArgument"),
        ("GET /b?list-type=3", "InvalidArgument"),
    ],
)
def test_refused(wire: Wire, line: str, code: str) -> None:
    assert refusal(wire, line).code == code


@pytest.mark.parametrize(
    "line",
    [
        "GET /b/k?foo=bar&x-id=GetObject",
        "HEAD /b/k?X-Amz-Signature=s&X-Amz-Expires=3",
        "PUT /b/k?x-id=PutObject&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-SignedHeaders=host",
        "DELETE /b/k?x-id=DeleteObject",
    ],
)
def test_what_belongs_to_no_operation_is_passed_over(wire: Wire, line: str) -> None:
    assert route(wire, line).name in ("GetObject", "HeadObject", "PutObject", "DeleteObject")


def test_half_an_upload_part_copy_is_none(wire: Wire) -> None:
    assert refusal(wire, "PUT /b/k?uploadId=U", COPY).code == "InvalidArgument"
    assert refusal(wire, "DELETE /b/k?acl").details["Allow"] == "GET, PUT"


def test_a_browser_form_is_not_implemented(wire: Wire) -> None:
    form = {"content-type": "multipart/form-data; boundary=x"}
    assert refusal(wire, "POST /b", form).code == "NotImplemented"
