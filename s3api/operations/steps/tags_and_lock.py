"""Tags and lock of a new version, from the request and the bucket's defaults.

Most requests state neither and most buckets have no defaults: that case costs two lookups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypedDict

from metadata.records import NO_EXTRAS, Extras
from s3api.body import Body
from s3api.checksums import BY_HEADER, BY_MEMBER
from s3api.errors import S3Error
from s3api.operations.call import Call
from s3api.operations.steps.retention import default_lock, lock_of_new_version
from s3api.operations.steps.tag_sets import header_tags

LOCK = "ObjectLock"
"""The kind of a bucket's lock configuration in `call.settings`."""
LOCK_INPUTS = frozenset({"ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus"})
_INPUTS = LOCK_INPUTS | {"Tagging"}


class TagsAndLockInputs(TypedDict, total=False):
    """Inputs that state tags and lock of a new version."""

    Tagging: str
    ObjectLockMode: str
    ObjectLockRetainUntilDate: datetime
    ObjectLockLegalHoldStatus: str


def parse_tags_and_lock(call: Call, inputs: Mapping[str, Any]) -> Extras:
    """Return the extras of a version that is made now.

    Raises S3Error InvalidTag, InvalidArgument, InvalidRequest.
    """
    if not call.settings and _INPUTS.isdisjoint(inputs):
        return NO_EXTRAS
    lock = lock_of_new_version(inputs, call.settings.get(LOCK), call.now_us)
    tags = header_tags(inputs.get("Tagging"))
    return NO_EXTRAS if lock is None and tags is None else Extras(tags=tags, lock=lock)


def parse_upload_tags_and_lock(call: Call, inputs: Mapping[str, Any]) -> Extras:
    """Return the extras that an upload stores for its object.

    Without the bucket's default retention, which counts from completion: see `add_default_retention`.
    """
    if _INPUTS.isdisjoint(inputs):
        return NO_EXTRAS
    bucket_lock = call.settings.get(LOCK)
    without_default = bucket_lock and {name: bucket_lock[name] for name in bucket_lock if name != "Rule"}
    lock = lock_of_new_version(inputs, without_default, call.now_us)
    return Extras(tags=header_tags(inputs.get("Tagging")), lock=lock)


def add_default_retention(call: Call, extras: Extras) -> Extras:
    """Return an upload's extras at its completion, with the bucket's default retention."""
    if not call.settings or (extras.lock and extras.lock.until_us is not None):
        return extras
    default = default_lock(call.settings.get(LOCK), call.now_us)
    if default is None:
        return extras
    return replace(extras, lock=replace(default, hold=extras.lock.hold if extras.lock else None))


def check_lock_digest(inputs: Mapping[str, Any], body: Body | None) -> None:
    """Require a digest of a body that is to be locked, since damaged bytes could not be deleted.

    Raises S3Error InvalidRequest.
    """
    if LOCK_INPUTS.isdisjoint(inputs):
        return
    stated = inputs.keys() & (BY_MEMBER.keys() | {"ContentMD5"})
    trailers = body.trailer_names if body else ()
    if not stated and BY_HEADER.keys().isdisjoint(trailers):
        raise S3Error(
            "InvalidRequest",
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock "
            "parameters",
        )
