"""What an alert leads to: which orders, or why none. Pure: what holds, what was ordered and when are arguments.

Promises (tests/streams/watch/contain):
1. An order that holds is not given again: another alert about the same shares it.
2. Within an hour no more people of a project are shut out, nor is it frozen more often, than the budget allows.
   Who was let in again by people counts once, however often an alert shuts them out.
   Of tasks all are withdrawn that an alert is about, or, past the budget, none.
3. Nobody is shut out whom the project does not name, nor who could undo it.
4. What happened hours ago leads to no order: people may have decided about it since, and contain have forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from schemas.alerts import Alert
from schemas.control import ControlKind
from schemas.resources import Kind, parse
from schemas.states import ContainmentOrder
from streams.watch.contain.rules import Action, Budget, Rule

HOUR_MS = 3_600_000
STALE_MS = 4 * HOUR_MS
"""An outage of contain or Vault may last so long."""
MINIMUMS_AN_HOUR = 1
"""The next policy is written by people: one that is ruled out again within the hour needs them, not a rule."""


class Held(StrEnum):
    """Why an action of a rule was not ordered: a person has to decide."""

    BUDGET = "budget"
    NOT_OURS = "not_ours"
    """The alert is about nobody whom contain may shut out of this project."""
    NO_POLICY = "no_policy"
    """There is none in force that could be ruled out."""
    TWO_PEOPLE = "two_people"
    """Nobody orders this alone (streams/redact/decisions/0004)."""
    STALE = "stale"
    """What the alert tells of is over for hours: watch has told it again, or contain was away."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the deciding rests on. `holds`: whether an order is in force, or will be once it is read;
    `may_shut_out`: whether the project names them, and not as one of those who could undo it; `shown`: the open
    tasks that a person or an app was shown since a time; `in_force`: the version of the policy, 0: none.
    """

    project: str
    orders: Iterable[ContainmentOrder]
    holds: Callable[[ContainmentOrder], bool]
    may_shut_out: Callable[[str], bool]
    shown: Callable[[str, int], Sequence[str]]
    in_force: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Decided:
    """The control keys that a case rests on; those of them to be ordered anew, by which action; what is held."""

    keys: tuple[str, ...]
    new: tuple[tuple[str, Action], ...]
    held: tuple[tuple[Action, Held], ...]


def decide(alert: Alert, rule: Rule, standing: Standing, budget: Budget, now: int) -> Decided:
    """What this alert leads to. `now` in milliseconds."""
    if now - alert.at > STALE_MS:
        return Decided((), (), tuple((action, Held.STALE) for action in rule.actions))
    known = {order.key: order for order in standing.orders}
    keys: list[str] = []
    new: list[tuple[str, Action]] = []
    held: list[tuple[Action, Held]] = []
    for action in rule.actions:
        wanted = keys_of(action, alert, standing)
        if isinstance(wanted, Held):
            held.append((action, wanted))
            continue
        fresh = [key for key in wanted if key not in known or not standing.holds(known[key])]
        if fresh and _spent(action, known.values(), now) + len(fresh) > _allowed(action, budget):
            held.append((action, Held.BUDGET))
            continue
        keys += wanted
        new += [(key, action) for key in fresh]
    return Decided(tuple(keys), tuple(new), tuple(held))


def keys_of(action: Action, alert: Alert, standing: Standing) -> Sequence[str] | Held:
    """Under which contain orders it, or why it may not."""
    project, signer = standing.project, f"contain.{standing.project}"
    if action is Action.REREDACT:
        return Held.TWO_PEOPLE
    if action is Action.FREEZE:
        return [f"{ControlKind.FREEZE}/{project}/{signer}"]
    if action is Action.MINIMUM:
        version = standing.in_force()
        return [f"{ControlKind.MINIMUM}/{project}/{version + 1}/{signer}"] if version else Held.NO_POLICY
    found = parse(alert.subject)
    if found.kind not in (Kind.PERSON, Kind.APP):
        return Held.NOT_OURS
    if action is Action.WITHDRAW:
        tasks = standing.shown(found.id, alert.since)
        return [f"{ControlKind.WITHDRAW}/{project}/{task}/{signer}" for task in tasks]
    shut_out = standing.may_shut_out(found.id)
    return [f"{ControlKind.REVOKE}/{project}/{found.id}/{signer}"] if shut_out else Held.NOT_OURS


def _allowed(action: Action, budget: Budget) -> int:
    match action:
        case Action.FREEZE:
            return budget.freezes
        case Action.WITHDRAW:
            return budget.withdrawals
        case Action.REVOKE:
            return budget.revocations
        case Action.MINIMUM:
            return MINIMUMS_AN_HOUR
        case Action.REREDACT:
            return 0


_KINDS = {
    Action.FREEZE: ControlKind.FREEZE,
    Action.REVOKE: ControlKind.REVOKE,
    Action.WITHDRAW: ControlKind.WITHDRAW,
    Action.MINIMUM: ControlKind.MINIMUM,
    Action.REREDACT: ControlKind.REREDACT,
}


def _spent(action: Action, orders: Iterable[ContainmentOrder], now: int) -> int:
    kind = _KINDS[action]
    return sum(order.key.startswith(f"{kind}/") and now - order.ordered_at < HOUR_MS for order in orders)
