"""A valid document of each bucket configuration, and the calls of its operations."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from compat_tests.support import S3

Document = dict[str, Any]
ARN = "arn:aws:s3:::compat-target"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of bucket configuration.

    `many`: a bucket has several documents of this kind, each with an id. `code`: the error if a bucket has
    none; "" if the answer is then `default`. `headers`: members of the answer that are not in the document.
    """

    noun: str
    member: str
    document: Document
    code: str = ""
    default: Document = field(default_factory=dict)
    wrapped: bool = False
    many: bool = False
    deleted: str = ""
    headers: tuple[str, ...] = ()

    def put(self, s3: S3, bucket: str, document: Document | None = None, **more: Any) -> Document:
        answer: Document = getattr(s3, f"put_bucket_{self.noun}")(
            Bucket=bucket, **{self.member: self.document if document is None else document}, **self.ids(more)
        )
        return answer

    def get(self, s3: S3, bucket: str, **more: Any) -> Document:
        """The stored document, as the Get operation answers it."""
        answer = getattr(s3, f"get_bucket_{self.noun}")(Bucket=bucket, **self.ids(more))
        for name in ("ResponseMetadata", *self.headers):
            answer.pop(name)
        found: Document = answer[self.member] if self.wrapped else answer
        return found

    def delete(self, s3: S3, bucket: str, **more: Any) -> Document:
        name = self.deleted or f"delete_bucket_{self.noun}"
        answer: Document = getattr(s3, name)(Bucket=bucket, **self.ids(more))
        return answer

    def page(self, s3: S3, bucket: str, **more: Any) -> Document:
        answer: Document = getattr(s3, f"list_bucket_{self.noun}s")(Bucket=bucket, **more)
        return answer

    def ids(self, more: dict[str, Any]) -> dict[str, Any]:
        return {"Id": self.document["Id"], **more} if self.many else more

    def with_id(self, id_: str) -> Document:
        return {**self.document, "Id": id_}


