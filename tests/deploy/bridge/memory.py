"""A queue and a Label Studio in memory, which fail where they are told to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from deploy.bridge.bridge import Bridge, Studio
from deploy.bridge.deciding import Terms
from deploy.bridge.server import StudioUnavailable
from schemas.errors import AccessDenied, ConfigError, Reason, Refused
from streams.label.client import QueueUnavailable, Unreasoned
from streams.label.forms import EndedView, HeartbeatView, LabelsView, LeaseView

LABELS = LabelsView(spans=["PRODUCT"], choices={})
FIELDS = ("note",)
MARK = "Veilstream: demo · ann-1"
ANN, DOT = 7, 8
LEASE_MS, BEAT_MS, KEEP_MS = 300_000, 30_000, 600_000


class Crashed(Exception):
    """The process was killed here."""


class Fuse:
    """Counts calls; the one that is chosen ends the process, before or after it has had its effect."""

    def __init__(self) -> None:
        self.calls = 0
        self.blows: dict[int, bool] = {}

    def __call__(self, act: Callable[[], Any]) -> Any:
        self.calls += 1
        after = self.blows.pop(self.calls, None)
        if after is False:
            raise Crashed
        answer = act()
        if after:
            raise Crashed
        return answer


class Clock:
    def __init__(self) -> None:
        self.ms = 1_000_000

    def now(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000

    def wait(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)


@dataclass
class MemoryQueue:
    """Tasks by number, leased one at a time to one person, as label does."""

    clock: Clock
    fuse: Fuse
    texts: dict[str, str] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    """How each task ended."""
    labels: dict[str, tuple[str, list]] = field(default_factory=dict)
    """By lease: the key and the spans."""
    tokens: dict[str, int] = field(default_factory=dict)
    current: tuple[str, int] | None = None
    """The open lease, and until when."""
    granted: dict[str, int] = field(default_factory=dict)
    """Until when each lease was to last, when it was last extended."""
    denied: bool = False
    away: bool = False
    """Answers nothing, and does nothing."""
    proxy: bool = False
    """Somebody in between answers with a page of their own, and label hears nothing."""
    mute: bool = False
    """Does what it is asked, and answers nothing."""

    def lease(self) -> LeaseView | None:
        return self._answered(self._lease)

    def _lease(self) -> LeaseView | None:
        if self.denied:
            raise AccessDenied("the label API answered 403: revoked")
        self._expire()
        if self.current is None:
            free = [task for task in self.texts if task not in self.ended]
            if not free:
                return None
            task = min(free, key=lambda it: (self.tokens.get(it, 0), it))
            self.tokens[task] = self.tokens.get(task, 0) + 1
            self.current = (f"{task}-{self.tokens[task]}", self.clock.ms + LEASE_MS)
        lease_id = self.current[0]
        self.granted[lease_id] = self.current[1]
        task = lease_id.rpartition("-")[0]
        return view(lease_id, self.texts[task], self.current[1])

    def heartbeat(self, lease: LeaseView) -> HeartbeatView:
        def act() -> HeartbeatView:
            if self.denied:
                raise AccessDenied("the label API answered 403: outside_hours")
            self._check(lease)
            self.current = (lease.lease_id, self.clock.ms + LEASE_MS)
            self.granted[lease.lease_id] = self.current[1]
            return HeartbeatView(lease_id=lease.lease_id, fencing_token=1, expires_at=self.current[1])

        return self._answered(act)

    def label(self, lease: LeaseView, spans: Any, choices: Any, *, key: str) -> EndedView:
        def act() -> EndedView:
            if lease.lease_id in self.labels:
                if self.labels[lease.lease_id] != (key, list(spans)):
                    same = self.labels[lease.lease_id][0] == key
                    raise Refused(Reason.IDEMPOTENCY_CONFLICT if same else Reason.ALREADY_SUBMITTED)
                return _ended(lease)
            self._check(lease)
            if any(span.label not in LABELS.spans for span in spans):
                raise Refused(Reason.UNKNOWN_LABEL)
            self.labels[lease.lease_id] = (key, list(spans))
            return self._end(lease, "label")

        return self._answered(act)

    def skip(self, lease: LeaseView, reason: Any) -> EndedView:
        def act() -> EndedView:
            self._check(lease)
            return self._end(lease, "skip")

        return self._answered(act)

    def release(self, lease: LeaseView, reason: Any) -> EndedView:
        def act() -> EndedView:
            self._check(lease)
            self.current = None
            return _ended(lease)

        return self._answered(act)

    def withdraw(self) -> None:
        """Somebody has the task that is held withdrawn."""
        self._expire()
        if self.current is not None:
            self.ended[self.current[0].rpartition("-")[0]] = "withdrawn"
            self.current = None

    def held(self) -> str | None:
        self._expire()
        return self.current[0] if self.current else None

    def _answered(self, act: Callable[[], Any]) -> Any:
        if self.away:
            raise QueueUnavailable("the label API does not answer")
        if self.proxy:
            raise Unreasoned(Reason.BAD_REQUEST, "the label API answered 404 and no reason")
        answer = self.fuse(act)
        if self.mute:
            raise QueueUnavailable("the label API does not answer")
        return answer

    def _end(self, lease: LeaseView, how: str) -> EndedView:
        self.ended[lease.task_id] = how
        self.current = None
        return _ended(lease)

    def _check(self, lease: LeaseView) -> None:
        self._expire()
        if lease.lease_id in self.labels:
            raise Refused(Reason.ALREADY_SUBMITTED)
        if self.current is None or self.current[0] != lease.lease_id:
            raise Refused(Reason.LEASE_EXPIRED)

    def _expire(self) -> None:
        if self.current is not None and self.current[1] <= self.clock.ms:
            self.current = None


@dataclass
class MemoryStudio:
    """One project of a Label Studio."""

    fuse: Fuse
    held: dict[int, dict[str, Any]] = field(default_factory=dict)
    made: int = 0
    trusted: bool = True
    asks_the_same: bool = True
    broken: set[int] = field(default_factory=set)
    """Tasks that it does not take out."""
    activity: str = "2026-11-30T09:00:00Z"

    def tasks(self) -> list[object]:
        return self.fuse(lambda: list(self.held.values()))

    def check(self, labels: LabelsView) -> str:
        if not self.trusted:
            raise ConfigError("Label Studio: does not say that its analytics are off")
        self.check_asked(0, labels)
        return "demo"

    def check_asked(self, number: int, labels: LabelsView) -> None:
        if not self.asks_the_same:
            raise ConfigError("Label Studio: its project has another labeling configuration than ours")

    def show(self, task: dict[str, Any]) -> None:
        def act() -> None:
            self.made += 1
            self.held[self.made] = task | {"id": self.made, "annotations": []}

        self.fuse(act)

    def remove(self, number: int) -> None:
        if number in self.broken:
            raise StudioUnavailable("Label Studio answers 500")
        self.fuse(lambda: self.held.pop(number, None))

    def last_activity(self, account: int) -> str:
        return self.fuse(lambda: self.activity)

    def annotate(self, number: int, by: int, spans: list[tuple[int, int, str]], *, cancelled: bool = False) -> int:
        """What somebody answers there; the annotation's number."""
        self.made += 1
        given = {"id": self.made, "completed_by": by, "updated_by": by, "was_cancelled": cancelled}
        self.held[number]["annotations"].append(given | {"result": [region(*span) for span in spans]})
        return self.made


