"""Releases from quarantine that replay has yet to carry out, and the revisions they lead to. Pure.

A release is about one quarantined revision, and is carried out once. Its record comes back as the next revision,
so it must be the record's last: where an order to redact again covers the record, or another release has brought
it back, a later revision is there or on its way, and the release is overtaken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schemas.quarantine_release import QuarantineRelease
from schemas.states import ReplayedOrder, ReplayedRelease
from streams.redact.again.ranges import covers

Place = tuple[int, int]
"""Partition and offset."""
Copied = Mapping[Place, tuple[int, ...]]
"""The turns of the releases that brought a record back."""


def open_releases(
    in_force: Iterable[QuarantineRelease], done: Iterable[str], policy_version: int
) -> dict[str, QuarantineRelease]:
    """What is not done, by target, of policies up to this version, which is in force: copies would wait for
    another, and hold up those behind them. Of several orders about one record (somebody went around `veil`) the
    first.
    """
    known = frozenset(done)
    ready = (order for order in in_force if order.policy <= policy_version)
    found = {order.target: order for order in sorted(ready, reverse=True)}
    return {target: order for target, order in found.items() if target not in known}


def copied(releases: Iterable[ReplayedRelease]) -> dict[Place, tuple[int, ...]]:
    """Of those that brought a record back, the turns, by record."""
    found: dict[Place, tuple[int, ...]] = {}
    for one in releases:
        if one.turn:
            place = (one.partition, one.offset)
            found[place] = (*found.get(place, ()), one.turn)
    return found


def overtaken(release: QuarantineRelease, orders: Iterable[ReplayedOrder], before: Copied) -> bool:
    """Whether the record has, or will have, a later revision than the one to be released."""
    place = (release.partition, release.offset)
    last = 1 + sum(covers(one, *place) for one in orders) + len(before.get(place, ()))
    return last > release.revision


def next_turn(orders: Iterable[ReplayedOrder], releases: Iterable[ReplayedRelease]) -> int:
    """The turn of what gives a revision next."""
    turns = (*(one.turn for one in orders), *(one.turn for one in releases))
    return 1 + max(turns, default=0)
