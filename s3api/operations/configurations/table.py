"""The bucket configurations that are stored as one document each: one row per kind.

To add one:

1. Write `check_<kind>(document)` in a module of this folder. It returns the document to store, and raises
   S3Error for what AWS refuses beyond its schema (the XML reader has checked names, types and enumerations).
2. Add a row to TABLE. The put, get and delete operations follow from it (`__init__.py`); most rows state only
   what differs from the defaults of `Configuration`.
3. Add the IAM actions to `s3api/access/actions.py`, and the compat tests (`compat_tests/test_put_bucket_*.py`
   and so on). `tests/operations/test_operations.py` names whatever is missing.

Other code reads a document with `call.settings.get(kind)`, or `.parse(kind, parser)`: that is how Lifecycle,
Website, Cors, Logging, Notification and Encryption take effect. Kinds marked `stored_only` have no effect.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from s3api.operations.bucket_logging import flush_on_change
from s3api.operations.call import Call, Output
from s3api.operations.configurations.checks import Document
from s3api.operations.configurations.cors import check_cors
from s3api.operations.configurations.encryption import check_encryption
from s3api.operations.configurations.lifecycle import check_lifecycle, check_single_predicate
from s3api.operations.configurations.notification import check_destinations, check_notification
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

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Configuration:
    """One kind of document: names of its operations, checks, and answers.

    Names:
    `kind`: the key under which it is stored.
    `noun`: of the operations (get_bucket_<noun>); default: the kind in snake case.
    `member`: the input that is the document; default: <kind>Configuration.
    `delete_noun`: of the delete operation; default: `noun`. `deletable`: False if there is none.
    `multiple`: a bucket may have several, each with an Id; adds a list operation.

    Put:
    `check`: returns the document to store; raises S3Error.
    `check_request`: further checks that need the call, unless the input `skip_check` is true.
    `before_put`: runs before the new document counts, and returns members of the answer.
    `empty_document`: a put of it deletes the stored document.
    `no_op_document`: a put of it does nothing if no document is stored.
    `headers`: inputs stored beside the document, with their defaults.

    Get:
    `missing`: error code without a document; default: NoSuch<member>.
    `default`: the answer without a document, instead of an error.
    `nested`: the answer has the document as one member, `member`; else its members are the answer.

    `stored_only`: the document has no effect; the support table of docs/s3.md says so.
    """

    kind: str
    check: Callable[[Document], Document]
    noun: str = ""
    member: str = ""
    delete_noun: str = ""
    deletable: bool = True
    multiple: bool = False
    check_request: Callable[[Call, Document], Awaitable[None]] | None = None
    skip_check: str = ""
    before_put: Callable[[Call, Document], Awaitable[Output]] | None = None
    empty_document: Document | None = None
    no_op_document: Document | None = None
    headers: dict[str, str] = field(default_factory=dict)
    missing: str = ""
    default: Document | None = None
    nested: bool = False
    stored_only: bool = False

    def __post_init__(self) -> None:
        fill = partial(object.__setattr__, self)
        fill("noun", self.noun or _WORD.sub("_", self.kind).lower())
        fill("member", self.member or f"{self.kind}Configuration")
        fill("delete_noun", self.delete_noun or self.noun)
        fill("missing", self.missing or f"NoSuch{self.member}")


def _report(kind: str, check: Callable[[Document], Document]) -> Configuration:
    return Configuration(
        kind,
        check,
        noun=f"{_WORD.sub('_', kind).lower()}_configuration",
        multiple=True,
        missing="NoSuchConfiguration",
        nested=True,
        stored_only=True,
    )


TABLE: tuple[Configuration, ...] = (
    Configuration("Cors", check_cors, member="CORSConfiguration"),
    Configuration(
        "Lifecycle",
        check_lifecycle,
        noun="lifecycle_configuration",
        delete_noun="lifecycle",
        check_request=check_single_predicate,
        headers={"TransitionDefaultMinimumObjectSize": "all_storage_classes_128K"},
    ),
    Configuration("Website", check_website),
    Configuration(
        "Tagging", check_tagging, member="Tagging", missing="NoSuchTagSet", empty_document={"TagSet": []}
    ),
    Configuration(
        "Encryption",
        check_encryption,
        member="ServerSideEncryptionConfiguration",
        missing="ServerSideEncryptionConfigurationNotFoundError",
        nested=True,
    ),
    Configuration(
        "Replication",
        check_replication,
        check_request=check_source_versioning,
        missing="ReplicationConfigurationNotFoundError",
        nested=True,
        stored_only=True,
    ),
    Configuration(
        "Logging",
        check_logging,
        member="BucketLoggingStatus",
        deletable=False,
        check_request=check_log_target,
        before_put=flush_on_change,
        empty_document={},
        default={},
    ),
    Configuration(
        "Notification",
        check_notification,
        noun="notification_configuration",
        deletable=False,
        check_request=check_destinations,
        skip_check="SkipDestinationValidation",
        empty_document={},
        default={},
    ),
    Configuration(
        "RequestPayment",
        check_payment,
        deletable=False,
        default={"Payer": "BucketOwner"},
        stored_only=True,
    ),
    Configuration(
        "Accelerate",
        check_accelerate,
        noun="accelerate_configuration",
        deletable=False,
        check_request=check_bucket_name_without_dots,
        no_op_document={"Status": "Suspended"},
        default={},
        stored_only=True,
    ),
    Configuration(
        "Abac",
        check_abac,
        member="AbacStatus",
        deletable=False,
        default={"Status": "Disabled"},
        nested=True,
        stored_only=True,
    ),
    _report("Analytics", check_analytics),
    _report("Inventory", check_inventory),
    _report("Metrics", check_metrics),
    _report("IntelligentTiering", check_tiering),
)
