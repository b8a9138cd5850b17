"""Who gives way where every place of a server is taken. Pure; times are of one clock.

Not a number of places for each address: behind a proxy, a gateway or a front all people are one address, and
whoever installs this would have to say so. An address has as many as it likes until somebody comes who has fewer;
of those of one address whoever has let the server wait longest goes first. So who takes all places and says
nothing keeps nobody out, not even who comes from the same address.
"""

from __future__ import annotations

import ipaddress
import math
from collections import Counter
from collections.abc import Collection
from operator import attrgetter
from typing import Protocol, TypeVar

_SUBNET = 8
"""So many bytes of an IPv6 address name its subnet, of which one host can take every address (RFC 7421)."""


class Guest(Protocol):
    """A connection, or a sign-in under way."""

    @property
    def neighbourhood(self) -> bytes:
        """Whence it comes."""

    @property
    def waits_since(self) -> float | None:
        """Since when the server waits for it. None: it waits for the server, which is about to answer."""


G = TypeVar("G", bound=Guest)


def neighbourhood(address: str) -> bytes:
    """What counts as one address: of IPv4 that, of IPv6 its network of 64 bits."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        return found.ipv4_mapped.packed if found.ipv4_mapped else found.packed[:_SUBNET]
    return found.packed


def gives_way(guests: Collection[G], newcomer: bytes) -> G | None:
    """Whose place somebody of the neighbourhood `newcomer` is to have; None: nobody's. Who waits for an answer
    keeps theirs, and nobody has to go for who has more places already.
    """
    taken = Counter(map(attrgetter("neighbourhood"), guests))
    most, longest, found = taken[newcomer], math.inf, None
    for it in guests:
        since, its = it.waits_since, taken[it.neighbourhood]
        if since is not None and (its > most or (its == most and since < longest)):
            most, longest, found = its, since, it
    return found
