"""Groups of inputs that several operations share, as AWS's model names them."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict


class Description(TypedDict, total=False):
    """Headers, metadata and class of an object, returned unchanged when it is read."""

    CacheControl: str
    ContentDisposition: str
    ContentEncoding: str
    ContentLanguage: str
    ContentType: str
    Expires: str
    Metadata: dict[str, str]
    StorageClass: str
    WebsiteRedirectLocation: str


class Checksums(TypedDict, total=False):
    """The checksum that a client states for its body (base64)."""

    ChecksumCRC32: str
    ChecksumCRC32C: str
    ChecksumCRC64NVME: str
    ChecksumMD5: str
    ChecksumSHA1: str
    ChecksumSHA256: str
    ChecksumSHA512: str
    ChecksumXXHASH64: str
    ChecksumXXHASH3: str
    ChecksumXXHASH128: str


class Integrity(Checksums, total=False):
    """All inputs about the integrity of the body."""

    ChecksumAlgorithm: str
    ContentLength: int
    ContentMD5: str


class ReadConditions(TypedDict, total=False):
    """Conditions of a read, RFC 9110 section 13: ETags as sent (quotes, lists, "*"), times as datetime."""

    IfMatch: str
    IfNoneMatch: str
    IfModifiedSince: datetime
    IfUnmodifiedSince: datetime


class ResponseOverrides(TypedDict, total=False):
    """response-* of the query: replace headers in the answers of GetObject and HeadObject."""

    ResponseCacheControl: str
    ResponseContentDisposition: str
    ResponseContentEncoding: str
    ResponseContentLanguage: str
    ResponseContentType: str
    ResponseExpires: str


class CustomerKey(TypedDict, total=False):
    """The SSE-C key and its MD5, in base64."""

    SSECustomerAlgorithm: str
    SSECustomerKey: str
    SSECustomerKeyMD5: str


class Encrypting(CustomerKey, total=False):
    """The encryption of a new object."""

    ServerSideEncryption: str
    SSEKMSKeyId: str
    SSEKMSEncryptionContext: str
    BucketKeyEnabled: bool


class SourceCustomerKey(TypedDict, total=False):
    """The SSE-C key of a copy's source."""

    CopySourceSSECustomerAlgorithm: str
    CopySourceSSECustomerKey: str
    CopySourceSSECustomerKeyMD5: str
