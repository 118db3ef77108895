"""Verification of signatures behind a proxy that rewrites Host: tries the store's public hosts.

SigV4 signs Host, so that what was signed for one server is no use at another. A request that was signed for a
listed public endpoint was meant for this store, whatever Host its proxy put there; so where the signature
does not match for Host as it came, it is tried for each of them. The one that matches is from then on the
request's host, for whatever else goes by it: were the bucket still taken from the Host that arrived
(virtual-host style), who holds a presigned URL could choose another bucket for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from s3api.errors import S3Error
from s3api.signatures.verification import SignedRequest, VerifiedRequest

RawHeaders = list[tuple[bytes, bytes]]


class HasHost(Protocol):
    """A request with its headers as they came off the wire."""

    raw_headers: RawHeaders

    def set_host(self, host: str) -> None: ...


def verify_for_public_hosts(
    refused: S3Error,
    secret: str,
    request: HasHost,
    hosts: Sequence[str],
    read: Callable[[RawHeaders], SignedRequest | None],
) -> VerifiedRequest:
    """The proof of a request that was refused for the Host that it came with: for one of `hosts` it was
    signed, and that one it has from then on. `read` reads its signed with other headers.

    Raises `refused` where it was signed for none of them.
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
