"""The facts of one S3 request that policies, operations and logs may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class RequestContext:
    """One request as the gateway has read it, without its body and its caller. Not changed after it is made.

    `operation`: as AWS's model names it, or PostObject. `bucket`: the one that the request names, None for
    the service itself. `headers`: by lower-case name. `query`: decoded. `now_us`: when the request arrived.
    `source_ip`: of the client, None where it is unknown. `secure`: whether it came over TLS; `tls`: the
    version of TLS ("1.3"), None where it is unknown. `url`: without the query, as the client wrote it.
    `auth_type`: the value of s3:authType, None for an anonymous request. `signed_at`: the time that the
    signature states, as SigV4 writes it ("20261201T120000Z").
    """

    request_id: str
    operation: str
    bucket: str | None
    headers: Mapping[str, str]
    query: Mapping[str, str]
    now_us: int
    source_ip: str | None = None
    secure: bool = False
    tls: str | None = None
    url: str = ""
    auth_type: str | None = None
    signed_at: str | None = None
