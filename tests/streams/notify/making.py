"""Records, a receiver and a stage for the tests of notify."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from schemas.codec import Codec, FixedIds
from schemas.control import Replay
from schemas.records import FieldShape, Label, LabelOutcome, LabelSpan, Verdict, VerdictStatus
from schemas.states import WebhookMessage
from streams.engine.messages import Message
from streams.engine.processor import Batch, Plan, Slot
from streams.notify.posting import Outcome
from streams.notify.processor import NotifyProcessor, Seams
from streams.notify.settings import NotifySettings
from topology.webhooks import WebhookEvent

CODEC = Codec(FixedIds())
SLOT = Slot("notify.demo.0", 1, "notify.demo", "demo")
SECRETS_OF_A_RECORD = ("customer.jane", "PERSON_LABEL", "ann-1", "angry")
"""Field path, label, person and choice: what no message may hold."""


def label(number: int = 1, **changes: Any) -> Label:
    values: dict[str, Any] = {
        "label_id": f"{number:032x}-1",
        "task_id": f"{number:032x}",
        "revision": 1,
        "bundle": "bundle",
        "policy": "policy",
        "segment_id": "redact.demo.0/1/0",
        "overlap": 1,
        "extra": 0,
        "person": "ann-1",
        "outcome": LabelOutcome.LABEL,
        "reason": "",
        "spans": (LabelSpan("customer.jane", 0, 4, "PERSON_LABEL"),),
        "choices": {"tone": "angry"},
        "fields": (FieldShape("customer.jane", 40),),
        "leased_at": 1,
        "submitted_at": 2,
    }
    return Label(**(values | changes))


def verdict(number: int = 1) -> Verdict:
    it = label(number)
    return Verdict(
        it.task_id, 1, "bundle", "policy", it.segment_id, VerdictStatus.AGREED, "majority/1", 0.91239, (), (), (),
        it.fields, 5, why="agreed",
    )  # fmt: skip


def message(record: object, topic: str = "labels.demo", offset: int = 0, at: int = 1_000) -> Message:
    value = record if isinstance(record, bytes) else CODEC.encode(record)
    return Message(topic, 0, offset, b"key", value, timestamp=at)


class Standing:
    ms = 1_000

    def now(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000

    def wait(self, seconds: float) -> None:
        raise AssertionError("notify never waits")


@dataclass
class Pouch:
    """A courier that keeps what it is given; tests say how it went."""

    offered: list[WebhookMessage] = field(default_factory=list)
    ended: list[tuple[WebhookMessage, Outcome]] = field(default_factory=list)

    def offer(self, message: WebhookMessage) -> None:
        self.offered.append(message)

    def outcomes(self) -> list[tuple[WebhookMessage, Outcome]]:
        found, self.ended = self.ended, []
        return found

    def stop(self) -> None: ...

    def end_all(self, outcome: Outcome) -> None:
        self.ended += [(it, outcome) for it in self.offered]
        self.offered = []


@dataclass
class Desk:
    """The stage with what was committed; a restart knows nothing else."""

    endpoints: Mapping[str, frozenset[WebhookEvent]] = field(
        default_factory=lambda: {"warehouse": frozenset(WebhookEvent)}
    )
    settings: NotifySettings = field(default_factory=NotifySettings)
    topic: list[Message] = field(default_factory=list)
    orders: dict[str, Replay] = field(default_factory=dict)
    committed: list[Message] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    clock: Standing = field(default_factory=Standing)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.courier = Pouch()
        seams = Seams(self.endpoints, self.courier, lambda: iter(self.topic), lambda: self.orders, lambda: 0.0)
        self.processor = NotifyProcessor("demo", CODEC, self.clock, seams, self.settings)
        self.commit(self.processor.restore(SLOT, self.committed))

    def commit(self, plan: Plan) -> Plan:
        self.committed += [Message(it.topic, 0, len(self.committed), it.key, it.value) for it in plan.outputs]
        self.events += plan.events
        for act in plan.after:
            act()
        return plan

    def read(self, *messages: Message) -> Plan:
        """Committed."""
        self.topic += messages
        return self.commit(self.processor.process(Batch(messages, [], {}, self.clock.ms)))

    def lost(self, *messages: Message) -> None:
        """Processed, never committed."""
        self.processor.process(Batch(messages, [], {}, self.clock.ms))

    def set_back(self) -> None:
        """As the loop after any setback: the same process restores; what `control` said was said."""
        self.commit(self.processor.restore(SLOT, self.committed))

    def control(self, *keys: str) -> None:
        self.commit(self.processor.control(keys))

    def waiting(self) -> set[bytes]:
        kept = {it.key: it.value for it in self.committed if it.key.startswith(b"message/")}
        return {key for key, value in kept.items() if value is not None}


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """An HTTP server of a receiver's own. `answer` gives the status, and may block."""

    def __init__(self, answer: Callable[[Received], int] = lambda _: 204) -> None:
        self.seen: list[Received] = []
        self.changed = threading.Condition()
        self.headers: dict[str, str] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                found = Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                status = answer(found)
                with receiver.changed:
                    receiver.seen.append(found)
                    receiver.changed.notify_all()
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/veil"

    def wait(self, wanted: Callable[[list[Received]], bool], timeout: float = 20) -> list[Received]:
        with self.changed:
            assert self.changed.wait_for(lambda: wanted(self.seen), timeout), [it.path for it in self.seen]
            return list(self.seen)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@contextmanager
def receiving(answer: Callable[[Received], int] = lambda _: 204) -> Iterator[Receiver]:
    receiver = Receiver(answer)
    try:
        yield receiver
    finally:
        receiver.stop()
