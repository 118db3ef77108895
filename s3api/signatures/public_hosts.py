"""Verification of signatures behind a proxy that rewrites Host: tries the store's public hosts.

SigV4 signs Host, so a signature for one server is invalid at another. A request signed for a listed public
host was meant for this store, whatever Host its proxy set. So if the signature does not match with the Host
that arrived, it is verified with each public host. The one that matches replaces the request's host. This is
required for security: if the bucket were taken from the Host that arrived (virtual-host style), the holder of
a presigned URL could choose another bucket.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from s3api.errors import S3Error
from s3api.signatures.verification import SignedRequest, VerifiedRequest

RawHeaders = list[tuple[bytes, bytes]]


class HasHost(Protocol):
    """A request with its headers as received."""

    raw_headers: RawHeaders

    def set_host(self, host: str) -> None: ...


def verify_for_public_hosts(
    refused: S3Error,
    secret: str,
    request: HasHost,
    hosts: Sequence[str],
    read: Callable[[RawHeaders], SignedRequest | None],
) -> VerifiedRequest:
    """Verify a refused request with each of `hosts`, and set its host to the one that matches.

    `refused`: the error with the Host that arrived. `read`: parses the signature with other headers. Raises
    `refused` if the signature matches for no host.
    """
    if refused.code != "SignatureDoesNotMatch":
        raise refused
    others = [(name, value) for name, value in request.raw_headers if name.lower() != b"host"]
    for host in hosts:
        signed = read([(b"host", host.encode("latin-1")), *others])
        if signed is None:
            break
        try:
            verified = signed.verify(secret)
        except S3Error as again:
            if again.code != "SignatureDoesNotMatch":
                raise
        else:
            request.set_host(host)
            return verified
    raise refused
