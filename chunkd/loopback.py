"""Whether a host name or an address means this machine alone."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address without a port, is a loopback address or a name of one.

    Looks nothing up: of names, "localhost" and those below it are loopback by RFC 6761, section 6.3.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False
