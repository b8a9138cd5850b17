"""The contain stage: alerts in, signed orders out; acknowledgements in, "contained" out.

1. An alert that a rule acts on: its case, what has to be ordered (signed in Vault first) and the events that say
   so are committed with the position that read it. *Crash before:* the alert comes again. *After:* it is known by
   its id.
2. Stages obey, and acknowledge on `audit.P` or `audit.platform`. Each acknowledgement takes a slot off the
   order's list, committed with the position that read it.
3. `containment.reached` is committed in the transaction that takes the last slot off the last order of a case.

So each is said exactly once, and nothing has to be remembered beside the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from schemas.alerts import Alert, whom_of
from schemas.audit import AuditEvent, Event, EventType
from schemas.cloudevents import TYPE_PREFIX
from schemas.codec import Codec
from schemas.control import ControlKind
from schemas.errors import RecordError
from schemas.resources import alert_resource, control_resource
from schemas.states import ContainmentCase, ContainmentOrder, ContainmentSlot
from streams.engine.messages import Message
from streams.engine.processor import Batch, Plan, Slot
from streams.engine.refusals import refused
from streams.engine.state import KeyedState
from streams.watch.contain.deciding import Decided, Standing, decide
from streams.watch.contain.obeying import HEARD, WATCHED, obeyed, role_of, waits_for
from streams.watch.contain.ordering import Orders
from streams.watch.contain.rules import Action, Rule, Rules
from topology.identity import PLATFORM

CASE_MS = 7_776_000_000
"""As long as `alerts.P` keeps an alert. Watch may tell one again later, from the audit, which is kept longer:
that is stale by then. 200 bytes each.
"""
_HEADERS = frozenset((TYPE_PREFIX + kind).encode() for kind in HEARD)


def inputs(project: str) -> tuple[str, ...]:
    """The topics to consume. On `audit.platform` warden acknowledges, which serves all projects; an alert of the
    platform may be about somebody of this one.
    """
    return (*_alerts(project), f"audit.{project}", f"audit.{PLATFORM}")


def _alerts(project: str) -> tuple[str, str]:
    return (f"alerts.{project}", f"alerts.{PLATFORM}")


@dataclass(frozen=True, slots=True)
class Seams:
    """What contain needs from the outside. `holds`: whether an order of ours is in force, or will be once it is
    read; `names`: whether the project names a person or an app; `may_shut_out`: whether it does, and gives them no
    say in what is in force; `shown`: the open tasks that a person or an app was shown since a time. It may raise
    LogUnavailable. `in_force`: the version of the policy, 0: none.
    """

    rules: Rules
    orders: Orders
    holds: Callable[[ContainmentOrder], bool]
    names: Callable[[str], bool]
    may_shut_out: Callable[[str], bool]
    shown: Callable[[str, int], Sequence[str]]
    in_force: Callable[[], int]


class ContainProcessor:
    """One project's (`streams.engine.processor.Processor`)."""

    held: frozenset[str] = frozenset()

    def __init__(self, project: str, codec: Codec, seams: Seams) -> None:
        self._project = project
        self._codec = codec
        self._seams = seams
        self._start()

    def _start(self) -> None:
        topic = f"contain-state.{self._project}"
        self._cases = KeyedState(topic, ContainmentCase, self._codec, "case/")
        self._orders = KeyedState(topic, ContainmentOrder, self._codec, "order/")
        self._live = KeyedState(topic, ContainmentSlot, self._codec, "live/")

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - one slot a project
        """Take over what is known."""
        self._start()
        for message in changelog:
            _ = any(state.apply(message) for state in (self._cases, self._orders, self._live))
        return Plan()

    def process(self, batch: Batch) -> Plan:
        """The audit first: who is there, and who has obeyed. Then what alerts call for."""
        plan = Plan()
        alerts = [one for one in batch.messages if one.topic in _alerts(self._project)]
        for message in batch.messages:
            if message.topic not in _alerts(self._project) and _matters(message):
                self._hear(message, plan)
        for message in alerts:
            self._take(message, batch.now, plan)
        self._reach(batch.now, plan)
        self._forget(batch.now)
        plan.notice = self._notice()
        plan.outputs += [*self._cases.changes(), *self._orders.changes(), *self._live.changes()]
        return plan

    def control(self, changed: Sequence[str]) -> Plan:  # noqa: ARG002 - what holds is asked when it matters
        """Nothing follows from `control` alone."""
        return Plan()

    def _hear(self, message: Message, plan: Plan) -> None:
        try:
            event = self._codec.decode(message.value, AuditEvent)
        except RecordError as error:
            plan.events.append(refused(message, error.reason))
            return
        if role_of(event.slot) in WATCHED:
            self._note_slot(event)
            for key, order in list(self._orders.items()):
                after = obeyed(order, event)
                if after is not order:
                    self._orders.put(key, after)

    def _note_slot(self, event: AuditEvent) -> None:
        if event.type is EventType.PROCESS_STARTED:
            self._live.put(event.slot, ContainmentSlot(event.slot, event.time))
        elif event.type is EventType.PROCESS_STOPPED:
            self._live.remove(event.slot)

    def _take(self, message: Message, now: int, plan: Plan) -> None:
        try:
            alert = self._codec.decode(message.value, Alert)
            rule = self._seams.rules.of(alert)
            if rule is None or alert.alert_id in self._cases or not self._is_ours(message, alert):
                return
            standing = Standing(
                self._project,
                [order for _, order in self._orders.items()],
                self._seams.holds,
                self._seams.may_shut_out,
                self._seams.shown,
                self._seams.in_force,
            )
            decided = decide(alert, rule, standing, self._seams.rules.budget, now)
        except RecordError as error:
            plan.events.append(refused(message, error.reason))
            return
        self._act(alert, rule, decided, now, plan)

    def _is_ours(self, message: Message, alert: Alert) -> bool:
        """An alert of the platform is of each project that names whom it is about; of nobody else's."""
        whom = whom_of(alert)
        return message.topic == f"alerts.{self._project}" or (bool(whom) and self._seams.names(whom))

    def _act(self, alert: Alert, rule: Rule, decided: Decided, now: int, plan: Plan) -> None:
        for key, action in decided.new:
            order = self._order(key, now)
            record, event = self._seams.orders(order, action, rule, alert)
            self._orders.put(key, order)
            plan.outputs.append(record)
            plan.events.append(event)
        for action, why in decided.held:
            plan.events.append(
                _said(EventType.CONTAINMENT_HELD, alert.alert_id, alert.rule, (alert.subject,), why, action)
            )
        if decided.keys:
            parents = (*map(control_resource, decided.keys), alert.subject)
            plan.events.append(_said(EventType.CONTAINMENT_BEGUN, alert.alert_id, alert.rule, parents))
        case = ContainmentCase(alert.alert_id, alert.rule, alert.subject, alert.at, now, decided.keys, 0)
        self._cases.put(alert.alert_id, case)

    def _order(self, key: str, now: int) -> ContainmentOrder:
        before = self._orders.get(key)
        version = max(now, self._seams.orders.lowest(key), before.version + 1 if before else 1)
        live = [slot for slot, _ in self._live.items()]
        return ContainmentOrder(key, version, now, waits_for(key, self._project, live))

    def _reach(self, now: int, plan: Plan) -> None:
        for alert_id, case in self._open():
            orders = [order for key in case.keys if (order := self._orders.get(key))]
            if any(order.waiting for order in orders):
                continue
            parents = tuple(map(control_resource, case.keys))
            event = _said(EventType.CONTAINMENT_REACHED, alert_id, case.rule, parents)
            took = {"took_ms": str(max(0, now - case.taken_at))}
            plan.events.append(replace(event, details=event.details | took))
            self._cases.put(alert_id, replace(case, contained_at=now))

    def _open(self) -> list[tuple[str, ContainmentCase]]:
        return [(name, case) for name, case in self._cases.items() if case.keys and not case.contained_at]

    def _forget(self, now: int) -> None:
        over = [name for name, case in self._cases.items() if now - case.taken_at > CASE_MS]
        for name in over:
            self._cases.remove(name)
        withdrawn = f"{ControlKind.WITHDRAW}/"
        for key, order in list(self._orders.items()):
            if key.startswith(withdrawn) and now - order.ordered_at > CASE_MS:
                self._orders.remove(key)

    def _notice(self) -> str:
        waiting = sorted({one for _, order in self._orders.items() for one in order.waiting})
        return f"not contained yet: waiting for {', '.join(waiting)}" if waiting else ""


def _matters(message: Message) -> bool:
    """By its header, without reading the body: most of the audit is something else."""
    return message.headers.get("ce_type") in _HEADERS


def _said(
    kind: EventType,
    alert_id: str,
    rule: str,
    parents: tuple[str, ...],
    why: str = "",
    action: Action | None = None,
) -> Event:
    details = {"rule": rule} | ({"action": action.value} if action else {})
    return Event(kind, alert_resource(alert_id), reason=why, parents=parents, details=details)
