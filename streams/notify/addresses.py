"""Which addresses a message may be sent to: an endpoint's name must not lead into our own network. Pure.

`private` is what the project's file says of an endpoint. Even then never: link-local (there cloud providers answer
with credentials), multicast, unspecified, reserved. Where one of a name's addresses is refused, all are.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

_TRANSLATED = (
    ipaddress.ip_network("64:ff9b::/96"),  # NAT64 (RFC 6052)
    ipaddress.ip_network("64:ff9b:1::/48"),  # NAT64, local (RFC 8215)
    ipaddress.ip_network("2002::/16"),  # 6to4 (RFC 3056)
    ipaddress.ip_network("2001::/32"),  # Teredo (RFC 4380)
)
"""IPv6 that stands for any IPv4 address, private ones included."""


def refused(addresses: Sequence[str], *, private: bool) -> bool:
    """Whether nothing may be sent to a name with these addresses; also where it has none."""
    return not addresses or not all(_allowed(address, private=private) for address in addresses)


def _allowed(text: str, *, private: bool) -> bool:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _allowed(str(address.ipv4_mapped), private=private)
        if any(address in network for network in _TRANSLATED):
            return False
    if address.is_loopback:  # which Python also calls reserved, of IPv6
        return private
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return False
    return private or address.is_global
