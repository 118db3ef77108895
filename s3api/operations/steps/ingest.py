"""Receive the bytes of an object or part: write them to the nodes, compute digests, verify stated ones.

    async with receive(call, inputs) as received:
        await call.metadata.objects.put(... received.content ...)

If the block fails, the chunks that were written are deleted.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NamedTuple

from chunkd import Buffer
from metadata.errors import MetadataError, MetadataUnavailable
from metadata.records import Checksum, Content
from s3api import checksums
from s3api.body import Body
from s3api.checksums import FULL_OBJECT, Algorithm
from s3api.errors import S3Error
from s3api.operations.call import Call
from s3api.operations.steps.object_encryption import Encryption
from s3api.signatures.payload import content_sha256_mismatch

DEFAULT_ALGORITHM = "CRC64NVME"


class Received(NamedTuple):
    """Bytes that are on the nodes and not yet part of an object.

    `etag`, without quotes, is the MD5, or its replacement for encrypted content.
    """

    content: Content
    etag: str
    checksum: Checksum


class receive:  # noqa: N801 - a context manager, used as a verb
    """Store `call.body`, and delete it if the block that makes it an object fails.

    `inputs`: the Integrity members of the request. `algorithm`: the checksum to compute if the client states
    none (AWS's default is CRC64NVME). `encryption`: None to store plain bytes. `body`: replaces `call.body`.
    Raises S3Error InvalidDigest, BadDigest, InvalidRequest, XAmzContentSHA256Mismatch, and what
    `BlobStore.write` raises.
    """

    def __init__(
        self,
        call: Call,
        inputs: Mapping[str, Any],
        *,
        algorithm: str | None = None,
        encryption: Encryption | None = None,
        body: Body | None = None,
    ) -> None:
        body = body or call.body
        if body is None:
            raise ValueError("an operation without a body cannot receive one")
        self._call, self._body, self._encryption = call, body, encryption
        self._digests = BodyDigests(inputs, self._body, algorithm or DEFAULT_ALGORITHM)
        self._content = Content(0)

    async def __aenter__(self) -> Received:
        encryption = self._encryption
        key = encryption.key if encryption else None
        self._content = await self._call.blobs.write(self._body, self._digests, key)
        return self._digests.result(self._content, encryption)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        # After a refusal the object does not exist, so the chunks can be deleted. If the database did not
        # answer, or at a shutdown, the transaction may have been committed: the chunks stay, and the sweep
        # deletes them later if no object uses them.
        refused = isinstance(error, (S3Error, MetadataError)) and not isinstance(error, MetadataUnavailable)
        if refused and self._content.new_blobs:
            await asyncio.shield(self._call.blobs.drop(self._content))


class BodyDigests:
    """The digests of one body, computed in one pass.

    MD5 for the ETag, the object's checksum, and SHA-256 if the signature covers the payload.
    """

    __slots__ = (
        "_algorithm",
        "_claimed",
        "_content_md5",
        "_digest",
        "_hashers",
        "_md5",
        "_sha256",
        "_sum",
        "_trailer",
    )

    def __init__(self, inputs: Mapping[str, Any], body: Body, default: str) -> None:
        self._content_md5 = _parse_content_md5(inputs.get("ContentMD5"))
        self._algorithm, self._claimed, self._trailer = _stated_checksum(inputs, body, default)
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sum = self._algorithm.new()
        self._sha256 = hashlib.sha256() if body.sha256 else None
        self._hashers = [h.update for h in (self._md5, self._sum, self._sha256) if h]
        self._digest = b""

    def update(self, data: Buffer) -> None:
        for update in self._hashers:
            update(data)

    def check(self, body: Body) -> None:
        """Compare the digests with the stated ones.

        In this order: the signature's SHA-256, Content-MD5, the checksum of header or trailer. Raises
        S3Error.
        """
        if self._sha256 and body.sha256 and not hmac.compare_digest(self._sha256.hexdigest(), body.sha256):
            raise content_sha256_mismatch(body.sha256, self._sha256.hexdigest())
        if self._content_md5 and not hmac.compare_digest(self._content_md5, self._md5.digest()):
            raise S3Error(
                "BadDigest",
                ExpectedDigest=base64.b64encode(self._content_md5).decode(),
                CalculatedDigest=base64.b64encode(self._md5.digest()).decode(),
            )
        self._digest = self._sum.digest()
        claimed = body.trailers.get(self._trailer) if self._trailer else self._claimed
        if self._trailer and claimed is None:
            raise S3Error("MalformedTrailerError")
        if claimed is not None and not checksums.matches(self._algorithm, claimed, self._digest):
            raise checksums.bad_digest(self._algorithm)

    def result(self, content: Content, encryption: Encryption | None = None) -> Received:
        """Return the digests of a verified body together with its content."""
        checksum = Checksum(self._algorithm.name, FULL_OBJECT, checksums.encode(self._digest))
        etag = encryption.etag(self._md5.digest()) if encryption else self._md5.hexdigest()
        return Received(content, etag, checksum)


def _parse_content_md5(value: str | None) -> bytes | None:
    """Return the bytes of Content-MD5. Raises S3Error InvalidDigest."""
    if value is None:
        return None
    try:
        digest = base64.b64decode(value.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        digest = b""
    if len(digest) != 16:
        raise S3Error("InvalidDigest", **{"Content-MD5": value})
    return digest


def _stated_checksum(
    inputs: Mapping[str, Any], body: Body, default: str
) -> tuple[Algorithm, str | None, str | None]:
    """Return the checksum that the client states: (algorithm, header value, trailer name).

    At most one, in a header or a trailer. x-amz-sdk-checksum-algorithm without either is refused, as on AWS.
    """
    by_member, by_header = checksums.BY_MEMBER, checksums.BY_HEADER
    headers = [(by_member[n], v) for n, v in inputs.items() if n in by_member and v is not None]
    trailers = [by_header[n] for n in body.trailer_names if n in by_header]
    if len(headers) + len(trailers) > 1:
        raise S3Error(
            "InvalidRequest",
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        )
    wanted = inputs.get("ChecksumAlgorithm")
    if headers:
        algo, value = headers[0]
        checksums.decode(algo, value)
        return algo, value, None
    if trailers:
        return trailers[0], None, trailers[0].header
    if wanted:
        checksums.algorithm(wanted)
        raise S3Error(
            "InvalidRequest",
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* "
            "or x-amz-trailer headers were found.",
        )
    return checksums.algorithm(default), None, None
