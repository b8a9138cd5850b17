"""Which addresses a message may be sent to: an endpoint's name must not lead into our own network. Pure.

`private` is what the project's file says of an endpoint. Even then never: where cloud providers answer with
credentials (link-local, and addresses named here), multicast, unspecified, reserved. Where one of a name's
addresses is refused, all are.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_TRANSLATED = (
    ipaddress.ip_network("64:ff9b::/96"),  # NAT64 (RFC 6052)
    ipaddress.ip_network("64:ff9b:1::/48"),  # NAT64, local (RFC 8215)
    ipaddress.ip_network("2002::/16"),  # 6to4 (RFC 3056)
    ipaddress.ip_network("2001::/32"),  # Teredo (RFC 4380)
)
"""IPv6 that stands for any IPv4 address, private ones included."""
_CREDENTIALS = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "fd00:ec2::254",  # Amazon, of a machine
        "fd00:ec2::23",  # Amazon, of a pod
        "fd20:ce::254",  # Google
        "fd00:c1::a9fe:a9fe",  # Oracle
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure
    )
)
"""Where a cloud tells its machines their credentials, beside the link-local address that all of them have."""


def refused(addresses: Sequence[str], *, private: bool) -> bool:
    """Whether nothing may be sent to a name with these addresses; also where it has none."""
    return not addresses or not all(_allowed(address, private=private) for address in addresses)


def _allowed(text: str, *, private: bool) -> bool:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:  # which Python also calls reserved, of IPv6
        return private
    return not _never(address) and (private or _is_public(address))


def _never(address: _Address) -> bool:
    return (
        address in _CREDENTIALS
        or any(address in network for network in _TRANSLATED)
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
    )


def _is_public(address: _Address) -> bool:
    """Site-local ones (RFC 3879: given up, but routed where somebody still has them) are global to Python."""
    return address.is_global and not (isinstance(address, ipaddress.IPv6Address) and address.is_site_local)
