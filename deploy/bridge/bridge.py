"""The bridge at work: looks at both sides, does what `deciding` says. It remembers only the lease it holds, and
asking label again gives that one; so it may be killed anywhere.

What it raises: what the label client raises but Refused, and what a `Studio` raises.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from deploy.bridge.deciding import (
    Action,
    Extend,
    GiveBack,
    Held,
    Remove,
    Show,
    Skip,
    Submit,
    Terms,
    decide,
)
from deploy.bridge.shown import Json, ours, to_show
from schemas.errors import AccessDenied, Refused
from schemas.records import LabelSpan
from streams.engine.clock import Clock
from streams.label.commands import ReleaseReason, SkipReason
from streams.label.forms import EndedView, HeartbeatView, LabelsView, LeaseView


class Queue(Protocol):
    """The calls of `LabelClient` that the bridge makes, as its person. Block; raise as that does."""

    def lease(self) -> LeaseView | None: ...

    def heartbeat(self, lease: LeaseView) -> HeartbeatView: ...

    def label(
        self, lease: LeaseView, spans: Sequence[LabelSpan], choices: Mapping[str, str], *, key: str
    ) -> EndedView: ...

    def skip(self, lease: LeaseView, reason: SkipReason) -> EndedView: ...

    def release(self, lease: LeaseView, reason: ReleaseReason) -> EndedView: ...


class Studio(Protocol):
    """One project of a Label Studio. Blocks; raises StudioUnavailable, ConfigError, AccessDenied."""

    def tasks(self) -> Sequence[object]:
        """All of its tasks with their annotations."""
        ...

    def check(self, labels: LabelsView) -> None:
        """Raise ConfigError where no text may go there any more, or where it asks for other labels."""
        ...

    def show(self, task: Json) -> None:
        """Put a task there."""
        ...

    def remove(self, number: int) -> None:
        """Take a task out with all that was made of it; nothing where it is gone."""
        ...


@dataclass(slots=True)
class Tally:
    """What became of the tasks. `returned`: how many, by why; `lost`: their lease was over before the answer."""

    shown: int = 0
    labeled: int = 0
    skipped: int = 0
    lost: int = 0
    returned: Counter[str] = field(default_factory=Counter)


class Bridge:
    """One person's, from one project of ours to one there. One thread."""

    def __init__(self, queue: Queue, studio: Studio, terms: Terms, clock: Clock) -> None:
        self._queue = queue
        self._studio = studio
        self._terms = terms
        self._clock = clock
        self._held: Held | None = None
        self.tally = Tally()

    def step(self) -> None:
        """One look at both sides. After an error the next look goes on."""
        shown = ours(self._studio.tasks())
        if self._held is None:
            self._held = self._take()
        for action in decide(self._held, shown, self._terms, self._clock.now()):
            self._do(action)

    def clear(self) -> None:
        """Take out all that lies there, then give back what is held: for the end."""
        for it in ours(self._studio.tasks()):
            self._studio.remove(it.number)
        if self._held is not None:
            self._release(self._held.lease, ReleaseReason.END_OF_SHIFT)

    def _take(self) -> Held | None:
        try:
            lease = self._queue.lease()
        except Refused:  # withdrawn while it was opened, or it never opens: the next one is another
            return None
        return Held(lease, self._clock.now()) if lease is not None else None

    def _do(self, action: Action) -> None:
        if isinstance(action, Remove):
            self._studio.remove(action.number)
        elif self._held is not None:
            self._of_lease(action, self._held.lease)

    def _of_lease(self, action: Action, lease: LeaseView) -> None:
        match action:
            case Show():
                self._studio.check(lease.labels)
                self._studio.show(to_show(lease, self._terms.fields, self._clock.now()))
                self.tally.shown += 1
            case Extend(number):
                self._extend(lease, number)
            case Submit():
                self._submit(lease, action)
            case Skip():
                self._skip(lease)
            case GiveBack(reason, why):
                self._release(lease, reason)
                self.tally.returned[why] += 1

    def _extend(self, lease: LeaseView, number: int) -> None:
        try:
            self._queue.heartbeat(lease)
        except Refused:
            self._held = None
            self.tally.lost += 1
            self._studio.remove(number)
        except AccessDenied:
            self._studio.remove(number)
            raise
        else:
            self._held = Held(lease, self._clock.now())

    def _submit(self, lease: LeaseView, answer: Submit) -> None:
        try:
            self._queue.label(lease, answer.result.spans, answer.result.choices, key=answer.key)
        except Refused as refused:  # over meanwhile, or it does not fit the policy: then it is given back
            self._release(lease, ReleaseReason.TECHNICAL)
            self.tally.returned[refused.reason] += 1
        else:
            self.tally.labeled += 1
            self._held = None

    def _skip(self, lease: LeaseView) -> None:
        try:
            self._queue.skip(lease, SkipReason.UNCLEAR)
        except Refused:
            self.tally.lost += 1
        else:
            self.tally.skipped += 1
        self._held = None

    def _release(self, lease: LeaseView, reason: ReleaseReason) -> None:
        with contextlib.suppress(Refused):  # it is over already
            self._queue.release(lease, reason)
        self._held = None
