"""Where no webhook may go: addresses that mean this machine, its link, or the cloud's metadata service.

Whoever may configure a webhook could otherwise read or change what only this machine reaches. The check is of
addresses, after the name was resolved, and the connection goes to the address that was checked (a name may
resolve otherwise the second time). Private networks are allowed: that is where webhooks live.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# Metadata services that are not link-local: AWS over IPv6, Alibaba, Oracle.
_METADATA = frozenset(map(ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
_NAT64 = ip_network("64:ff9b::/96")
_THIS_NETWORK = ip_network("0.0.0.0/8")


def is_blocked(text: str) -> bool:
    """Whether no webhook may be sent to this address. Raises ValueError for what is no address."""
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
    """The IPv4 address that an IPv6 one stands for: mapped, compatible, 6to4, NAT64."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address in _NAT64 or int(address) >> 32 == 0:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
