from __future__ import annotations

import pytest

from s3api.events.blocked_addresses import is_blocked

INTERNAL = [
    "127.0.0.1",
    "127.9.9.9",
    "::1",
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "100.100.100.200",
    "192.0.0.192",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "2002:7f00:1::",
    "64:ff9b::a9fe:a9fe",
]
ALLOWED = [
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.9",
    "1.1.1.1",
    "2606:4700::1111",
    "fd12::1",
    "::ffff:10.0.0.1",
    "64:ff9b::101:101",
]


@pytest.mark.parametrize("address", INTERNAL)
def test_internal(address: str) -> None:
    assert is_blocked(address)


@pytest.mark.parametrize("address", ALLOWED)
def test_allowed(address: str) -> None:
    assert not is_blocked(address)


def test_a_name_is_no_address() -> None:
    with pytest.raises(ValueError):
        is_blocked("localhost")
