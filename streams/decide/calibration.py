"""What scores on gold lead to: people's error rates known better, and who is below the bar paused.

Decide hears of gold only here, after the verdict, and person by person: nothing in a score names a task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.control import readmitted_person
from schemas.gold import PersonGold, PersonScore, StandingReason
from schemas.resources import project_resource
from streams.decide import standing
from streams.decide.reviewer_book import ReviewerBook
from streams.engine.messages import Message, Outgoing
from streams.engine.processor import Plan
from streams.engine.state import KeyedState

PREFIX = "gold/"


def _no_bar(_policy: str) -> None:
    """No policy asks for anything."""


def _never(_person: str) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class GoldSeams:
    """What calibration needs from the outside. Without them people are calibrated, and nobody is paused."""

    bar_of: Callable[[str], float | None] = _no_bar
    """The share of right answers that a policy asks for, by its hash; None: for none, or it isn't here yet."""
    readmitted: Callable[[str], int] = _never
    """The version of the latest order that a person may label again; 0: none."""


class Calibration:
    """One project's people and their answers on gold, in `decide-state.P`."""

    def __init__(self, project: str, codec: Codec, seams: GoldSeams) -> None:
        self._project = project
        self._codec = codec
        self._seams = seams
        self._people = KeyedState(f"decide-state.{project}", PersonGold, codec, PREFIX)

    def apply(self, message: Message) -> bool:
        """Take over one changelog record; False where it is another state's."""
        return self._people.apply(message)

    def changes(self) -> list[Outgoing]:
        """Changes since the last call, as records for the changelog."""
        return self._people.changes()

    def take(self, score: PersonScore, reviewers: ReviewerBook | None, now: int, plan: Plan) -> None:
        """One person's answers to one record. `reviewers` learn from it, where verdicts rest on them."""
        if reviewers is not None:
            reviewers.calibrate(score.person, score.questions)
        known = self._people.get(score.person) or standing.unknown(score.person)
        known = standing.answered(known, score.questions)
        bar = self._seams.bar_of(score.policy)
        if bar is not None and standing.is_below(known, bar):
            known = standing.paused(known, now)
            details = {
                "policy": score.policy,
                "answered": str(len(known.recent)),
                "matched": str(sum(known.recent)),
                "bar": f"{bar}",
            }
            self._tell(known, StandingReason.BELOW_BAR, EventType.PERSON_PAUSED, details, plan)
        self._people.put(score.person, known)

    def readmit(self, changed: Iterable[str], now: int, plan: Plan) -> None:
        """Obey orders to let people label again, each once: after a start `control` shows every one there was."""
        people = {person for key in changed if (person := readmitted_person(key, self._project))}
        for person in sorted(people):
            version = self._seams.readmitted(person)
            known = self._people.get(person) or standing.unknown(person)
            if version <= known.readmitted:
                continue
            admitted = standing.readmitted(known, version, now)
            if known.paused:
                details = {"version": str(version)}
                self._tell(admitted, StandingReason.READMITTED, EventType.PERSON_RESUMED, details, plan)
            self._people.put(person, admitted)

    def _tell(
        self, known: PersonGold, reason: StandingReason, event: EventType, details: dict[str, str], plan: Plan
    ) -> None:
        told = standing.standing(known, reason)
        plan.outputs.append(Outgoing(f"people.{self._project}", known.person.encode(), self._codec.encode(told)))
        plan.events.append(
            Event(
                event,
                project_resource(self._project),
                person=known.person,
                reason=reason.value,
                details=details,
            )
        )
