"""All configurations of a bucket that are kept as documents and returned as they came, one row each.

A row says what the operations are called, what is checked before anything is stored, and what a bucket
answers that has no such document. Some documents are acted upon elsewhere: Lifecycle, Website, Cors, Logging,
Notification, Encryption, Tagging; the others are kept alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from s3api.operations.bucket_logging import flush_on_change
from s3api.operations.call import Call, Output
from s3api.operations.configurations.checks import Document
from s3api.operations.configurations.cors import check_cors
from s3api.operations.configurations.encryption import check_encryption
from s3api.operations.configurations.lifecycle import check_lifecycle, check_single_predicate
from s3api.operations.configurations.notification import (
    check_destinations,
    check_notification,
)
from s3api.operations.configurations.replication import check_replication, check_source_versioning
from s3api.operations.configurations.reports import (
    check_analytics,
    check_inventory,
    check_metrics,
    check_tiering,
)
from s3api.operations.configurations.small_documents import (
    check_abac,
    check_accelerate,
    check_bucket_name_without_dots,
    check_log_target,
    check_logging,
    check_payment,
    check_tagging,
)
from s3api.operations.configurations.website import check_website


@dataclass(frozen=True, slots=True)
class Configuration:
    """One kind of document.

    `kind`: under which it is kept. `noun`: of the operations' names (get_bucket_<noun>). `member`: the
    input that is the document. `check`: the document as it is to be kept; raises S3Error. `guard`: what
    is checked beyond the document. `before`: what is done before it counts, and told in the answer.
    `missing`: the code where there is none; None where an empty bucket has a `default`. `wrapped`: the
    answer has the document as one member, not its members. `delete`: the noun of the delete, "" where
    there is none (putting an empty document does it). `many`: a bucket has many, each with an id.
    `empty`: the document that takes the kept one away; `moot`: one that changes nothing where none is
    kept. `extras`: headers that are kept beside the document, with what they are where nobody said.
    `unguarded`: the input that leaves the guard out. `kept_only`: nothing is done as the document says.
    """

    kind: str
    noun: str
    member: str
    check: Callable[[Document], Document]
    missing: str | None = None
    default: Document | None = None
    guard: Callable[[Call, Document], Awaitable[None]] | None = None
    wrapped: bool = False
    delete: str | None = None
    many: bool = False
    empty: Document | None = None
    moot: Document | None = None
    extras: dict[str, str] = field(default_factory=dict)
    before: Callable[[Call, Document], Awaitable[Output]] | None = None
    unguarded: str = ""
    kept_only: bool = False


def _report(kind: str, check: Callable[[Document], Document]) -> Configuration:
    noun = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind).lstrip("_")
    return Configuration(
        kind,
        f"{noun}_configuration",
        f"{kind}Configuration",
        check,
        "NoSuchConfiguration",
        wrapped=True,
        many=True,
        kept_only=True,
    )


TABLE: tuple[Configuration, ...] = (
    Configuration("Cors", "cors", "CORSConfiguration", check_cors, "NoSuchCORSConfiguration"),
    Configuration(
        "Lifecycle",
        "lifecycle_configuration",
        "LifecycleConfiguration",
        check_lifecycle,
        "NoSuchLifecycleConfiguration",
        guard=check_single_predicate,
        delete="lifecycle",
        extras={"TransitionDefaultMinimumObjectSize": "all_storage_classes_128K"},
    ),
    Configuration("Website", "website", "WebsiteConfiguration", check_website, "NoSuchWebsiteConfiguration"),
    Configuration("Tagging", "tagging", "Tagging", check_tagging, "NoSuchTagSet", empty={"TagSet": []}),
    Configuration(
        "Encryption",
        "encryption",
        "ServerSideEncryptionConfiguration",
        check_encryption,
        "ServerSideEncryptionConfigurationNotFoundError",
        wrapped=True,
    ),
    Configuration(
        "Replication",
        "replication",
        "ReplicationConfiguration",
        check_replication,
        "ReplicationConfigurationNotFoundError",
        guard=check_source_versioning,
        wrapped=True,
        kept_only=True,
    ),
    Configuration(
        "Logging",
        "logging",
        "BucketLoggingStatus",
        check_logging,
        default={},
        guard=check_log_target,
        before=flush_on_change,
        delete="",
        empty={},
    ),
    Configuration(
        "Notification",
        "notification_configuration",
        "NotificationConfiguration",
        check_notification,
        default={},
        guard=check_destinations,
        unguarded="SkipDestinationValidation",
        delete="",
        empty={},
    ),
    Configuration(
        "RequestPayment",
        "request_payment",
        "RequestPaymentConfiguration",
        check_payment,
        default={"Payer": "BucketOwner"},
        delete="",
        kept_only=True,
    ),
    Configuration(
        "Accelerate",
        "accelerate_configuration",
        "AccelerateConfiguration",
        check_accelerate,
        default={},
        guard=check_bucket_name_without_dots,
        delete="",
        moot={"Status": "Suspended"},
        kept_only=True,
    ),
    Configuration(
        "Abac",
        "abac",
        "AbacStatus",
        check_abac,
        default={"Status": "Disabled"},
        wrapped=True,
        delete="",
        kept_only=True,
    ),
    _report("Analytics", check_analytics),
    _report("Inventory", check_inventory),
    _report("Metrics", check_metrics),
    _report("IntelligentTiering", check_tiering),
)
