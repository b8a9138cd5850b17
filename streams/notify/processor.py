"""The notify stage: records in, messages into the outbox in one transaction; deliveries beside the loop.

1. A record's messages are in `notify-state.P` with the position that read it: none is lost, none made twice.
2. They are posted after that commit. *Crash between post and commit:* posted again, under the same id.
3. What an attempt led to is committed with its audit event: delivered, to be tried again, or parked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.control import Replay, withdrawn_task
from schemas.errors import RecordError
from schemas.records import Label, Verdict, WorkOrder
from schemas.resources import webhook_resource
from schemas.states import WebhookMark, WebhookMessage, WebhookReplay
from streams.engine.clock import Clock
from streams.engine.messages import Message
from streams.engine.processor import Batch, Plan, Slot
from streams.engine.refusals import refused
from streams.engine.state import KeyedState
from streams.notify import messages, metrics
from streams.notify.courier import Courier
from streams.notify.messages import Told
from streams.notify.outbox import BACKLOG, Outbox, Parked
from streams.notify.settings import NotifySettings
from topology.webhooks import WebhookEvent

MESSAGES, BEGINNINGS, WITHDRAWALS, REPLAYS = "message/", "beginning/", "withdrawn/", "replay/"
MESSAGES_IN_AN_EVENT = 1_000
"""Each is a parent, some 40 bytes: at the first start all withdrawals there ever were may be parked at once."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What is left of a replay to one endpoint. Each has a reading of its own: none waits for a slower one."""

    signer: str
    order: Replay
    endpoint: str
    found: Iterator[Told | None]


@dataclass(frozen=True, slots=True)
class Seams:
    """What the stage needs of the outside.

    `endpoints` are the events each one asks for. `again` reads every record of the inputs from the beginning.
    `replays` are the replays in force, by signer. `chance` is from 0 to 1.
    """

    endpoints: Mapping[str, frozenset[WebhookEvent]]
    courier: Courier
    again: Callable[[], Iterator[Message]]
    replays: Callable[[], Mapping[str, Replay]]
    chance: Callable[[], float]


