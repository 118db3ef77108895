"""Lifecycle members of answers: when an object expires, when an upload will be aborted.

Empty, and without cost, for buckets without lifecycle rules.
"""

from __future__ import annotations

from metadata.records import NewObject, Object, Upload
from s3api.lifecycle.engine import Engine, Version
from s3api.lifecycle.rules import Rules
from s3api.operations.call import Call, Output

KIND = "Lifecycle"


def expiration(call: Call, made: NewObject | Object) -> Output:
    """Return the member Expiration (x-amz-expiration) of a current object; nothing if no rule expires it."""
    engine = _engine(call)
    if engine is None:
        return {}
    version = Version(
        key=made.key,
        version_id="",
        since_us=made.modified_us,
        size=made.size if isinstance(made, Object) else made.content.size,
        tags=made.extras.tags or {},
    )
    header = engine.expiration_header(version)
    return {} if header is None else {"Expiration": header}


def abort_date(call: Call, upload: Upload) -> Output:
    """Return AbortDate and AbortRuleId of an upload in progress, for CreateMultipartUpload and ListParts."""
    engine = _engine(call)
    found = engine.abort_date(upload.key, upload.initiated_us) if engine else None
    return {} if found is None else {"AbortDate": found[0], "AbortRuleId": found[1]}


def _engine(call: Call) -> Engine | None:
    rules = call.settings.parse(KIND, Rules.parse)
    return None if rules is None else Engine(rules, versioned=True)
