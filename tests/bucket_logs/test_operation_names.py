from __future__ import annotations

import pytest

from s3api.bucket_logs.operation_names import lifecycle_name, log_name

NAMES = {
    ("GetObject", "GET"): "REST.GET.OBJECT",
    ("HeadObject", "HEAD"): "REST.HEAD.OBJECT",
    ("PutObject", "PUT"): "REST.PUT.OBJECT",
    ("CopyObject", "PUT"): "REST.COPY.OBJECT",
    ("UploadPartCopy", "PUT"): "REST.COPY.PART",
    ("PostObject", "POST"): "REST.POST.OBJECT",
    ("ListObjectsV2", "GET"): "REST.GET.BUCKET",
    ("ListObjectVersions", "GET"): "REST.GET.BUCKETVERSIONS",
    ("DeleteObjects", "POST"): "REST.POST.MULTI_OBJECT_DELETE",
    ("CreateMultipartUpload", "POST"): "REST.POST.UPLOADS",
    ("CompleteMultipartUpload", "POST"): "REST.POST.UPLOAD",
    ("UploadPart", "PUT"): "REST.PUT.PART",
    ("GetBucketVersioning", "GET"): "REST.GET.VERSIONING",
    ("GetBucketPolicy", "GET"): "REST.GET.BUCKETPOLICY",
    ("PutBucketLogging", "PUT"): "REST.PUT.LOGGING_STATUS",
    ("PutBucketLifecycleConfiguration", "PUT"): "REST.PUT.LIFECYCLE",
    ("PutObjectTagging", "PUT"): "REST.PUT.OBJECT_TAGGING",
    ("PutObjectAcl", "PUT"): "REST.PUT.ACL",
    ("PutBucketAcl", "PUT"): "REST.PUT.ACL",
    ("GetPublicAccessBlock", "GET"): "REST.GET.PUBLIC_ACCESS_BLOCK",
    ("ListBucketInventoryConfigurations", "GET"): "REST.GET.INVENTORY",
    ("GetBucketRequestPayment", "GET"): "REST.GET.REQUEST_PAYMENT",
    ("HeadBucket", "HEAD"): "REST.HEAD.BUCKET",
    ("", "OPTIONS"): "REST.OPTIONS.PREFLIGHT",
    ("", "GET"): "-",
}


@pytest.mark.parametrize(("given", "name"), NAMES.items())
def test_names(given: tuple[str, str], name: str) -> None:
    assert log_name(*given) == name


def test_names_of_lifecycle_actions() -> None:
    assert lifecycle_name("delete", "") == "S3.EXPIRE.OBJECT"
    assert lifecycle_name("expire", "") == "S3.CREATE.DELETEMARKER"
    assert lifecycle_name("abort", "") == "S3.DELETE.UPLOAD"
    moves = ["STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]
    assert [lifecycle_name("move", each).split(".")[1] for each in moves] == [
        "TRANSITION_SIA",
        "TRANSITION_INT",
        "TRANSITION_ZIA",
        "TRANSITION_GIR",
        "TRANSITION",
        "TRANSITION_GDA",
    ]