class NotifyProcessor:
    """Tells endpoints what has happened (`streams.engine.processor.Processor`)."""

    held: frozenset[str] = frozenset()

    def __init__(
        self, project: str, codec: Codec, clock: Clock, seams: Seams, settings: NotifySettings | None = None
    ) -> None:
        self._project = project
        self._codec = codec
        self._clock = clock
        self._seams = seams
        self._settings = settings or NotifySettings()
        self._start()

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - all slots alike
        """Take over what waits; drop what was for endpoints that are gone; begin with those that are new.

        Replays that are not done begin anew: what `control` has said of them is not said again after a setback.
        """
        self._start()
        for message in changelog:
            _ = any(state.apply(message) for state in self._states())
        now = self._clock.now()
        for key, waiting in list(self._kept.items()):
            if waiting.endpoint in self._boxes:
                self._boxes[waiting.endpoint].put(waiting)
            else:
                self._kept.remove(key)
        for name in set(self._boxes) - {key for key, _ in self._since.items()}:
            self._since.put(name, WebhookMark(name, now))
        self._take_orders()
        return self._with_changes(Plan())

    def process(self, batch: Batch) -> Plan:
        """What attempts led to; new records; a part of a replay; then hand out what is due, after the commit."""
        plan = Plan()
        self._take_in(batch.now, plan)
        for message in batch.messages:
            told = self._read(message, plan)
            if told is not None:
                began = [name for name in self._boxes if message.timestamp >= self._beginning(name)]
                self._tell(told, batch.now, began)
        self._replay(batch.now)
        self._say_parked(plan)
        plan = self._with_changes(plan)
        self._hand_out(batch.now, plan)
        return plan

    def control(self, changed: Sequence[str]) -> Plan:
        """Tell of withdrawals, once each; begin the replays that were ordered."""
        plan, now = Plan(), self._clock.now()
        for task_id in sorted({task for key in changed if (task := withdrawn_task(key, self._project))}):
            told = messages.of_withdrawal(self._project, task_id, now)
            if task_id not in self._withdrawn:
                self._withdrawn.put(task_id, WebhookMark(task_id, now))
                self._tell(told, now, self._boxes)
        self._take_orders()
        self._say_parked(plan)
        return self._with_changes(plan)

    def _start(self) -> None:
        topic = f"notify-state.{self._project}"
        self._kept = KeyedState(topic, WebhookMessage, self._codec, MESSAGES)
        self._since = KeyedState(topic, WebhookMark, self._codec, BEGINNINGS)
        self._withdrawn = KeyedState(topic, WebhookMark, self._codec, WITHDRAWALS)
        self._replayed = KeyedState(topic, WebhookReplay, self._codec, REPLAYS)
        self._boxes = {name: Outbox(self._settings) for name in self._seams.endpoints}
        self._parked: list[Parked] = []
        self._parts: list[_Part] = []

    def _states(self) -> tuple[KeyedState[Any], ...]:
        return (self._kept, self._since, self._withdrawn, self._replayed)

    def _with_changes(self, plan: Plan) -> Plan:
        for state in self._states():
            plan.outputs += state.changes()
        return plan

    def _beginning(self, name: str) -> int:
        since = self._since.get(name)
        return since.at if since else 0

    # From records to messages

    def _read(self, message: Message, plan: Plan) -> Told | None:
        try:
            return self._told(message)
        except RecordError as error:
            plan.events.append(refused(message, error.reason))
            return None

    def _told(self, message: Message) -> Told | None:
        kind, at = message.topic.partition(".")[0], message.timestamp
        if kind == "labels":
            return messages.of_label(self._project, self._codec.decode(message.value, Label), at)
        if kind == "verdicts":
            return messages.of_verdict(self._project, self._codec.decode(message.value, Verdict), at)
        return messages.of_order(self._project, self._codec.decode(message.value, WorkOrder), at)

    def _tell(self, told: Told, now: int, endpoints: Iterable[str]) -> None:
        for name in endpoints:
            if told.event not in self._seams.endpoints[name]:
                continue
            message = WebhookMessage(name, told.message_id, told.resource, told.body, told.at, 0, now)
            if self._boxes[name].full:
                self._parked.append(Parked(message, BACKLOG))
                continue
            self._boxes[name].put(message)
            self._kept.put(_key(message), message)

    # What attempts led to

    def _take_in(self, now: int, plan: Plan) -> None:
        delivered: defaultdict[str, list[WebhookMessage]] = defaultdict(list)
        for message, outcome in self._seams.courier.outcomes():
            if _key(message) not in self._kept:
                continue  # of the time before a setback; it is sent again, under its id
            plan.after.append(metrics.ATTEMPTS.labels(self._project, message.endpoint, outcome.value).inc)
            result = self._boxes[message.endpoint].ended(message, outcome, now, self._seams.chance())
            if isinstance(result, WebhookMessage):
                self._kept.put(_key(result), result)
                continue
            self._kept.remove(_key(message))
            if isinstance(result, Parked):
                self._parked.append(result)
            else:
                delivered[message.endpoint].append(message)
        for name, found in delivered.items():
            plan.events += [_event(EventType.WEBHOOK_DELIVERED, name, some) for some in _in_events(found)]

    def _say_parked(self, plan: Plan) -> None:
        parked: defaultdict[tuple[str, str], list[WebhookMessage]] = defaultdict(list)
        for one in self._parked:
            parked[one.message.endpoint, one.reason].append(one.message)
        self._parked.clear()
        for (name, reason), found in sorted(parked.items()):
            for some in _in_events(found):
                plan.events.append(_event(EventType.WEBHOOK_FAILED, name, some, "failed", reason))

    def _hand_out(self, now: int, plan: Plan) -> None:
        for box in self._boxes.values():
            plan.after += [partial(self._seams.courier.offer, message) for message in box.due(now)]

    # Replays

    def _take_orders(self) -> None:
        """Begin what is ordered, not done and not begun: a part for each endpoint it is for."""
        for signer, order in sorted(self._seams.replays().items()):
            done = self._replayed.get(signer)
            if (done is None or done.version < order.version) and not self._is_begun(signer, order):
                names = [name for name in self._boxes if order.endpoint in ("", name)]
                self._parts += [_Part(signer, order, name, self._told_before()) for name in names]
                self._note_done(signer, order)

    def _replay(self, now: int) -> None:
        """Some of the first part whose endpoint has room for it."""
        half = self._settings.waiting // 2
        part = next((it for it in self._parts if len(self._boxes[it.endpoint]) <= half), None)
        if part is None:
            return
        order, looked_at = part.order, list(islice(part.found, self._settings.replayed_a_round))
        for told in looked_at:
            if told is not None and told.at >= order.since and order.message_id in ("", told.message_id):
                self._tell(told, now, [part.endpoint])
        if len(looked_at) < self._settings.replayed_a_round:
            self._parts.remove(part)
            self._note_done(part.signer, order)

    def _is_begun(self, signer: str, order: Replay) -> bool:
        return any((part.signer, part.order) == (signer, order) for part in self._parts)

    def _note_done(self, signer: str, order: Replay) -> None:
        """Once no part is left. A later order of the same signer may have been done before."""
        done = self._replayed.get(signer)
        if not self._is_begun(signer, order) and (done is None or done.version < order.version):
            self._replayed.put(signer, WebhookReplay(signer, order.version))

    def _told_before(self) -> Iterator[Told | None]:
        """Whatever there was to tell, made anew; None for a record that tells nothing. Reads when it is asked."""
        for message in self._seams.again():
            yield self._read_again(message)
        for task_id, mark in list(self._withdrawn.items()):
            yield messages.of_withdrawal(self._project, task_id, mark.at)

    def _read_again(self, message: Message) -> Told | None:
        try:
            return self._told(message)
        except RecordError:  # said when it was read for the first time
            return None


def _key(message: WebhookMessage) -> str:
    return f"{message.endpoint}/{message.message_id}"


def _in_events(found: Sequence[WebhookMessage]) -> list[Sequence[WebhookMessage]]:
    return [found[at : at + MESSAGES_IN_AN_EVENT] for at in range(0, len(found), MESSAGES_IN_AN_EVENT)]


def _event(
    kind: EventType, endpoint: str, found: Sequence[WebhookMessage], outcome: str = "success", reason: str = ""
) -> Event:
    return Event(
        kind,
        webhook_resource(endpoint),
        outcome,
        reason=reason,
        parents=tuple(dict.fromkeys(it.resource for it in found)),
        details={"messages": str(len(found)), "since": str(min(it.at for it in found))},
    )
