"""Addresses that webhooks may not use: this machine, its link, cloud metadata services.

Otherwise a caller that configures a webhook could read or change what only this machine can reach. The check
is on addresses after name resolution, and the connection goes to the checked address (a name may resolve to
another the second time). Private networks are allowed: webhooks often are there.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# Metadata services that are not link-local: AWS over IPv6, Alibaba, Oracle.
_METADATA = frozenset(map(ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
_NAT64 = ip_network("64:ff9b::/96")
_THIS_NETWORK = ip_network("0.0.0.0/8")


def is_blocked(text: str) -> bool:
    """Whether no webhook may be sent to this address. Raises ValueError for text that is no address."""
    address = ip_address(text.partition("%")[0])
    inner = _inner(address)
    if inner is not None and is_blocked(str(inner)):
        return True
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_unspecified
        or address.is_multicast
        or address in _METADATA
        or (isinstance(address, IPv4Address) and (address.is_reserved or address in _THIS_NETWORK))
    )


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address embedded in an IPv6 one: mapped, compatible, 6to4, NAT64."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address in _NAT64 or int(address) >> 32 == 0:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
