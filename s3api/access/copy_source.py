"""The headers that name the source of a copy or a rename: what the operation reads is what is authorized."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote_plus

from s3api.errors import S3Error

_VERSION = re.compile(r"\?versionId=([^\s&]*)$")


class CopySource(NamedTuple):
    """The object that a copy reads. `version_id`: as the client wrote it, None for the current version."""

    bucket: str
    key: str
    version_id: str | None


def parse_copy_source(header: str) -> CopySource:
    """Parse x-amz-copy-source: "bucket/key" or "/bucket/key", URL-encoded, with an optional "?versionId=...".

    Raises S3Error InvalidArgument, NotImplemented (access points).
    """
    if header.startswith("arn:"):
        raise S3Error("NotImplemented", "Copying from access points is not implemented.")
    version_id = None
    if version := _VERSION.search(header):
        version_id = version[1]
        header = header[: version.start()]
    try:
        path = unquote_plus(header, errors="strict")
    except UnicodeDecodeError:
        raise _bad_source("Invalid copy source encoding") from None
    bucket, slash, key = path.removeprefix("/").partition("/")
    if not (bucket and slash and key):
        raise _bad_source("Invalid copy source object key")
    return CopySource(bucket, key, version_id)


def parse_rename_source(header: str) -> str:
    """Parse x-amz-rename-source, the URL-encoded key of the object. Raises S3Error InvalidArgument."""
    try:
        key = unquote_plus(header, errors="strict")
    except UnicodeDecodeError:
        key = ""
    if not key:
        raise S3Error("InvalidArgument", None, ArgumentName="x-amz-rename-source", ArgumentValue=header)
    return key


def _bad_source(message: str) -> S3Error:
    return S3Error(
        "InvalidArgument", message, ArgumentName="x-amz-copy-source", ArgumentValue="x-amz-copy-source"
    )