@dataclass
class World:
    """Both sides, and a bridge between them that can be started anew."""

    clock: Clock
    fuse: Fuse
    queue: MemoryQueue
    studio: MemoryStudio
    told: list[str] = field(default_factory=list)

    def bridge(self, *fields: str) -> Bridge:
        """One that shows these fields, or those of the tasks."""
        return bridge_of(self, self.studio, ANN, fields or FIELDS)

    def only(self) -> dict[str, Any]:
        (task,) = self.studio.held.values()
        return task


def bridge_of(world: World, studio: Studio, account: int = ANN, fields: tuple[str, ...] = FIELDS) -> Bridge:
    """From the queue of `world` to any Label Studio."""
    terms = Terms(account, fields, KEEP_MS, BEAT_MS)
    return Bridge(world.queue, studio, terms, world.clock, world.told.append)


def make_world(*texts: str) -> World:
    clock, fuse = Clock(), Fuse()
    queue = MemoryQueue(clock, fuse, {f"{number:032x}": text for number, text in enumerate(texts)})
    return World(clock, fuse, queue, MemoryStudio(fuse))


def view(lease_id: str, text: str, expires_at: int = 0, fields: dict[str, str] | None = None) -> LeaseView:
    task, _, token = lease_id.rpartition("-")
    return LeaseView(
        lease_id=lease_id,
        fencing_token=int(token),
        expires_at=expires_at,
        task_id=task,
        fields=fields or {"note": text},
        placeholders={},
        labels=LABELS,
    )


def region(start: int, end: int, label: str, text: str | None = None) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": [label]} | ({} if text is None else {"text": text})
    return {"id": "r", "from_name": "labels_0", "to_name": "field_0", "type": "labels", "value": value}


def _ended(lease: LeaseView) -> EndedView:
    return EndedView(lease_id=lease.lease_id, task_id=lease.task_id, outcome="", ended_at=0)
