"""Render an S3Error: S3's <Error> document and its headers."""

from __future__ import annotations

import re

from s3api.errors import S3Error
from s3api.wire.error_codes import ERRORS
from s3api.wire.reply import DECLARATION, Headers, Reply
from s3api.wire.scalars import escape

# Details that are headers of the answer instead of elements of its document.
# (ETag, CacheControl and Expires are headers of a 304 only. In a document, ETag is that of the refused part,
# and Expires is when the request expired.)
HEADER_DETAILS = {
    "Allow": b"allow",
    "BucketRegion": b"x-amz-bucket-region",
    "ContentRange": b"content-range",
    "DeleteMarker": b"x-amz-delete-marker",
    "LastModified": b"last-modified",
    "Location": b"location",
    "RetryAfter": b"retry-after",
    "VersionId": b"x-amz-version-id",
}
NOT_MODIFIED_DETAILS = HEADER_DETAILS | {
    "ETag": b"etag",
    "CacheControl": b"cache-control",
    "Expires": b"expires",
}
_replace_control = re.compile(rb"[\x00-\x1f\x7f]").sub
# XML 1.0 documents cannot contain these, not even as references. Errors repeat what the client sent.
_replace_unprintable = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]").sub
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Seconds after which a client should retry.
RETRY_AFTER = {"InsufficientCapacity": b"5", "ServiceUnavailable": b"2", "SlowDown": b"1"}


def error_reply(error: S3Error, *, resource: str, request_id: str, host_id: str = "sixfold") -> Reply:
    """Render an error as S3's <Error> document; a 304 has headers only.

    `resource`: the path as the client sent it. Raises KeyError for a code that is not in `ERRORS`. The caller
    drops the body if it answers HEAD.
    """
    status, message = ERRORS[error.code]
    headers: Headers = []
    fields = {"Code": error.code, "Message": error.message or message}
    header_names = NOT_MODIFIED_DETAILS if status == 304 else HEADER_DETAILS
    for name, value in error.details.items():
        # x-amz-version-id would name a version that exists; the missing one is in the document.
        if (wire := header_names.get(name)) and error.code != "NoSuchVersion":
            headers.append((wire, _replace_control(b"", value.encode("utf-8", "replace"))))
        else:
            fields[name] = value
    if error.code in RETRY_AFTER and "RetryAfter" not in error.details:
        headers.append((b"retry-after", RETRY_AFTER[error.code]))
    if error.code == "InvalidRange" and (size := error.details.get("ActualObjectSize")):
        headers.append((b"content-range", f"bytes */{size}".encode()))
    if status == 304:
        return Reply(status, headers)
    fields |= {"Resource": resource, "RequestId": request_id, "HostId": host_id}
    elements = "".join(
        f"<{name}>{escape(_replace_unprintable(REPLACEMENT, str(value)))}</{name}>"
        for name, value in fields.items()
    )
    body = f"{DECLARATION}<Error>{elements}</Error>".encode("utf-8", "replace")
    headers += [(b"content-type", b"application/xml"), (b"content-length", b"%d" % len(body))]
    return Reply(status, headers, body)
