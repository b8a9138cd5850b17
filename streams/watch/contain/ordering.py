"""The signed records with which contain orders something on `control`, and the events that say so."""

from __future__ import annotations

from collections.abc import Callable

from schemas.alerts import Alert
from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.control import ControlKind, Freezable, control_message, freeze_body, revocation_body
from schemas.records import ControlState
from schemas.resources import alert_resource, control_resource, parse
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
        if action is Action.FREEZE:
            kind, body = ControlKind.FREEZE, freeze_body(Freezable, rule.freeze)
            event_type, why = EventType.FREEZE_ORDERED, rule.freeze.value
            details = {"stages": " ".join(sorted(Freezable))}
        else:
            kind, body = ControlKind.REVOKE, revocation_body(rule.revocation)
            event_type, why = EventType.REVOCATION_ORDERED, rule.revocation.value
            details = {"revoked": parse(alert.subject).id}
        parents = (alert_resource(alert.alert_id),)
        event = Event(event_type, control_resource(order.key), reason=why, parents=parents, details=details)
        signature = self._sign(control_message(order.key, order.version, kind, body))
        state = ControlState(order.key, order.version, kind, body, self._signer, signature, order.ordered_at)
        return Outgoing(CONTROL, order.key.encode(), self._codec.encode(state)), event
