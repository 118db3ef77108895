"""The answer to a request that failed: S3's <Error> document and the headers that go with it."""

from __future__ import annotations

import re

from s3api.errors import S3Error
from s3api.wire.error_codes import ERRORS
from s3api.wire.reply import DECLARATION, Headers, Reply
from s3api.wire.scalars import escape

# Details that travel as headers of the answer instead of elements of its document.
# (An ETag and what says how long to keep an answer are a 304's headers; in a document, ETag names the part
# that was refused, and Expires says when the request did.)
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
_control = re.compile(rb"[\x00-\x1f\x7f]").sub
# No XML 1.0 document can have these, not even by reference; what a client sent comes back in errors.
_unprintable = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]").sub
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Seconds after which a client may find things better.
RETRY_AFTER = {"InsufficientCapacity": b"5", "ServiceUnavailable": b"2", "SlowDown": b"1"}


def error_reply(error: S3Error, *, resource: str, request_id: str, host_id: str = "sixfold") -> Reply:
    """The answer for an error: S3's <Error> document, but for a 304, which has headers alone.

    `resource`: the path as the client sent it. Raises KeyError for a code that S3 does not have: a mistake of
    ours. The sender leaves the body of an answer to HEAD away.
    """
    status, message = ERRORS[error.code]
    headers: Headers = []
    fields = {"Code": error.code, "Message": error.message or message}
    travelling = NOT_MODIFIED_DETAILS if status == 304 else HEADER_DETAILS
    for name, value in error.details.items():
        # The version that is not there is told in the document; a header would be of one that is.
        if (wire := travelling.get(name)) and error.code != "NoSuchVersion":
            headers.append((wire, _control(b"", value.encode("utf-8", "replace"))))
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
        f"<{name}>{escape(_unprintable(REPLACEMENT, str(value)))}</{name}>" for name, value in fields.items()
    )
    body = f"{DECLARATION}<Error>{elements}</Error>".encode("utf-8", "replace")
    headers += [(b"content-type", b"application/xml"), (b"content-length", b"%d" % len(body))]
    return Reply(status, headers, body)
