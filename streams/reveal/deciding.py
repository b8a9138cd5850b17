"""What reveal has to do about grants. Pure: what `control` says, what was done, and the time go in.

Promises (tests/streams/reveal):
1. Nothing is revealed but what is in force at that moment and asked for by who has requested it; nothing twice.
2. What was revealed is handed out only while the grant is still in force: in doubt it is not.
3. What was handed over is destroyed as soon as a grant is denied, revoked or over, taken or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.states import GrantState, GrantStep
from topology.grants import Grant


class Act(StrEnum):
    """One thing to do about one grant."""

    LOCATE = "locate"
    """Find the task's values, and tell approvers where the halves of their key are."""
    REVEAL = "reveal"
    """Say, with the note that it was opened, that its values are about to be handed out."""
    HAND = "hand"
    """Hand the sealed entry out; that it was revealed is committed."""
    END = "end"
    """It was denied or revoked: destroy what was not taken, and remember it until its time is over."""
    FORGET = "forget"
    """Its time is over: destroy what was not taken. It can't be in force again."""


_ENDING = frozenset({Act.END, Act.FORGET})


@dataclass(frozen=True, slots=True)
class Due:
    """What to do about which grant."""

    act: Act
    grant: Grant


def due(grants: Iterable[Grant], done: Mapping[str, GrantState], now: int) -> Iterator[Due]:
    """What is left to do; at most one thing a grant, the next follows when it is committed.

    Endings first: nothing that has to be waited for, such as a record of another grant, may hold them up.
    """
    acts = ((_next(grant, done.get(grant.grant_id), now), grant) for grant in grants)
    found = [Due(act, grant) for act, grant in acts if act is not None]
    yield from sorted(found, key=lambda one: one.act not in _ENDING)


def _next(grant: Grant, state: GrantState | None, now: int) -> Act | None:
    if now >= grant.request.until:
        return Act.FORGET if state is not None else None
    if grant.ended_by:
        return Act.END if state is not None and state.step is not GrantStep.OVER else None
    if state is None:
        return Act.LOCATE
    if state.step is GrantStep.LOCATED and grant.wanted_open and grant.in_force(now):
        return Act.REVEAL
    if state.step is GrantStep.REVEALED and grant.in_force(now):
        return Act.HAND
    return None
