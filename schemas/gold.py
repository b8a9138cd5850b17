"""Records about gold: what is known of a synthetic record, how people and the redactor did on it, who is paused.

None holds a value: truth is offsets into the raw record, scores are counts and names of labels. Times are in
milliseconds. `schemas.records` says what all records have in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.records import LabelSpan, RawReference

SPAN_QUESTION = "span/"
"""The kind of question whether something is a span of a label, `span/PRODUCT`; answered by `SET` or `NOT`."""
CHOICE_QUESTION = "choice/"
"""The kind of a choice, `choice/tone`; answered by an option, or by nothing."""
SET, NOT = "set", "not"


@dataclass(frozen=True, slots=True, order=True)
class KnownWord:
    """A word of something sensitive in a raw field: code points, end-exclusive.

    `entity` is a number that all words of one name or address share: what stands between them tells nothing.
    """

    field: str
    start: int
    end: int
    category: str
    entity: int


@dataclass(frozen=True, slots=True)
class GoldTruth:
    """All that is sensitive in a synthetic record, and all that is to be labeled; in raw coordinates.

    On `gold.P`, in the partition that its record has on `raw.P`, in the transaction that published it.
    """

    raw: RawReference
    values: tuple[KnownWord, ...]
    spans: tuple[LabelSpan, ...]
    choices: dict[str, str]


@dataclass(frozen=True, slots=True)
class ScoredQuestion:
    """What was true, and what a person answered."""

    question: str
    truth: str
    answer: str

    @property
    def right(self) -> bool:
        return self.truth == self.answer


@dataclass(frozen=True, slots=True)
class PersonScore:
    """One person's answers to one gold record, without saying which. On `scores.P` under the person's name."""

    person: str
    policy: str
    questions: tuple[ScoredQuestion, ...]
    scored_at: int


@dataclass(frozen=True, slots=True)
class RedactionScore:
    """What the redactor left uncovered of one gold record. On `scores.P` under `redaction/<task id>`.

    `leaked` of `values` have a character that no replacement covers; `leaked_characters` of `characters` have
    none.
    """

    task_id: str
    segment_id: str
    policy: str
    bundle: str
    values: int
    leaked: int
    characters: int
    leaked_characters: int
    scored_at: int


REDACTION = "redaction/"
"""How the keys of redaction scores begin; no person is named so."""


class StandingReason(StrEnum):
    """Why a person stands as they do. On topics and the audit: add, never rename."""

    BELOW_BAR = "below_bar"
    """Their answers on gold are, with the evidence it takes, worse than the policy's bar."""
    READMITTED = "readmitted"
    """An operator has ordered it."""


@dataclass(frozen=True, slots=True)
class PersonStanding:
    """Whether a person gets tasks. On `people.P` under their name.

    `matched` of `answered` questions on gold were right: those of the latest ones that the decision rests on.
    """

    person: str
    paused: bool
    since: int
    reason: str
    answered: int
    matched: int


@dataclass(frozen=True, slots=True)
class PersonGold:
    """What decide holds of a person's answers on gold. Key: `gold/<person>`.

    `recent`: a byte each, 1 for right, the latest last; `readmitted` is the version of the last order that was
    obeyed.
    """

    person: str
    recent: bytes
    paused: bool
    since: int
    readmitted: int


@dataclass(frozen=True, slots=True)
class LeakTally:
    """What keeper has counted under one policy since `since`. Key: `leak/<policy hash>`.

    `frozen` is the version of the freeze that was ordered for it, 0 if none was.
    """

    policy: str
    values: int
    leaked: int
    characters: int
    leaked_characters: int
    since: int
    frozen: int
