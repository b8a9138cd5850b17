"""Who has to obey an order, and who has. Pure.

A freeze waits for redact and label: they release. A revocation waits for label, and for warden, which has ended
credentials in Vault and Kafka when it says so. A withdrawal waits for label and join, which open tasks, and for
keeper, which destroys their keys; a minimum for redact. Every process of theirs that has started and not stopped
must acknowledge that very version (`control.applied`). A process that has crashed is waited for: it says so after
its next start, since it reads all of `control` before it works. One that has stopped releases nothing and has
forgotten its keys; but warden and keeper have something to do, so they are waited for even then. Where no process
of a role is known, the role itself is waited for: nobody may say "contained" for a stage that has not been heard.
Opener, which not every project has, releases texts and takes them back: it is waited for at a freeze and at a
withdrawal, where a process of it is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from schemas.audit import AuditEvent, EventType
from schemas.control import ControlKind
from schemas.states import ContainmentOrder
from topology.identity import PLATFORM, Identity

_MUST = {
    ControlKind.FREEZE.value: ("redact", "label", "opener"),
    ControlKind.REVOKE.value: ("label", "warden"),
    ControlKind.WITHDRAW.value: ("label", "join", "keeper", "opener"),
    ControlKind.MINIMUM.value: ("redact",),
}
_SOMETIMES = frozenset({"opener"})
"""Which of them not every project has."""
_PLATFORM = frozenset({"warden"})
"""Which of them serve all projects."""
_MUST_ACT = frozenset({"warden", "keeper"})
"""Of whom it is not enough that they have stopped."""
WATCHED = frozenset(role for roles in _MUST.values() for role in roles)
"""The roles whose processes are followed."""
HEARD = frozenset({EventType.CONTROL_APPLIED, EventType.PROCESS_STARTED, EventType.PROCESS_STOPPED})
"""What of the audit matters here."""


def role_of(slot: str) -> str:
    """`label` of `label.demo.0`."""
    return slot.partition(".")[0]


def must(key: str) -> tuple[str, ...]:
    """The roles that have to obey an order."""
    return _MUST[key.partition("/")[0]]


def waits_for(key: str, project: str, live: Iterable[str]) -> tuple[str, ...]:
    """Whom a new order waits for: slots, and roles (`label.demo`) of which no slot is live."""
    slots = sorted(slot for slot in live if role_of(slot) in must(key))
    heard = {role_of(slot) for slot in slots}
    unheard = (role for role in must(key) if role not in heard | _SOMETIMES)
    return (*slots, *(_identity(role, project) for role in unheard))


def _identity(role: str, project: str) -> str:
    return Identity(role, PLATFORM if role in _PLATFORM else project).name


def obeyed(order: ContainmentOrder, event: AuditEvent) -> ContainmentOrder:
    """The order after one event of the audit; the same where that says nothing about it."""
    match event.type:
        case EventType.CONTROL_APPLIED if _acknowledges(event, order):
            return _without(order, event.slot, event.process)
        case EventType.PROCESS_STARTED if order.waiting and role_of(event.slot) in must(order.key):
            kept = tuple(one for one in order.waiting if one not in (event.slot, event.process))
            return replace(order, waiting=(*kept, event.slot))
        case EventType.PROCESS_STOPPED if not _must_act(role_of(event.slot), order.key):
            return _without(order, event.slot)
    return order


def _must_act(role: str, key: str) -> bool:
    """An opener that has stopped opens nothing more, but what it laid out lies there until it takes that back."""
    return role in _MUST_ACT or (role in _SOMETIMES and key.startswith(f"{ControlKind.WITHDRAW}/"))


def _acknowledges(event: AuditEvent, order: ContainmentOrder) -> bool:
    said = event.details
    return said.get("key") == order.key and said.get("version") == str(order.version)


def _without(order: ContainmentOrder, *gone: str) -> ContainmentOrder:
    waiting = tuple(one for one in order.waiting if one not in gone)
    return order if waiting == order.waiting else replace(order, waiting=waiting)
