"""Settings of the HTTP server: where it listens, its names, TLS, proxies, limits of a request."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from chunkd.loopback import is_loopback
from s3api.settings.group import GIB, MIB, Group, Words

_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class HttpSettings(Group):
    host: str = Field(
        "127.0.0.1",
        alias="host",
        description="Address to listen on. On a loopback address REST needs no password, see `rest_open`.",
    )
    port: int = Field(
        8260, alias="port", ge=0, le=65535, description="Port to listen on; 0 picks a free one."
    )
    workers: int = Field(
        1,
        alias="workers",
        ge=1,
        le=256,
        description="Number of worker processes. With more than one, embedded nodes are shared, "
        "which makes them slower.",
    )
    domains: Words = Field(
        ("s3.localhost",),
        alias="domains",
        description="Base domains of virtual-hosted-style addresses: with `s3.localhost`, "
        "`photos.s3.localhost` is the bucket `photos`.",
    )
    website_domains: Words = Field(
        ("s3-website.localhost",),
        alias="website_domains",
        description="Base domains of static websites: with `s3-website.localhost`, "
        "`photos.s3-website.localhost` is the website of the bucket `photos`, if it has one.",
    )
    tls_cert: Path | None = Field(
        None,
        alias="tls_cert",
        description="PEM file of the certificate and its chain. With `tls_key` it enables HTTPS and "
        "disables HTTP.",
    )
    tls_key: Path | None = Field(
        None, alias="tls_key", description="PEM file of the private key of the certificate."
    )
    trusted_proxies: Words = Field(
        (),
        alias="trusted_proxies",
        description="Addresses and networks (`10.0.0.0/8`) of proxies whose Forwarded and X-Forwarded-* "
        "headers are trusted.",
    )
    public_endpoints: Words = Field(
        (),
        alias="public_endpoints",
        description="URLs of this store for clients, where a proxy rewrites the Host header "
        "(`https://s3.example.org`). Signatures for these hosts are accepted.",
    )
    keep_alive_s: int = Field(
        75, alias="keep_alive_s", ge=1, description="Seconds after which an idle connection is closed."
    )
    shutdown_s: int = Field(
        30,
        alias="shutdown_s",
        ge=0,
        description="Seconds that requests in progress may take when the gateway stops.",
    )
    max_header_bytes: int = Field(
        64 << 10,
        alias="max_header_bytes",
        ge=4 << 10,
        le=MIB,
        description="Bytes of the request line and headers of one request. More are answered with 431, and "
        "the connection is closed.",
    )
    max_object_bytes: int = Field(
        5 * GIB,
        alias="max_object_bytes",
        ge=1,
        description="Bytes of the largest body of one PUT (AWS: 5 GiB). Larger objects need parts.",
    )
    max_concurrent_requests: int = Field(
        1024,
        alias="max_concurrent_requests",
        ge=1,
        description="Requests in progress in one worker. More are answered with 503 SlowDown.",
    )
    body_idle_s: float = Field(
        60.0,
        alias="body_idle_s",
        gt=0,
        description="Seconds that a client may send nothing in the middle of a body.",
    )

    @field_validator("domains", "website_domains")
    @classmethod
    def _check_domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        lowered = tuple(domain.lower().rstrip(".") for domain in value)
        if bad := [domain for domain in lowered if not _DOMAIN.fullmatch(domain)]:
            raise ValueError(f"{bad[0]!r} is not a domain name")
        return lowered

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ipaddress.ip_network(network)) for network in value)

    @field_validator("public_endpoints")
    @classmethod
    def _check_endpoints(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
                raise ValueError(f"{url!r}: write https://host or https://host:port")
        return value

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key come together")
        return self

    @property
    def public_hosts(self) -> tuple[str, ...]:
        """The Host headers of clients of the public endpoints, without the default port of the scheme."""
        hosts = []
        for url in self.public_endpoints:
            parts = urlsplit(url.lower())
            own = {"https": ":443", "http": ":80"}[parts.scheme]
            hosts.append(parts.netloc.removesuffix(own))
        return tuple(hosts)

    @property
    def on_loopback(self) -> bool:
        """Whether the gateway can be reached from this machine only."""
        return is_loopback(self.host)
