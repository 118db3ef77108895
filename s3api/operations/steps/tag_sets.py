"""Tag sets of buckets and objects, in documents and in x-amz-tagging.

A set is a dict of key to value. Pure functions; codes and messages are AWS's. Source: Amazon S3 User Guide,
"Categorizing your objects using tags"; "Using cost allocation S3 bucket tags".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from s3api.errors import S3Error

OBJECT_TAGS, BUCKET_TAGS = 10, 50
KEY_CHARACTERS, VALUE_CHARACTERS = 128, 256
_ODD = re.compile(r"[^\w\s+\-=.:/@]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HEADER = (
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag "
    "name duplicates."
)

_SYSTEM = "System tags cannot be added/updated by requester"
_SYSTEM_HEADER = "Your TagKey cannot be prefixed with aws:"

Tags = dict[str, str]


def object_tags(tagging: Mapping[str, Any]) -> Tags:
    """Return the tags of an object's Tagging document. Raises S3Error InvalidTag, BadRequest."""
    return _check_tags(tagging["TagSet"], OBJECT_TAGS, "Object tags cannot be greater than 10")


def bucket_tags(tags: Iterable[Mapping[str, str]]) -> Tags:
    """Return the tags of a bucket's TagSet. Raises S3Error InvalidTag, BadRequest."""
    return _check_tags(tags, BUCKET_TAGS, "Bucket tag count cannot be greater than 50")


def header_tags(text: str | None) -> Tags | None:
    """Return the tags of an x-amz-tagging header ("a=b&c"), None if it has none.

    Raises S3Error InvalidArgument, InvalidTag, BadRequest.
    """
    if not text:
        return None
    pairs = [pair.partition("=") for pair in text.split("&") if pair]
    if _BAD_ESCAPE.search(text):
        raise _bad_header(text)
    try:
        tags = [(unquote_plus(k, errors="strict"), unquote_plus(v, errors="strict")) for k, _, v in pairs]
    except UnicodeDecodeError:
        raise _bad_header(text) from None
    if len({key for key, _ in tags}) < len(tags):
        raise _bad_header(text)
    entries = ({"Key": key, "Value": value} for key, value in tags)
    tagged = _check_tags(entries, OBJECT_TAGS, "Object tags cannot be greater than 10", system=_SYSTEM_HEADER)
    return tagged or None


def tag_set(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Return a TagSet as answers have it, in the order of the keys."""
    return [{"Key": key, "Value": value} for key, value in sorted((tags or {}).items())]


def _check_tags(
    entries: Iterable[Mapping[str, str]], most: int, too_many: str, *, system: str = _SYSTEM
) -> Tags:
    tags: Tags = {}
    for entry in entries:
        key, value = entry["Key"], entry["Value"]
        if not key or _length(key) > KEY_CHARACTERS or _ODD.search(key):
            raise S3Error("InvalidTag", "The TagKey you have provided is invalid", TagKey=key)
        if _length(value) > VALUE_CHARACTERS or _ODD.search(value):
            raise S3Error(
                "InvalidTag", "The TagValue you have provided is invalid", TagKey=key, TagValue=value
            )
        if key.lower().startswith("aws:"):
            raise S3Error("InvalidTag", system, TagKey=key)
        if key in tags:
            raise S3Error("InvalidTag", "Cannot provide multiple Tags with the same key", TagKey=key)
        tags[key] = value
    if len(tags) > most:
        raise S3Error("BadRequest", too_many)
    return tags


def _length(text: str) -> int:
    """Return a length in UTF-16 code units, as AWS counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "replace")) // 2


def _bad_header(text: str) -> S3Error:
    return S3Error("InvalidArgument", _HEADER, ArgumentName="x-amz-tagging", ArgumentValue=text)
