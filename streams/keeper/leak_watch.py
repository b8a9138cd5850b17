"""Keeps the tallies of leaks in `keeper-state.P`, shows their bounds, freezes the project past a limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.control import ControlKind, Freezable, FreezeReason, control_message, freeze_body
from schemas.gold import LeakTally, RedactionScore
from schemas.records import ControlState
from schemas.resources import control_resource
from streams.engine.messages import Message, Outgoing
from streams.engine.processor import Plan
from streams.engine.state import KeyedState
from streams.keeper import gauges
from streams.keeper.leaks import Limit, begun, counted, details, passes_limit

PREFIX = "leak/"


@dataclass(frozen=True, slots=True)
class LeakSeams:
    """What the watch needs from the outside."""

    limit_of: Callable[[str], Limit | None]
    """What a policy allows, by its hash; None while that policy has not arrived here."""
    in_force: Callable[[], str]
    """The hash of the policy in force; empty where none is."""
    lifted: Callable[[], int]
    """Up to which version people have signed that keeper's freezes are over; 0: none is."""
    sign: Callable[[bytes], bytes]
    """Ed25519 by `sign-keeper.P` in Vault; may raise VaultUnavailable."""


class LeakWatch:
    """One project's tallies, one a policy."""

    def __init__(self, project: str, codec: Codec, seams: LeakSeams) -> None:
        self._project = project
        self._codec = codec
        self._seams = seams
        self._tallies = KeyedState(f"keeper-state.{project}", LeakTally, codec, PREFIX)
        self._seen: dict[str, LeakTally] = {}
        """As it was looked at last: a bound takes a millisecond, and a round comes four times a second."""
        self._shown: LeakTally | None = None

    def apply(self, message: Message) -> bool:
        """Take over one changelog record; False where it is another state's."""
        return self._tallies.apply(message)

    def changes(self) -> list[Outgoing]:
        """Changes since the last call, as records for the changelog."""
        return self._tallies.changes()

    def take(self, score: RedactionScore, now: int) -> None:
        """Count one record of gold in."""
        tally = self._tallies.get(score.policy) or begun(score.policy, now)
        self._tallies.put(score.policy, counted(tally, score))

    def look(self, now: int, plan: Plan) -> None:
        """Begin anew what people have let go on; freeze what passes its limit; show the bound.

        Signs before it changes anything, so that a Vault that doesn't answer leaves the tallies as they were: the
        batch is tried again.
        """
        lifted = self._seams.lifted()
        for policy, tally in list(self._tallies.items()):
            if tally.frozen and lifted >= tally.frozen:
                self._tallies.put(policy, begun(policy, now))
        for policy, tally in list(self._tallies.items()):
            limit = self._seams.limit_of(policy)
            if limit is None or self._seen.get(policy) == tally:
                continue
            if passes_limit(tally, limit.gold):
                self._freeze(tally, limit, self._next_version(now), plan)
            self._seen[policy] = tally
        self._show(self._seams.in_force())

    def _show(self, policy: str) -> None:
        """Of the policy in force. What an earlier one has let through is over, and would be shown for ever."""
        limit = self._seams.limit_of(policy)
        tally = self._tallies.get(policy) or begun(policy, 0)
        if limit is not None and tally != self._shown:
            gauges.show(self._project, limit, tally)
            self._shown = tally

    def _next_version(self, now: int) -> int:
        """The time in milliseconds; above every version before, should a clock have been set back."""
        before = [tally.frozen for _, tally in self._tallies.items()]
        return max(now, 1 + max(before), 1 + self._seams.lifted())

    def _freeze(self, tally: LeakTally, limit: Limit, version: int, plan: Plan) -> None:
        order = self._order(version)
        plan.outputs.append(Outgoing("control", order.key.encode(), self._codec.encode(order)))
        plan.events.append(
            Event(
                EventType.FREEZE_ORDERED,
                control_resource(order.key),
                reason=FreezeReason.LEAK.value,
                details={"stages": " ".join(sorted(Freezable)), **details(tally, limit, version)},
            )
        )
        self._tallies.put(tally.policy, replace(tally, frozen=version))

    def _order(self, version: int) -> ControlState:
        """The freeze, signed."""
        signer = f"keeper.{self._project}"
        key, body = f"{ControlKind.FREEZE}/{self._project}/{signer}", freeze_body(Freezable, FreezeReason.LEAK)
        signature = self._seams.sign(control_message(key, version, ControlKind.FREEZE, body))
        return ControlState(key, version, ControlKind.FREEZE, body, signer, signature, version)
