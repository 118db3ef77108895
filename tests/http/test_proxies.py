"""Trusted proxies: client address, scheme and host from forwarded headers."""

from __future__ import annotations

from typing import Any

import pytest

from s3api.http.proxies import Proxies

PROXIES = Proxies(("10.0.0.0/8", "::1/128"), ("s3.example.org", "store.example.org:8443"))


def seen(peer: str, *headers: tuple[str, str]) -> tuple[str, str, str]:
    """Return the client, scheme and Host that the store uses."""
    scope: dict[str, Any] = {
        "client": (peer, 4711),
        "scheme": "http",
        "headers": [
            (b"host", b"gateway:8260"),
            *((name.encode(), value.encode()) for name, value in headers),
        ],
    }
    PROXIES.rewrite(scope)
    once = {**scope}
    PROXIES.rewrite(scope)
    assert scope == once
    (host,) = [value.decode() for name, value in scope["headers"] if name == b"host"]
    return scope["client"][0], scope["scheme"], host


UNSEEN = ("http", "gateway:8260")


@pytest.mark.parametrize("peer", ["192.0.2.1", "11.0.0.1", "2001:db8::1"])
def test_from_an_address_that_is_not_trusted_nothing_counts(peer: str) -> None:
    told = [
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "s3.example.org"),
        ("forwarded", "for=203.0.113.7;proto=https;host=s3.example.org"),
    ]
    assert seen(peer, *told) == (peer, *UNSEEN)


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("1.2.3.4, 203.0.113.7", "203.0.113.7"),  # the first is what the client made up
        ("203.0.113.7, 10.1.1.1", "203.0.113.7"),
        ("1.2.3.4, 203.0.113.7, 10.1.1.1, 10.2.2.2", "203.0.113.7"),
        ("10.3.3.3, 10.1.1.1", "10.3.3.3"),  # a client of our own network
        ("203.0.113.7:5555", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:5555", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, unknown", "10.9.9.9"),
        ("203.0.113.7, unknown, 10.1.1.1", "10.1.1.1"),
        ("nonsense", "10.9.9.9"),
        ("", "10.9.9.9"),
    ],
)
def test_x_forwarded_for(chain: str, client: str) -> None:
    assert seen("10.9.9.9", ("x-forwarded-for", chain))[0] == client
    parts = [("x-forwarded-for", part) for part in chain.split(",")]
    assert seen("10.9.9.9", *parts)[0] == client  # a repeated field is one list


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("for=203.0.113.7;proto=https;host=s3.example.org", ("203.0.113.7", "https", "s3.example.org")),
        ('For="[2001:db8::7]:4711"; Proto=HTTPS', ("2001:db8::7", "https", "gateway:8260")),
        ("for=1.2.3.4;proto=http, for=203.0.113.7;proto=https", ("203.0.113.7", "https", "gateway:8260")),
        ("for=203.0.113.7;proto=https, for=10.1.1.1", ("203.0.113.7", "https", "gateway:8260")),
        ('for="_hidden";proto=https', ("10.9.9.9", "https", "gateway:8260")),
        ('for=203.0.113.7;by="a,b;c\\"d";proto=https', ("203.0.113.7", "https", "gateway:8260")),
        ("for=203.0.113.7;proto=ftp", ("203.0.113.7", *UNSEEN)),
        ("for==;;x", ("10.9.9.9", *UNSEEN)),
    ],
)
def test_forwarded(field: str, expected: tuple[str, str, str]) -> None:
    assert seen("10.9.9.9", ("forwarded", field)) == expected
    # It counts alone where both are there: a proxy that knows one of them hands the other on unread.
    assert seen("10.9.9.9", ("x-forwarded-for", "9.9.9.9"), ("forwarded", field)) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("s3.example.org", "s3.example.org"),
        ("S3.Example.Org", "s3.example.org"),
        ("store.example.org:8443", "store.example.org:8443"),
        ("photos.s3.example.org", "photos.s3.example.org"),
        ("store.example.org", "gateway:8260"),
        ("evils3.example.org", "gateway:8260"),
        ("evil.example.org", "gateway:8260"),
        ("evil.example.org, s3.example.org", "s3.example.org"),
        ("s3.example.org, evil.example.org", "gateway:8260"),
    ],
)
def test_a_host_is_believed_where_it_is_listed(host: str, expected: str) -> None:
    assert seen("10.9.9.9", ("x-forwarded-host", host))[2] == expected


def test_the_scheme() -> None:
    assert seen("::1", ("x-forwarded-proto", "https")) == ("::1", "https", "gateway:8260")
    assert seen("::1", ("x-forwarded-proto", "https, http"))[1] == "http"  # the nearest proxy's word
    assert seen("::1", ("x-forwarded-proto", "gopher"))[1] == "http"


def test_a_scope_without_a_client() -> None:
    scope: dict[str, Any] = {"client": None, "scheme": "http", "headers": [(b"x-forwarded-proto", b"https")]}
    PROXIES.rewrite(scope)
    assert scope["scheme"] == "http"
