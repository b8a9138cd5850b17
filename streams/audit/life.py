"""What the audit says of one task, from its origin to its joined label, in whatever order the events come.

Slots are ordered in themselves only, so nothing is concluded from an absence before the end.
Memory: about 2.2 kB a task with three labels (measured).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from schemas.records import RawReference
from streams.audit.beginnings import TASK_LIFE_MS, is_whole
from streams.audit.findings import FindingKind


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands in its slot, and when it was written."""

    slot: str
    sequence: int
    time: int

    def after(self, other: Place) -> bool:
        """Certainly later: by number within a slot (clocks may go back), by time between slots."""
        if self.slot == other.slot:
            return self.sequence > other.sequence
        return self.time > other.time


@dataclass(slots=True)
class Life:
    """One task's facts."""

    origins: tuple[RawReference, ...] = ()
    overlap: int | None = None
    begun: int = 0
    """When redact said where it comes from, in milliseconds."""
    granted: int = 0
    views: dict[str, Place] = field(default_factory=dict)
    last_view: Place | None = None
    labels: dict[str, str] = field(default_factory=dict)
    """Person by label id."""
    submitted: array[int] = field(default_factory=partial(array, "q"))
    """When each label was: 8 bytes one."""
    ahead: dict[str, Place] | None = None
    """Labels, by id, that came before the view of their person did: usually none."""
    twice: tuple[str, ...] = ()
    verdicts: int = 0
    decided: int | None = None
    """When, for the first time."""
    cited: tuple[str, ...] = ()
    joined: tuple[RawReference | None, ...] = ()
    scored: tuple[RawReference | None, ...] = ()
    """As `joined`, where the record turned out to be gold."""
    ended: int | None = None
    """When it was joined or scored, for the first time."""
    named_by: str = ""
    named: int | None = None
    """When anything was said of it, for the first time."""
    closed: bool = False
    withdrawn: tuple[Place, ...] = ()
    """Where each slot let go of it for the first time."""
    refused: bool = False

    def view(self, person: str, place: Place) -> None:
        """A person saw the task; the first time counts."""
        self.views.setdefault(person, place)
        self.last_view = place

    def submit(self, label_id: str, person: str, place: Place) -> None:
        """A person labeled the task."""
        if label_id in self.labels:
            self.twice += (label_id,)
        else:
            self.submitted.append(place.time)
        self.labels[label_id] = person
        if not self.seen_by(person, place):
            self.ahead = {**(self.ahead or {}), label_id: place}

    def name(self, event_id: str, time: int) -> None:
        """An event speaks of it; one of them is named where it comes from no record."""
        self.named_by = self.named_by or event_id
        self.named = earlier(self.named, time)

    def seen_by(self, person: str, place: Place) -> bool:
        """Whether the person is known to have viewed the task before `place`."""
        view = self.views.get(person)
        return view is not None and not view.after(place)

    def withdraw(self, place: Place) -> None:
        """A stage let go of the task; the first time of each slot counts."""
        if all(place.slot != it.slot for it in self.withdrawn):
            self.withdrawn += (place,)

    def come(self, raw: RawReference, overlap: int | None, time: int) -> None:
        """Redact said where it comes from."""
        self.begun = min(self.begun, time) if self.origins else time
        self.origins += (raw,)
        self.overlap = overlap

    def whole(self, since: int) -> bool:
        """Whether all that the audit ever said of it is there. `since`: from when on everything is."""
        return is_whole(self.begun, since) if self.known else is_whole(self.named or 0, since, TASK_LIFE_MS)

    @property
    def known(self) -> bool:
        """Whether redact said where the task comes from."""
        return bool(self.origins)

    @property
    def open(self) -> bool:
        """Not over for the annotators."""
        return self.known and not (self.closed or self.withdrawn or self.verdicts)

    @property
    def unjoined(self) -> bool:
        """Decided; neither joined or scored, nor refused or withdrawn meanwhile."""
        return self.verdicts > 0 and not (self.joined or self.scored or self.refused or self.withdrawn)


def earlier(known: int | None, time: int) -> int:
    """The earlier of two times, where the first may be none."""
    return time if known is None else min(known, time)


Problem = tuple[FindingKind, str, int | None]
"""What, in words, and since when: of what would be right if an event were here that may be on its way to a later
state of the log. None: nothing that comes can make it right.
"""


def problems(life: Life, since: int = 0) -> Iterator[Problem]:
    """What is wrong with the task once every event is in. `since`: from when on they are; of an older task nothing
    is missed.
    """
    if life.whole(since):
        yield from _missing(life)
    yield from _origin(life)
    yield from _labels(life)
    yield from _views(life)
    yield from _outcome(life)


def _missing(life: Life) -> Iterator[Problem]:
    """What should have been said of it besides."""
    if not life.known and life.named_by:
        yield FindingKind.NO_ORIGIN, f"{life.named_by} speaks of this task, but no batch has it", life.named
    if life.overlap is not None and len(life.labels) > life.overlap + life.granted:
        allowed = f"overlap {life.overlap} and {life.granted} extra"
        told = sorted(life.submitted)[life.overlap + life.granted]
        yield FindingKind.TOO_MANY_LABELS, f"{len(life.labels)} labels, allowed are {allowed}", told
    for label_id, place in (life.ahead or {}).items():
        if not life.seen_by(life.labels[label_id], place):
            yield FindingKind.NOT_VIEWED, f"label {label_id} has no view of its person before it", None
    missing = set(life.cited) - life.labels.keys()
    if missing or (life.verdicts and not life.cited):
        text = f"the verdict rests on {len(missing) or 'no'} labels nobody submitted"
        yield FindingKind.MISSING_LABELS, text, life.decided if missing else None
    if (life.joined or life.scored) and not life.verdicts:
        yield FindingKind.NO_VERDICT, "joined or scored without a verdict", life.ended


def _origin(life: Life) -> Iterator[Problem]:
    if len(life.origins) > 1:
        places = ", ".join(f"{it.topic}/{it.partition}/{it.offset}#{it.revision}" for it in life.origins)
        yield FindingKind.TWO_ORIGINS, f"the task comes from {len(life.origins)} records: {places}", None


def _labels(life: Life) -> Iterator[Problem]:
    for label_id in life.twice:
        yield FindingKind.LABELED_TWICE, f"label {label_id} was submitted twice", None
    persons = list(life.labels.values())
    if len(set(persons)) < len(persons):
        yield FindingKind.LABELED_TWICE, f"{len(persons)} labels by {len(set(persons))} persons", None


def _views(life: Life) -> Iterator[Problem]:
    view = life.last_view
    if view and any(view.slot == it.slot and view.after(it) for it in life.withdrawn):
        yield FindingKind.VIEWED_AFTER_WITHDRAWAL, f"viewed in {view.slot} after it was withdrawn there", None


def _outcome(life: Life) -> Iterator[Problem]:
    if life.verdicts > 1:
        yield FindingKind.TWO_VERDICTS, f"{life.verdicts} verdicts", None
    if len(life.joined) > 1:
        yield FindingKind.TWO_JOINED, f"{len(life.joined)} joined labels", None
    if len(life.scored) > 1:
        yield FindingKind.TWO_JOINED, f"scored {len(life.scored)} times", None
    if life.joined and life.scored:
        yield FindingKind.GOLD_JOINED, "scored as gold, and joined as if it were real", None
    ends = (*life.joined, *life.scored)
    if life.known and any(raw not in life.origins for raw in ends):
        yield FindingKind.NO_ORIGIN, "joined to a record the task does not come from", None