CORS = Kind(
    "cors",
    "CORSConfiguration",
    {
        "CORSRules": [
            {
                "ID": "first",
                "AllowedHeaders": ["*"],
                "AllowedMethods": ["GET", "PUT"],
                "AllowedOrigins": ["http://*.example.com"],
                "ExposeHeaders": ["ETag", "x-amz-request-id"],
                "MaxAgeSeconds": 3000,
            },
            {"AllowedMethods": ["HEAD"], "AllowedOrigins": ["*"]},
        ]
    },
    "NoSuchCORSConfiguration",
)
LIFECYCLE = Kind(
    "lifecycle_configuration",
    "LifecycleConfiguration",
    {
        "Rules": [
            {
                "ID": "old",
                "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "a", "Value": "b"}]}},
                "Status": "Enabled",
                "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}],
                "Expiration": {"Days": 365},
            },
            {
                "ID": "versions",
                "Filter": {"ObjectSizeGreaterThan": 1000},
                "Status": "Disabled",
                "NoncurrentVersionExpiration": {"NoncurrentDays": 9, "NewerNoncurrentVersions": 3},
            },
            {
                "ID": "rests",
                "Filter": {"Prefix": ""},
                "Status": "Enabled",
                "Expiration": {"ExpiredObjectDeleteMarker": True},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
            },
        ]
    },
    "NoSuchLifecycleConfiguration",
    deleted="delete_bucket_lifecycle",
    headers=("TransitionDefaultMinimumObjectSize",),
)
WEBSITE = Kind(
    "website",
    "WebsiteConfiguration",
    {
        "IndexDocument": {"Suffix": "index.html"},
        "ErrorDocument": {"Key": "errors/404.html"},
        "RoutingRules": [
            {
                "Condition": {"KeyPrefixEquals": "docs/", "HttpErrorCodeReturnedEquals": "404"},
                "Redirect": {"ReplaceKeyPrefixWith": "documents/", "HttpRedirectCode": "302"},
            }
        ],
    },
    "NoSuchWebsiteConfiguration",
)
TAGGING = Kind(
    "tagging",
    "Tagging",
    {"TagSet": [{"Key": "team", "Value": "blue"}, {"Key": "cost centre", "Value": ""}]},
    "NoSuchTagSet",
)
ENCRYPTION = Kind(
    "encryption",
    "ServerSideEncryptionConfiguration",
    {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}]},
    "ServerSideEncryptionConfigurationNotFoundError",
    wrapped=True,
)
REPLICATION = Kind(
    "replication",
    "ReplicationConfiguration",
    {
        "Role": "arn:aws:iam::123456789012:role/replication",
        "Rules": [
            {
                "ID": "all",
                "Priority": 1,
                "Filter": {"Prefix": "a"},
                "Status": "Enabled",
                "Destination": {"Bucket": ARN, "StorageClass": "STANDARD_IA"},
                "DeleteMarkerReplication": {"Status": "Disabled"},
            }
        ],
    },
    "ReplicationConfigurationNotFoundError",
    wrapped=True,
)
LOGGING = Kind("logging", "BucketLoggingStatus", {})
NOTIFICATION = Kind(
    "notification_configuration", "NotificationConfiguration", {"EventBridgeConfiguration": {}}
)
PAYMENT = Kind(
    "request_payment",
    "RequestPaymentConfiguration",
    {"Payer": "Requester"},
    default={"Payer": "BucketOwner"},
)
ACCELERATE = Kind("accelerate_configuration", "AccelerateConfiguration", {"Status": "Enabled"})
ABAC = Kind("abac", "AbacStatus", {"Status": "Enabled"}, default={"Status": "Disabled"}, wrapped=True)
ANALYTICS = Kind(
    "analytics_configuration",
    "AnalyticsConfiguration",
    {
        "Id": "documents",
        "Filter": {"And": {"Prefix": "docs/", "Tags": [{"Key": "a", "Value": "b"}]}},
        "StorageClassAnalysis": {
            "DataExport": {
                "OutputSchemaVersion": "V_1",
                "Destination": {"S3BucketDestination": {"Format": "CSV", "Bucket": ARN, "Prefix": "x"}},
            }
        },
    },
    "NoSuchConfiguration",
    wrapped=True,
    many=True,
)
INVENTORY = Kind(
    "inventory_configuration",
    "InventoryConfiguration",
    {
        "Id": "weekly",
        "IsEnabled": True,
        "Filter": {"Prefix": "a"},
        "IncludedObjectVersions": "Current",
        "OptionalFields": ["Size", "ETag"],
        "Schedule": {"Frequency": "Weekly"},
        "Destination": {
            "S3BucketDestination": {"Bucket": ARN, "Format": "Parquet", "Encryption": {"SSES3": {}}}
        },
    },
    "NoSuchConfiguration",
    wrapped=True,
    many=True,
)
METRICS = Kind(
    "metrics_configuration",
    "MetricsConfiguration",
    {"Id": "pictures", "Filter": {"Tag": {"Key": "kind", "Value": "picture"}}},
    "NoSuchConfiguration",
    wrapped=True,
    many=True,
)
TIERING = Kind(
    "intelligent_tiering_configuration",
    "IntelligentTieringConfiguration",
    {
        "Id": "archive",
        "Filter": {"Prefix": "old/"},
        "Status": "Enabled",
        "Tierings": [
            {"Days": 90, "AccessTier": "ARCHIVE_ACCESS"},
            {"Days": 180, "AccessTier": "DEEP_ARCHIVE_ACCESS"},
        ],
    },
    "NoSuchConfiguration",
    wrapped=True,
    many=True,
)


def allow_log_delivery(s3: S3, source: str, target: str) -> None:
    """Put the bucket policy that AWS documents for a target bucket of access logs."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{target}/log/*",
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{source}"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=target, Policy=json.dumps(policy))
