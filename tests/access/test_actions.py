from __future__ import annotations

import pytest

from s3api.access.actions import BUCKET_ACTIONS, OBJECT_ACTIONS, required_actions, required_source_actions
from s3api.wire import Wire
from s3api.wire.model import load_operations

# Operations that need an action of their own name, for the table does not know them.
OTHERS = {
    "CreateBucketMetadataConfiguration",
    "CreateBucketMetadataTableConfiguration",
    "CreateSession",
    "DeleteBucketMetadataConfiguration",
    "DeleteBucketMetadataTableConfiguration",
    "GetBucketMetadataConfiguration",
    "GetBucketMetadataTableConfiguration",
    "ListDirectoryBuckets",
    "UpdateBucketMetadataAnnotationTableConfiguration",
    "UpdateBucketMetadataInventoryTableConfiguration",
    "UpdateBucketMetadataJournalTableConfiguration",
    "WriteGetObjectResponse",
}


def test_every_operation_of_the_model_has_its_action() -> None:
    unknown = set()
    for model in load_operations():
        action = required_actions(model.name, {}, version=False).action
        if action not in OBJECT_ACTIONS | BUCKET_ACTIONS | {"s3:ListAllMyBuckets"}:
            unknown.add(model.name)
    assert unknown <= OTHERS | {"DeleteObjects"}
    assert Wire.load()


@pytest.mark.parametrize(
    ("operation", "plain", "versioned"),
    [
        ("GetObject", "s3:GetObject", "s3:GetObjectVersion"),
        ("HeadObject", "s3:GetObject", "s3:GetObjectVersion"),
        ("DeleteObject", "s3:DeleteObject", "s3:DeleteObjectVersion"),
        ("GetObjectTagging", "s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
        ("PutObjectAcl", "s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
        ("GetObjectRetention", "s3:GetObjectRetention", "s3:GetObjectRetention"),
        ("HeadBucket", "s3:ListBucket", "s3:ListBucket"),
        ("PutBucketCors", "s3:PutBucketCORS", "s3:PutBucketCORS"),
    ],
)
def test_versions_have_actions_of_their_own(operation: str, plain: str, versioned: str) -> None:
    assert required_actions(operation, {}, version=False).action == plain
    assert required_actions(operation, {}, version=True).action == versioned


@pytest.mark.parametrize(
    ("operation", "headers", "also"),
    [
        ("PutObject", {}, ()),
        ("PutObject", {"x-amz-acl": "private"}, ("s3:PutObjectAcl",)),
        ("CopyObject", {"x-amz-grant-read": "id=1"}, ("s3:PutObjectAcl",)),
        ("PutObject", {"x-amz-tagging": "a=b"}, ("s3:PutObjectTagging",)),
        (
            "CreateMultipartUpload",
            {"x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-legal-hold": "ON"},
            ("s3:PutObjectRetention", "s3:PutObjectLegalHold"),
        ),
        ("UploadPart", {"x-amz-acl": "private"}, ()),
        ("DeleteObject", {"x-amz-bypass-governance-retention": "true"}, ("s3:BypassGovernanceRetention",)),
        ("DeleteObject", {"x-amz-bypass-governance-retention": "false"}, ()),
        ("CreateBucket", {"x-amz-acl": "private"}, ("s3:PutBucketAcl",)),
        (
            "CreateBucket",
            {"x-amz-bucket-object-lock-enabled": "true"},
            ("s3:PutBucketVersioning", "s3:PutBucketObjectLockConfiguration"),
        ),
        ("GetObjectAttributes", {}, ("s3:GetObject",)),
    ],
)
def test_what_headers_ask_for_besides(operation: str, headers: dict[str, str], also: tuple[str, ...]) -> None:
    assert required_actions(operation, headers, version=False).also == also


def test_copies_read_their_source() -> None:
    assert required_source_actions("CopyObject", {}, version=False) == ("s3:GetObject",)
    assert required_source_actions("UploadPartCopy", {}, version=True) == ("s3:GetObjectVersion",)
    assert required_source_actions("PutObject", {}, version=False) == ()
