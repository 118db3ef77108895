"""The checks of each kind of bucket configuration: documents, and the error code that AWS answers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from s3api.errors import S3Error
from s3api.operations.configurations.cors import check_cors
from s3api.operations.configurations.encryption import check_encryption
from s3api.operations.configurations.lifecycle import check_lifecycle
from s3api.operations.configurations.notification import check_notification
from s3api.operations.configurations.replication import check_replication
from s3api.operations.configurations.reports import (
    check_analytics,
    check_inventory,
    check_metrics,
    check_tiering,
)
from s3api.operations.configurations.small_documents import (
    check_abac,
    check_accelerate,
    check_logging,
    check_tagging,
)
from s3api.operations.configurations.website import check_website

Document = dict[str, Any]
Check = Callable[[Document], Document]
NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)
MALFORMED, REQUEST, ARGUMENT = "MalformedXML", "InvalidRequest", "InvalidArgument"
TAG = {"Key": "a", "Value": "b"}
ARN = "arn:aws:s3:::target"


def code_of(check: Check, document: Document) -> str:
    try:
        check(copy.deepcopy(document))
    except S3Error as refused:
        return refused.code
    return "fine"


def cors(**more: Any) -> Document:
    return {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], **more}]}


def expiring(**more: Any) -> Document:
    return {"Rules": [{"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}, **more}]}


def doing(**more: Any) -> Document:
    return {"Rules": [{"Status": "Enabled", "Filter": {}, **more}]}


def filtered(**given: Any) -> Document:
    return expiring(Filter=given)


def routed(redirect: Document, condition: Document | None = None) -> Document:
    rule = {"Redirect": redirect} | ({} if condition is None else {"Condition": condition})
    return {"IndexDocument": {"Suffix": "i"}, "RoutingRules": [rule]}


def told(*events: str, prefix: str = "", suffix: str = "", **more: Any) -> Document:
    rules = [
        {"Name": name, "Value": value} for name, value in (("prefix", prefix), ("suffix", suffix)) if value
    ]
    given = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
    return {"QueueArn": "arn:aws:sqs:us-east-1:1:q", "Events": list(events), **given, **more}


def telling(*configurations: Document) -> Document:
    return {"QueueConfigurations": list(configurations)}


def encrypting(**default: Any) -> Document:
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}


def replicating(destination: Document | None = None, **more: Any) -> Document:
    return {
        "Role": "arn:aws:iam::1:role/r",
        "Rules": [{"Status": "Enabled", "Destination": {"Bucket": ARN, **(destination or {})}, **more}],
    }


def tiered(*tierings: tuple[str, int], **more: Any) -> Document:
    return {"Id": "i", "Tierings": [{"AccessTier": tier, "Days": days} for tier, days in tierings], **more}


def inventory(**destination: Any) -> Document:
    return {"Destination": {"S3BucketDestination": {"Bucket": ARN, "Format": "CSV", **destination}}}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (cors(), "fine"),
        (cors(AllowedHeaders=["*", "x-*"], ExposeHeaders=["ETag"], MaxAgeSeconds=0, ID="x"), "fine"),
        (cors(AllowedMethods=["PATCH"]), REQUEST),
        (cors(AllowedMethods=["get"]), REQUEST),
        (cors(AllowedOrigins=["http://*.*"]), REQUEST),
        (cors(AllowedOrigins=["a\r\nb"]), REQUEST),
        (cors(AllowedOrigins=[""]), REQUEST),
        (cors(AllowedHeaders=["*-*"]), REQUEST),
        (cors(AllowedHeaders=["a b"]), REQUEST),
        (cors(ExposeHeaders=["x-*"]), REQUEST),
        (cors(ExposeHeaders=["x\r\nset-cookie: a"]), REQUEST),
        (cors(ID="x" * 256), ARGUMENT),
        ({"CORSRules": cors()["CORSRules"] * 100}, "fine"),
        ({"CORSRules": cors()["CORSRules"] * 101}, REQUEST),
    ],
)
def test_cors(document: Document, code: str) -> None:
    assert code_of(check_cors, document) == code


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (expiring(), "fine"),
        (expiring(ID="x" * 255), "fine"),
        (expiring(ID="x" * 256), ARGUMENT),
        ({"Rules": expiring(ID="a")["Rules"] * 2}, ARGUMENT),
        ({"Rules": []}, MALFORMED),
        ({"Rules": expiring()["Rules"] * 1001}, MALFORMED),
        (expiring(Prefix=""), MALFORMED),
        ({"Rules": [{"Status": "Enabled", "Expiration": {"Days": 1}}]}, MALFORMED),
        ({"Rules": [{"Status": "Enabled", "Prefix": "a", "Expiration": {"Days": 1}}]}, "fine"),
        ({"Rules": [{"Status": "Enabled", "Prefix": "a", "Expiration": {"Days": 1}}, *expiring()["Rules"]]},
         REQUEST),
        (doing(), REQUEST),
        (expiring(Expiration={"Days": 0}), ARGUMENT),
        (expiring(Expiration={"Days": -1}), ARGUMENT),
        (expiring(Expiration={}), MALFORMED),
        (expiring(Expiration={"Days": 1, "Date": NEW_YEAR}), MALFORMED),
        (expiring(Expiration={"Date": NEW_YEAR}), "fine"),
        (expiring(Expiration={"Date": NEW_YEAR.replace(hour=1)}), ARGUMENT),
        (expiring(Expiration={"ExpiredObjectDeleteMarker": True}, Filter={"Tag": TAG}), REQUEST),
        (expiring(Expiration={"ExpiredObjectDeleteMarker": True}, Filter={"Prefix": "a"}), "fine"),
        (filtered(Prefix="a"), "fine"),
        (filtered(Prefix="a", Tag=TAG), "fine"),
        (filtered(Prefix="a/", And={"Prefix": "a", "Tags": [TAG]}), "fine"),
        (filtered(Prefix="a/", And={"Prefix": "b/", "Tags": [TAG]}), MALFORMED),
        (filtered(ObjectSizeLessThan=5, And={"ObjectSizeGreaterThan": 5, "Prefix": "a"}), REQUEST),
        (filtered(And={"Prefix": "a", "Tags": [TAG]}), "fine"),
        (filtered(And={"Tags": [TAG]}), MALFORMED),
        (filtered(And={"Prefix": "a"}), MALFORMED),
        (filtered(And={"Tags": [TAG, TAG]}), REQUEST),
        (filtered(And={"ObjectSizeGreaterThan": 5, "ObjectSizeLessThan": 5}), REQUEST),
        (filtered(And={"ObjectSizeGreaterThan": 5, "ObjectSizeLessThan": 6}), "fine"),
        (doing(Transitions=[{"Days": 0, "StorageClass": "GLACIER"}]), "fine"),
        (doing(Transitions=[{"Days": -1, "StorageClass": "GLACIER"}]), ARGUMENT),
        (doing(Transitions=[{"Days": 1}]), MALFORMED),
        (doing(Transitions=[{"StorageClass": "GLACIER"}]), MALFORMED),
        (doing(Transitions=[{"Days": 1, "Date": NEW_YEAR, "StorageClass": "GLACIER"}]), MALFORMED),
        (doing(Transitions=[{"Days": 29, "StorageClass": "STANDARD_IA"}]), ARGUMENT),
        (doing(Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}]), "fine"),
        (doing(Transitions=[{"Days": day, "StorageClass": "GLACIER"} for day in (1, 2)]), REQUEST),
        (doing(Transitions=[{"Date": NEW_YEAR.replace(minute=1), "StorageClass": "GLACIER"}]), ARGUMENT),
        (expiring(Transitions=[{"Days": 1, "StorageClass": "GLACIER"}]), ARGUMENT),
        (expiring(Transitions=[{"Date": NEW_YEAR, "StorageClass": "GLACIER"}]), REQUEST),
        (doing(NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 100}), "fine"),
        (doing(NoncurrentVersionExpiration={"NoncurrentDays": 0}), ARGUMENT),
        (doing(NoncurrentVersionExpiration={"NewerNoncurrentVersions": 1}), MALFORMED),
        (doing(NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 0}), ARGUMENT),
        (doing(NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 101}), ARGUMENT),
        (doing(NoncurrentVersionTransitions=[{"NoncurrentDays": 1, "StorageClass": "GLACIER"}]), "fine"),
        (doing(NoncurrentVersionTransitions=[{"NoncurrentDays": 1}]), MALFORMED),
        (doing(NoncurrentVersionTransitions=[{"NoncurrentDays": -1, "StorageClass": "GLACIER"}]), ARGUMENT),
        (doing(NoncurrentVersionTransitions=[{"NoncurrentDays": 3, "StorageClass": "GLACIER"}],
               NoncurrentVersionExpiration={"NoncurrentDays": 3}), ARGUMENT),
        (doing(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}), "fine"),
        (doing(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 0}), ARGUMENT),
        (doing(AbortIncompleteMultipartUpload={}), MALFORMED),
        (doing(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}, Filter={"Tag": TAG}), REQUEST),
    ],
)  # fmt: skip
def test_lifecycle(document: Document, code: str) -> None:
    assert code_of(check_lifecycle, document) == code


def test_every_lifecycle_rule_has_an_id() -> None:
    kept = check_lifecycle(
        {"Rules": [*expiring()["Rules"], *expiring()["Rules"], *expiring(ID="mine")["Rules"]]}
    )
    ids = [rule["ID"] for rule in kept["Rules"]]
    assert ids[2] == "mine"
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"RedirectAllRequestsTo": {"HostName": "a.example:8080", "Protocol": "https"}}, "fine"),
        ({"RedirectAllRequestsTo": {"HostName": "a/b"}}, REQUEST),
        ({"RedirectAllRequestsTo": {"HostName": "a"}, "IndexDocument": {"Suffix": "i"}}, ARGUMENT),
        ({}, ARGUMENT),
        ({"ErrorDocument": {"Key": "e"}}, ARGUMENT),
        ({"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "a/e"}}, "fine"),
        ({"IndexDocument": {"Suffix": ""}}, ARGUMENT),
        ({"IndexDocument": {"Suffix": "a/b"}}, ARGUMENT),
        ({"IndexDocument": {"Suffix": "i"}, "ErrorDocument": {"Key": ""}}, ARGUMENT),
        (routed({"HostName": "a"}), "fine"),
        (routed({"HostName": "a\r\nb"}), REQUEST),
        (routed({}), MALFORMED),
        (routed({"HostName": "a"}, {}), REQUEST),
        (routed({"HostName": "a"}, {"KeyPrefixEquals": "x"}), "fine"),
        (routed({"HostName": "a"}, {"HttpErrorCodeReturnedEquals": "404"}), "fine"),
        (routed({"HostName": "a"}, {"HttpErrorCodeReturnedEquals": "302"}), REQUEST),
        (routed({"HostName": "a"}, {"HttpErrorCodeReturnedEquals": "40"}), REQUEST),
        (routed({"HttpRedirectCode": "308"}), "fine"),
        (routed({"HttpRedirectCode": "300"}), REQUEST),
        (routed({"HttpRedirectCode": "200"}), REQUEST),
        (routed({"ReplaceKeyWith": "a", "ReplaceKeyPrefixWith": "b"}), REQUEST),
        (
            {**routed({"HostName": "a"}), "RoutingRules": routed({"HostName": "a"})["RoutingRules"] * 51},
            REQUEST,
        ),
    ],
)
def test_website(document: Document, code: str) -> None:
    assert code_of(check_website, document) == code


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({}, "fine"),
        ({"EventBridgeConfiguration": {}}, "fine"),
        (telling(told("s3:ObjectCreated:*")), "fine"),
        (telling(told("s3:ObjectCreated:*", QueueArn="queue")), ARGUMENT),
        (telling(told("s3:ObjectCreated:*", Id="x" * 256)), ARGUMENT),
        (telling(told("s3:ObjectCreated:Put", Id="a"), told("s3:ObjectRemoved:*", Id="a")), ARGUMENT),
        (telling(told("s3:ObjectCreated:Put"), told("s3:ObjectCreated:*")), ARGUMENT),
        (telling(told("s3:ObjectCreated:Put"), told("s3:ObjectCreated:Post")), "fine"),
        (telling(told("s3:ObjectCreated:*", prefix="a"), told("s3:ObjectCreated:*", prefix="b")), "fine"),
        (telling(told("s3:ObjectCreated:*", prefix="a"), told("s3:ObjectCreated:*", prefix="ab")), ARGUMENT),
        (telling(told("s3:ObjectCreated:*", suffix="g"), told("s3:ObjectCreated:*", suffix="jpg")), ARGUMENT),
        (telling(told("s3:ObjectCreated:*", suffix="png"), told("s3:ObjectCreated:*", suffix="jpg")), "fine"),
        (telling(told("s3:ObjectCreated:*", prefix="a", Filter={"Key": {"FilterRules": [
            {"Name": "prefix", "Value": "a"}, {"Name": "prefix", "Value": "b"}]}})), ARGUMENT),
        (telling(told("s3:ObjectCreated:*", Filter={"Key": {"FilterRules": [{"Value": "a"}]}})), ARGUMENT),
        ({"TopicConfigurations": [told("s3:ObjectCreated:*", TopicArn="arn:aws:sns:us-east-1:1:t")],
          **telling(told("s3:ObjectCreated:*"))}, ARGUMENT),
    ],
)  # fmt: skip
def test_notification(document: Document, code: str) -> None:
    assert code_of(check_notification, document) == code


def test_every_notification_has_an_id() -> None:
    kept = check_notification(telling(told("s3:ObjectCreated:Put"), told("s3:ObjectRemoved:*", Id="mine")))
    first, second = (one["Id"] for one in kept["QueueConfigurations"])
    assert first
    assert second == "mine"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (encrypting(SSEAlgorithm="AES256"), "fine"),
        (encrypting(SSEAlgorithm="aws:kms"), "fine"),
        (encrypting(SSEAlgorithm="aws:kms", KMSMasterKeyID="k"), "fine"),
        (encrypting(SSEAlgorithm="aws:kms", KMSMasterKeyID=""), MALFORMED),
        (encrypting(SSEAlgorithm="AES256", KMSMasterKeyID="k"), ARGUMENT),
        (encrypting(SSEAlgorithm="aws:fsx"), MALFORMED),
        ({"Rules": encrypting(SSEAlgorithm="AES256")["Rules"] * 2}, MALFORMED),
        ({"Rules": [{}]}, MALFORMED),
        ({"Rules": [{"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}]}, "fine"),
    ],
)
def test_encryption(document: Document, code: str) -> None:
    assert code_of(check_encryption, document) == code


FULL = {"Filter": {"Prefix": "a"}, "Priority": 1, "DeleteMarkerReplication": {"Status": "Disabled"}}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (replicating(Prefix=""), "fine"),
        (replicating(**FULL), "fine"),
        (replicating(**FULL, Prefix=""), MALFORMED),
        (replicating(**(FULL | {"Filter": {"Prefix": "a", "Tag": TAG}})), MALFORMED),
        (replicating(Filter={}, Priority=1), REQUEST),
        (replicating(Filter={}, DeleteMarkerReplication={"Status": "Disabled"}), REQUEST),
        (replicating({"Bucket": "target"}, Prefix=""), ARGUMENT),
        (replicating({"AccessControlTranslation": {"Owner": "Destination"}}, Prefix=""), ARGUMENT),
        (replicating({"ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}}}, Prefix=""),
         REQUEST),
        (replicating({"ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 5}}, "Metrics": {}},
                     Prefix=""), ARGUMENT),
        ({**replicating(Prefix=""), "Role": ""}, ARGUMENT),
        ({**replicating(), "Rules": []}, MALFORMED),
        ({**replicating(), "Rules": replicating(**FULL)["Rules"] * 2}, REQUEST),
        ({**replicating(), "Rules": replicating(**FULL)["Rules"] + replicating(Prefix="")["Rules"]}, REQUEST),
    ],
)  # fmt: skip
def test_replication(document: Document, code: str) -> None:
    assert code_of(check_replication, document) == code


@pytest.mark.parametrize(
    ("check", "document", "code"),
    [
        (check_metrics, {"Id": "i"}, "fine"),
        (check_metrics, {"Id": "i", "Filter": {}}, MALFORMED),
        (check_metrics, {"Id": "i", "Filter": {"Prefix": "a", "Tag": TAG}}, MALFORMED),
        (check_analytics, {"Id": "i", "StorageClassAnalysis": {}}, "fine"),
        (check_analytics, {"Id": "i", "StorageClassAnalysis": {"DataExport": {
            "Destination": {"S3BucketDestination": {"Bucket": "b"}}}}}, ARGUMENT),
        (check_inventory, inventory(), "fine"),
        (check_inventory, inventory(Bucket="b"), ARGUMENT),
        (check_inventory, inventory(Encryption={"SSES3": {}, "SSEKMS": {"KeyId": "k"}}), MALFORMED),
        (check_inventory, {**inventory(), "OptionalFields": ["Size", "Size"]}, MALFORMED),
        (check_tiering, tiered(("ARCHIVE_ACCESS", 90)), "fine"),
        (check_tiering, tiered(("ARCHIVE_ACCESS", 89)), ARGUMENT),
        (check_tiering, tiered(("DEEP_ARCHIVE_ACCESS", 179)), ARGUMENT),
        (check_tiering, tiered(("ARCHIVE_ACCESS", 731)), ARGUMENT),
        (check_tiering, tiered(("ARCHIVE_ACCESS", 90), ("ARCHIVE_ACCESS", 91)), MALFORMED),
        (check_tiering, tiered(("ARCHIVE_ACCESS", 200), ("DEEP_ARCHIVE_ACCESS", 200)), ARGUMENT),
        (check_tagging, {"TagSet": [TAG]}, "fine"),
        (check_tagging, {"TagSet": [TAG, TAG]}, "InvalidTag"),
        (check_logging, {}, "fine"),
        (check_logging, {"LoggingEnabled": {"TargetBucket": "b", "TargetPrefix": "",
                                            "TargetObjectKeyFormat": {}}}, MALFORMED),
        (check_accelerate, {}, MALFORMED),
        (check_abac, {}, MALFORMED),
    ],
)  # fmt: skip
def test_other_documents(check: Check, document: Document, code: str) -> None:
    assert code_of(check, document) == code
