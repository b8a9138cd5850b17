"""Where what is known of people is kept: `decide-state.P`, one record a person and one for the version.

Written in the transaction of the verdict it was learned from, so that a crash neither forgets nor repeats it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from schemas.codec import Codec
from schemas.gold import NOT, ScoredQuestion
from schemas.states import AnswerCount, Reviewer, ReviewerSnapshot, TruthCount
from streams.decide.questions import is_span
from streams.decide.reviewers import Answers, Learned, Snapshot, calibrated, learned
from streams.engine.messages import Message, Outgoing
from streams.engine.state import KeyedState

PREFIX = "reviewer/"
VERSION_PREFIX = "snapshot/"
_KEY = "reviewers"


class ReviewerBook:
    """The latest snapshot of a project. `topic` is the changelog it shares with the tasks."""

    def __init__(self, topic: str, codec: Codec) -> None:
        self._people = KeyedState(topic, Reviewer, codec, PREFIX)
        self._versions = KeyedState(topic, ReviewerSnapshot, codec, VERSION_PREFIX)

    def apply(self, message: Message) -> bool:
        """Take over one changelog record; False where it is another state's."""
        return self._people.apply(message) or self._versions.apply(message)

    def of(self, people: Iterable[str]) -> Snapshot:
        """The snapshot, as far as it knows these people."""
        known = [reviewer for person in people if (reviewer := self._people.get(person))]
        state = self._versions.get(_KEY)
        people = {it.person: _answers(it.counts) for it in known}
        if state is None:
            return Snapshot(people=people)
        return Snapshot(state.version, _truths(state.truths), _answers(state.everyone), people)

    def learn(self, snapshot: Snapshot, questions: Sequence[Learned]) -> None:
        """Count in what a verdict tells. `snapshot` is the latest one, as far as it knows the verdict's people."""
        if not questions:
            return
        self._keep(learned(snapshot, questions))

    def _keep(self, following: Snapshot) -> None:
        for person, kinds in following.people.items():
            self._people.put(person, Reviewer(person, tuple(_answer_counts(kinds))))
        truths, everyone = tuple(_truth_counts(following.truths)), tuple(_answer_counts(following.everyone))
        self._versions.put(_KEY, ReviewerSnapshot(following.version, truths, everyone))

    def calibrate(self, person: str, questions: Sequence[ScoredQuestion]) -> None:
        """Count in what a person answered on gold, and the labels that were rightly set by nobody."""
        known = self.of([person])
        answers = [(it.question, it.truth, it.answer) for it in questions]
        heard = {it.question for it in questions}
        answers += [(kind, NOT, NOT) for kind in sorted(known.truths) if kind not in heard and is_span(kind)]
        self._keep(calibrated(known, person, answers))

    def changes(self) -> list[Outgoing]:
        """Changes since the last call, as records for the changelog."""
        return [*self._people.changes(), *self._versions.changes()]


def _truths(counts: Iterable[TruthCount]) -> dict[str, dict[str, float]]:
    kinds: dict[str, dict[str, float]] = {}
    for it in counts:
        kinds.setdefault(it.question, {})[it.truth] = it.count
    return kinds


def _answers(counts: Iterable[AnswerCount]) -> dict[str, dict[tuple[str, str], float]]:
    kinds: dict[str, dict[tuple[str, str], float]] = {}
    for it in counts:
        kinds.setdefault(it.question, {})[it.truth, it.answer] = it.count
    return kinds


def _truth_counts(kinds: Mapping[str, Mapping[str, float]]) -> Iterator[TruthCount]:
    for kind, counts in sorted(kinds.items()):
        for truth, count in sorted(counts.items()):
            yield TruthCount(kind, truth, count)


def _answer_counts(kinds: Mapping[str, Answers]) -> Iterator[AnswerCount]:
    for kind, counts in sorted(kinds.items()):
        for (truth, answer), count in sorted(counts.items()):
            yield AnswerCount(kind, truth, answer, count)
