"""Headers and user metadata of an object: checked when it is written, returned when it is read."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from metadata.records import NO_EXTRAS, NULL_VERSION, Checksum, Object, Properties
from s3api.errors import S3Error
from s3api.operations.call import Output
from s3api.operations.steps.inputs import Description
from s3api.operations.steps.retention import lock_members

DEFAULT_TYPE = "binary/octet-stream"
METADATA_BYTES = 2048
HEADER_BYTES = 8192
REDIRECT_BYTES = 2048
# AWS's classes for general purpose buckets. A class is only a label: all objects are stored in the same way.
STORAGE_CLASSES = frozenset(
    {
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "GLACIER_IR",
        "DEEP_ARCHIVE",
    }
)
_HEADERS = (
    "ContentType",
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "Expires",
    "WebsiteRedirectLocation",
)
_DESCRIBING = frozenset({*_HEADERS, "Metadata", "StorageClass"})
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def object_members(object: Object, *, checksum_mode: str | None = None) -> Output:
    """Return the output members of GetObject and HeadObject that come from the object's record.

    ContentLength is the size of the whole object.
    """
    properties = object.properties
    out: Output = {
        "AcceptRanges": "bytes",
        "LastModified": object.modified_us,
        "ContentLength": object.size,
        "ETag": f'"{object.etag}"',
        "ContentType": DEFAULT_TYPE,
        **properties.headers,
        "Metadata": {name: _mail_safe(value) for name, value in properties.metadata.items()},
    }
    if object.extras is not NO_EXTRAS:
        out["TagCount"] = len(object.extras.tags) if object.extras.tags else None
        out |= lock_members(object.extras.lock)
    if object.versioned:
        out["VersionId"] = object.version_id
    if properties.storage_class != "STANDARD":
        out["StorageClass"] = properties.storage_class
    if checksum_mode and checksum_mode.upper() == "ENABLED":
        out |= checksum_members(object.checksum)
    return out


def _mail_safe(value: str) -> str:
    """Encode non-ASCII metadata as S3 returns it: an RFC 2047 encoded-word, as headers have no charset."""
    if value.isascii():
        return value
    return f"=?UTF-8?B?{base64.b64encode(value.encode()).decode()}?="


def version_id_member(version_id: str | None) -> str | None:
    """Return the VersionId member of a write's answer: AWS omits the version "null"."""
    return None if version_id == NULL_VERSION else version_id


def checksum_members(checksum: Checksum | None) -> Output:
    """Return ChecksumX and ChecksumType; nothing for an object without a checksum."""
    if checksum is None:
        return {}
    return {f"Checksum{checksum.algorithm}": checksum.value, "ChecksumType": checksum.type}


def parse_properties(more: Description) -> Properties:
    """Return the headers, user metadata and storage class that a request states; other inputs are ignored.

    Raises S3Error MetadataTooLarge, RequestHeaderSectionTooLarge, InvalidStorageClass,
    InvalidRedirectLocation, InvalidArgument.
    """
    if _DESCRIBING.isdisjoint(more):
        return Properties()
    given: Mapping[str, Any] = more
    headers = {name: value for name in _HEADERS if (value := given.get(name))}
    if "ContentEncoding" in headers:
        _drop_aws_chunked(headers)
    metadata = more.get("Metadata") or {}
    _check_sizes(headers, metadata)
    if location := headers.get("WebsiteRedirectLocation"):
        _check_redirect(location)
    return Properties(headers, metadata, check_storage_class(more.get("StorageClass")))


def check_storage_class(name: str | None) -> str:
    """Return the storage class, STANDARD by default. Raises S3Error InvalidStorageClass."""
    if not name:
        return "STANDARD"
    if name not in STORAGE_CLASSES:
        raise S3Error("InvalidStorageClass", StorageClassRequested=name)
    return name


def _drop_aws_chunked(headers: dict[str, Any]) -> None:
    """Remove aws-chunked from Content-Encoding, as AWS does.

    It encodes the body in transfer, not the object.
    """
    codings = [coding.strip() for coding in headers["ContentEncoding"].split(",")]
    kept = [coding for coding in codings if coding and coding.lower() != "aws-chunked"]
    if len(kept) == len(codings):
        return
    headers.pop("ContentEncoding")
    if kept:
        headers["ContentEncoding"] = ",".join(kept)


def _check_sizes(headers: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
    """Check AWS's limits: user metadata up to 2 KB, names and values in UTF-8; all headers up to 8 KB.

    AWS, "Working with object metadata". Raises S3Error.
    """
    text = "".join([*metadata, *metadata.values()])
    size = len(text.encode())
    if size > METADATA_BYTES:
        raise S3Error("MetadataTooLarge", Size=str(size), MaxSizeAllowed=str(METADATA_BYTES))
    system = "".join(headers.values())
    if size + len(system.encode()) > HEADER_BYTES:
        raise S3Error("RequestHeaderSectionTooLarge", MaxSizeAllowed=str(HEADER_BYTES))
    if _CONTROL.search(text) or _CONTROL.search(system):
        raise S3Error(
            "InvalidArgument", "Header values may not hold control characters.", ArgumentName="metadata"
        )


def _check_redirect(location: str) -> None:
    if not location.startswith(("/", "http://", "https://")):
        raise S3Error(
            "InvalidRedirectLocation",
            "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
        )
    if len(location.encode()) > REDIRECT_BYTES:
        raise S3Error(
            "InvalidRedirectLocation",
            f"The length of website redirect location cannot exceed {REDIRECT_BYTES:,} characters.",
        )
