"""The bridge at work: looks at both sides, does what `deciding` says. It remembers the lease it holds, and
asking label again gives that one; so it may be killed anywhere.

What it raises: what the label client raises but Refused, and what a `Studio` raises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from deploy.bridge.deciding import (
    Action,
    Extend,
    GiveBack,
    GiveUp,
    Held,
    Remove,
    Show,
    Skip,
    Submit,
    Terms,
    Why,
    decide,
    is_over,
    not_shown,
    taken,
)
from deploy.bridge.presence import Presence
from deploy.bridge.settings import CLOCKS_S, MOST_UNSHOWN
from deploy.bridge.shown import Json, Shown, ours, to_show
from schemas.errors import AccessDenied, ConfigError, DependencyError, Reason, Refused, VeilError
from schemas.records import LabelSpan
from streams.engine.clock import Clock
from streams.label.client import Unreasoned
from streams.label.commands import ReleaseReason, SkipReason
from streams.label.forms import EndedView, HeartbeatView, LabelsView, LeaseView

Said = TypeVar("Said")
_STANDS = {Reason.IDEMPOTENCY_CONFLICT, Reason.ALREADY_SUBMITTED}
"""Label has an answer of this lease already, and only we send any."""


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
    """The projects of a bridge in a Label Studio. Blocks; raises StudioUnavailable, ConfigError, AccessDenied."""

    def tasks(self) -> Sequence[object]:
        """All of its tasks with their annotations. Refuses nothing: what lies there has to be found."""
        ...

    def check(self, labels: LabelsView) -> str:
        """The title of the project for tasks with these labels. Raises ConfigError where no text may go there."""
        ...

    def check_asked(self, number: int, labels: LabelsView) -> None:
        """Raise ConfigError where the project of this task asks for other labels than these."""
        ...

    def show(self, task: Json) -> None:
        """Put a task into the project that was checked last."""
        ...

    def remove(self, number: int) -> None:
        """Take a task out with all that was made of it; nothing where it is gone."""
        ...

    def last_activity(self, account: int) -> str:
        """When that account last did something there, as it says itself; empty where it does not."""
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
    """One person's, from one project of ours to one there. One thread. `tell`: what became of a task without an
    answer.
    """

    def __init__(
        self, queue: Queue, studio: Studio, terms: Terms, clock: Clock, tell: Callable[[str], None]
    ) -> None:
        self._queue = queue
        self._studio = studio
        self._terms = terms
        self._clock = clock
        self._tell = tell
        self._held: Held | None = None
        self._presence = Presence(lambda: studio.last_activity(terms.account), tell)
        self._stuck: set[int] = set()
        """What lies there and could not be taken out."""
        self._title = ""
        """Of the project there in which the last task was shown."""
        self._unshown = 0
        """Tasks in a row that have a field which is not shown."""
        self.tally = Tally()

    def check(self, labels: LabelsView) -> None:
        """Tell where tasks with these labels go, if elsewhere than before. Raises ConfigError where none may."""
        title = self._studio.check(labels)
        if title != self._title:
            self._title = title
            self._tell(f"shows tasks in the project “{title}”")

    def step(self) -> None:
        """One look at both sides. After an error the next look goes on."""
        shown = ours(self._studio.tasks())
        self._stuck &= {it.number for it in shown}
        if self._held is None and self._presence.is_there():
            self._remove(self._stuck)  # a text opened beside it would be a view, and not shown
            self._held = self._take(shown)
        mine = {it.number for it in shown if self._held and it.lease_id == self._held.lease.lease_id}
        self._carry_out(decide(self._held, shown, self._terms, self._clock.now()), mine)

    def take_over(self) -> None:
        """Submit, or skip, what is answered by now, and nothing else: for the end, before all is taken out."""
        shown = ours(self._studio.tasks()) if self._held is not None else []
        for action in decide(self._held, shown, self._terms, self._clock.now()):
            if isinstance(action, Submit | Skip):
                self._do(action)

    def take_out(self) -> None:
        """All of ours that lies there."""
        take_out(self._studio, ours(self._studio.tasks()))

    def give_back(self) -> None:
        """What is held."""
        if self._held is None:
            return
        if self._held.giving_back is not None:
            self._give_back(self._held, self._held.giving_back)
        else:
            self._release(self._held, ReleaseReason.END_OF_SHIFT)

    def _carry_out(self, actions: Iterable[Action], mine: set[int]) -> None:
        """In order. What can't be taken out costs nobody an answer: it is told after that."""
        failed: VeilError | None = None
        for action in actions:
            if self._waits(action, mine):
                continue
            try:
                self._do(action)
            except VeilError as error:
                if not isinstance(action, Remove):
                    raise
                failed = failed or error
        if failed is not None:
            raise failed

    def _waits(self, action: Action, mine: set[int]) -> bool:
        """Nothing is put beside a text that can't be taken out, and no task given back while it is its own."""
        match action:
            case Show():
                return bool(self._stuck)
            case GiveBack():
                return bool(self._stuck & mine)
        return False

    def _remove(self, numbers: Collection[int]) -> None:
        failed = _removed(self._studio, numbers)
        self._stuck = self._stuck - set(numbers) | set(failed)
        for error in failed.values():
            raise error

    def _take(self, shown: Sequence[Shown]) -> Held | None:
        try:
            lease = _heard(self._queue.lease)
        except Refused:  # withdrawn while it was opened, or it never opens: the next one is another
            return None
        except DependencyError:
            now = self._clock.now()
            take_out(self._studio, [it for it in shown if is_over(it, self._terms.keep_ms, now)])
            raise
        return None if lease is None else self._taken(lease)

    def _taken(self, lease: LeaseView) -> Held:
        """Label gives no lease that is over; by our clock it may be, where the two are apart."""
        now = self._clock.now()
        if (over_ms := now - lease.expires_at) >= CLOCKS_S * 1000:
            self._held = taken(lease, self._terms, now)  # goes back at the end
            raise ConfigError(
                f"the clocks differ: a lease that label gives was over {over_ms / 1000:.0f} s ago by this"
                " machine's; set either right"
            )
        return taken(lease, self._terms, now)

    def _do(self, action: Action) -> None:
        if isinstance(action, Remove):
            self._remove(action.numbers)
        elif self._held is not None:
            self._of_lease(action, self._held)

    def _of_lease(self, action: Action, held: Held) -> None:
        match action:
            case Show():
                self._show(held.lease)
            case Extend(number):
                self._extend(held, number)
            case Submit():
                self._submit(held, action)
            case Skip():
                self._skip(held)
            case GiveBack():
                self._give_back(held, action)
                self._beware(held.lease, action.why)
            case GiveUp():
                self._ended(held, labeled=False)

    def _show(self, lease: LeaseView) -> None:
        self.check(lease.labels)
        self._studio.show(to_show(lease, self._terms.fields, self._clock.now()))
        self.tally.shown += 1
        self._unshown = 0

    def _extend(self, held: Held, number: int) -> None:
        try:
            extended = _heard(lambda: self._queue.heartbeat(held.lease))
        except Refused as refused:
            self._ended(held, labeled=_stands(held, refused))
            self._remove([number])
        except AccessDenied:
            self._remove([number])
            raise
        else:
            self._held = replace(held, extended_at=self._clock.now(), expires_at=extended.expires_at)

    def _submit(self, held: Held, answer: Submit) -> None:
        try:
            self._studio.check_asked(answer.number, held.lease.labels)
        except ConfigError:  # who knows what the answer is an answer to
            self._held = replace(held, giving_back=GiveBack(ReleaseReason.TECHNICAL, Why.ASKED_OTHERWISE))
            raise
        said = answer.result
        try:
            _heard(lambda: self._queue.label(held.lease, said.spans, said.choices, key=answer.key))
        except DependencyError:
            self._held = replace(held, in_doubt=True)
            raise
        except Refused as refused:
            if _stands(held, refused):
                self._ended(held, labeled=True)
            else:  # over meanwhile, or it does not fit the policy
                self._give_back(held, GiveBack(ReleaseReason.TECHNICAL, refused.reason))
        else:
            self._ended(held, labeled=True)

    def _ended(self, held: Held, *, labeled: bool) -> None:
        self._held = None
        if labeled:
            self.tally.labeled += 1
        else:
            self.tally.lost += 1
            self._tell(f"task {held.lease.task_id}: its lease was over before it was answered")

    def _skip(self, held: Held) -> None:
        try:
            _heard(lambda: self._queue.skip(held.lease, SkipReason.UNCLEAR))
        except Refused as refused:
            self._ended(held, labeled=_stands(held, refused))
        else:
            self.tally.skipped += 1
            self._held = None

    def _give_back(self, held: Held, action: GiveBack) -> None:
        self._held = replace(held, giving_back=action)  # until label has taken it
        if self._release(held, action.reason):
            self.tally.returned[action.why] += 1
            self._tell(f"task {held.lease.task_id}: given back, {action.why}")

    def _beware(self, lease: LeaseView, why: str) -> None:
        """Of opening one text after the other for nobody."""
        if why == Why.NOT_ANSWERED:
            self._presence.left()
        elif why == Why.FIELD_NOT_SHOWN:
            self._check_shown(lease)

    def _check_shown(self, lease: LeaseView) -> None:
        self._unshown += 1
        if self._unshown >= MOST_UNSHOWN:
            fields = ", ".join(not_shown(lease, self._terms))
            raise ConfigError(
                f"{self._unshown} tasks in a row have fields that are not shown, the last of them {fields};"
                " give a --field for each, as the task calls it"
            )

    def _release(self, held: Held, reason: ReleaseReason) -> bool:
        """Whether it is open again; or the lease was over already."""
        try:
            _heard(lambda: self._queue.release(held.lease, reason))
        except Refused as refused:
            if _stands(held, refused):
                self._ended(held, labeled=True)
                return False
        self._held = None
        return True


def _heard(call: Callable[[], Said]) -> Said:
    """What label says. A page of a proxy in between is no refusal: it is waited for."""
    try:
        return call()
    except Unreasoned as error:
        raise DependencyError(f"{error}; who is in between?") from None


def _stands(held: Held, refused: Refused) -> bool:
    """Whether the answer that nobody has heard of is a label."""
    return held.in_doubt and refused.reason in _STANDS


def take_out(studio: Studio, shown: Iterable[Shown]) -> None:
    """Each, whatever becomes of the others; raises the first error after that."""
    for error in _removed(studio, [it.number for it in shown]).values():
        raise error


def _removed(studio: Studio, numbers: Iterable[int]) -> dict[int, VeilError]:
    """Each, whatever becomes of the others; what failed."""
    failed: dict[int, VeilError] = {}
    for number in numbers:
        try:
            studio.remove(number)
        except VeilError as error:
            failed[number] = error
    return failed
