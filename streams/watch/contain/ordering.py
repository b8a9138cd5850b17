"""The signed records with which contain orders something on `control`, and the events that say so."""

from __future__ import annotations

from collections.abc import Callable

from schemas.alerts import Alert
from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.control import (
    ControlKind,
    Freezable,
    control_message,
    freeze_body,
    revocation_body,
    withdrawal_body,
)
from schemas.records import ControlState
from schemas.resources import alert_resource, control_resource, parse, task_resource
from schemas.states import ContainmentOrder
from streams.engine.messages import Outgoing
from streams.watch.contain.rules import Action, Rule

CONTROL = "control"


class Orders:
    """Makes them. `sign` is Ed25519 by `sign-contain.P` in Vault and may raise VaultUnavailable; `lowest`: the
    lowest version that a new record under a key may have to be in force.
    """

    def __init__(
        self, project: str, codec: Codec, sign: Callable[[bytes], bytes], lowest: Callable[[str], int]
    ) -> None:
        self._signer = f"contain.{project}"
        self._codec = codec
        self._sign = sign
        self.lowest = lowest

    def __call__(
        self, order: ContainmentOrder, action: Action, rule: Rule, alert: Alert
    ) -> tuple[Outgoing, Event]:
        """The record for `control`, and its event; which names the alert that it follows from."""
        kind, body, event = _said(order.key, action, rule, alert)
        signature = self._sign(control_message(order.key, order.version, kind, body))
        state = ControlState(order.key, order.version, kind, body, self._signer, signature, order.ordered_at)
        return Outgoing(CONTROL, order.key.encode(), self._codec.encode(state)), event


def _said(key: str, action: Action, rule: Rule, alert: Alert) -> tuple[ControlKind, bytes, Event]:
    """Kind and body of the record, and the event."""
    about, parents = control_resource(key), (alert_resource(alert.alert_id),)
    match action:
        case Action.FREEZE:
            kind, body, why = ControlKind.FREEZE, freeze_body(Freezable, rule.freeze), rule.freeze.value
            stages = {"stages": " ".join(sorted(Freezable))}
            event = Event(EventType.FREEZE_ORDERED, about, reason=why, parents=parents, details=stages)
        case Action.REVOKE:
            kind, body, why = ControlKind.REVOKE, revocation_body(rule.revocation), rule.revocation.value
            whom = {"revoked": parse(alert.subject).id}
            event = Event(EventType.REVOCATION_ORDERED, about, reason=why, parents=parents, details=whom)
        case Action.MINIMUM:
            kind, body = ControlKind.MINIMUM, b"{}"
            least = {"minimum": key.split("/")[2]}
            event = Event(EventType.MINIMUM_ORDERED, about, parents=parents, details=least)
        case Action.WITHDRAW:
            kind, body, why = ControlKind.WITHDRAW, withdrawal_body(rule.withdrawal), rule.withdrawal.value
            task = task_resource(key.split("/")[2])
            event = Event(EventType.WITHDRAWAL_ORDERED, task, reason=why, parents=(about, *parents))
        case Action.REREDACT:
            raise AssertionError("two people order it, never contain")
    return kind, body, event
