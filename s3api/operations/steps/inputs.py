"""Groups of inputs that several operations share, as AWS's model names them."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict


class Description(TypedDict, total=False):
    """What a client says about an object and gets back unchanged."""

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
    """A checksum of the object's bytes that the client states (base64)."""

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
    """All that a client may say about the integrity of the body that it sends."""

    ChecksumAlgorithm: str
    ContentLength: int
    ContentMD5: str


class ReadConditions(TypedDict, total=False):
    """RFC 9110 section 13: ETags as sent (with quotes, lists, "*"); times as datetime."""

    IfMatch: str
    IfNoneMatch: str
    IfModifiedSince: datetime
    IfUnmodifiedSince: datetime


class ResponseOverrides(TypedDict, total=False):
    """response-* of the query: what GetObject and HeadObject say instead of the object's own headers."""

    ResponseCacheControl: str
    ResponseContentDisposition: str
    ResponseContentEncoding: str
    ResponseContentLanguage: str
    ResponseContentType: str
    ResponseExpires: str


class CustomerKey(TypedDict, total=False):
    """SSE-C: the customer's own key, base64, and its MD5."""

    SSECustomerAlgorithm: str
    SSECustomerKey: str
    SSECustomerKeyMD5: str


class Encrypting(CustomerKey, total=False):
    """How a new object is to be encrypted."""

    ServerSideEncryption: str
    SSEKMSKeyId: str
    SSEKMSEncryptionContext: str
    BucketKeyEnabled: bool


class SourceCustomerKey(TypedDict, total=False):
    """SSE-C: the key of a copy's source."""

    CopySourceSSECustomerAlgorithm: str
    CopySourceSSECustomerKey: str
    CopySourceSSECustomerKeyMD5: str
