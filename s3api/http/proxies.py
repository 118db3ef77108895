"""Trusted proxies: the client's address, scheme and host from Forwarded (RFC 7239) or X-Forwarded-*.

Any client can send these headers, so they count only on connections from a trusted address
(`trusted_proxies`). In a chain of addresses, the last one that is not a trusted proxy is the client: the
client may have invented those before it. A host is accepted only if it is one of the public endpoints, or a
name below one (a bucket's).

The result replaces `client`, `scheme` and the Host header of the ASGI scope, so that logs, policies
(aws:SourceIp, aws:SecureTransport) and signatures need not know of proxies. Applying it twice changes nothing
more.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import MutableMapping, Sequence
from typing import Any, NamedTuple

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_FIELDS = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"})
# A pair of RFC 7239, section 4: its value is a token or a quoted string; then what separates it from the
# next.
_PAIR = re.compile(r'\s*([A-Za-z0-9!#$%&\'*+.^_`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))\s*([;,]|$)')


class Hop(NamedTuple):
    """The client of one proxy, as that proxy names it. Fields that it leaves out are ""."""

    client: str = ""
    scheme: str = ""
    host: str = ""


class Proxies:
    """The trusted proxies. `public_hosts`: with the port, unless it is the scheme's default."""

    def __init__(self, trusted: Sequence[str], public_hosts: Sequence[str]) -> None:
        self._trusted: tuple[Network, ...] = tuple(ipaddress.ip_network(network) for network in trusted)
        self._hosts = frozenset(public_hosts)
        self._below = tuple(f".{host}" for host in public_hosts)

    def rewrite(self, scope: MutableMapping[str, Any]) -> None:
        """Replace the proxy's address, scheme and host in a scope by its client's."""
        peer = scope.get("client")
        if not peer or not self._is_trusted(_address(peer[0])):
            return
        fields: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            if name in _FIELDS:
                fields.setdefault(name, []).append(value.decode("latin-1"))
        if not fields:
            return
        hop = self._client_hop(_hops(fields))
        if (address := _address(hop.client)) is not None:
            scope["client"] = (str(address), 0)
        if hop.scheme.lower() in ("http", "https"):
            scope["scheme"] = hop.scheme.lower()
        host = hop.host.lower()
        if host in self._hosts or host.endswith(self._below):
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope["headers"] = [(b"host", host.encode("latin-1")), *others]

    def _client_hop(self, hops: Sequence[Hop]) -> Hop:
        """Find the first hop, from the nearest proxy outward, whose client is not a trusted proxy.

        Stops at a hop that does not give its client's address, since the hops before it cannot be verified.
        """
        found = hops[-1]
        for hop in reversed(hops):
            address = _address(hop.client)
            if address is None:
                return found._replace(scheme=hop.scheme or found.scheme, host=hop.host or found.host)
            found = Hop(hop.client, hop.scheme or found.scheme, hop.host or found.host)
            if not self._is_trusted(address):
                break
        return found

    def _is_trusted(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


def _hops(fields: dict[bytes, list[str]]) -> list[Hop]:
    """Return one hop for each proxy, the nearest last. Forwarded takes precedence over X-Forwarded-*."""
    if forwarded := fields.get(b"forwarded"):
        return _forwarded(", ".join(forwarded)) or [Hop()]
    clients = [part.strip() for part in ",".join(fields.get(b"x-forwarded-for", [])).split(",")]
    # These two have no chain to match with the addresses: the value of the nearest proxy counts.
    scheme, host = (
        ",".join(fields.get(name, [])).rpartition(",")[2].strip()
        for name in (b"x-forwarded-proto", b"x-forwarded-host")
    )
    return [*(Hop(client) for client in clients[:-1]), Hop(clients[-1], scheme, host)]


def _forwarded(text: str) -> list[Hop]:
    """Parse a Forwarded header. [] if it breaks the grammar, since the nearest hop is then unknown."""
    hops, pairs, at = list[Hop](), dict[str, str](), 0
    while at < len(text):
        found = _PAIR.match(text, at)
        if found is None or found.end() == at:
            return []
        quoted = found[2]
        value = found[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        pairs[found[1].lower()] = value
        at = found.end()
        if found[4] != ";":
            hops.append(Hop(pairs.get("for", ""), pairs.get("proto", ""), pairs.get("host", "")))
            pairs = {}
    return hops


def _address(text: str) -> Address | None:
    """Parse an IP address with or without a port, IPv6 with or without brackets; None for anything else."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
