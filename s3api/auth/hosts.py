"""Signatures that were made for another Host than the one that arrived: a proxy may rewrite it.

SigV4 signs Host, so that what was signed for one server is no use at another. A request that was signed for a
listed public endpoint was meant for this store, whatever Host its proxy put there; so where the signature
does not match for Host as it came, it is tried for each of them. The one that matches is from then on the
request's host, for whatever else goes by it: were the bucket still taken from the Host that arrived
(virtual-host style), who holds a presigned URL could choose another bucket for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from s3api.auth.claim import Verified, read_claim
from s3api.errors import S3Error


class Signed(Protocol):
    """A request as it came off the wire."""

    method: str
    raw_path: bytes
    raw_query: bytes
    raw_headers: list[tuple[bytes, bytes]]


def verify_for_hosts(
    hosts: Sequence[str], secret: str, request: Signed, now_us: int
) -> tuple[Verified, str] | None:
    """The proof, and the host for which the request was signed; None where it was for none of `hosts`."""
    others = [(name, value) for name, value in request.raw_headers if name.lower() != b"host"]
    for host in hosts:
        fields = [(b"host", host.encode("latin-1")), *others]
        claim = read_claim(request.method, request.raw_path, request.raw_query, fields, now_us)
        if claim is None:
            return None
        try:
            return claim.verify(secret), host
        except S3Error as refused:
            if refused.code != "SignatureDoesNotMatch":
                raise
    return None
