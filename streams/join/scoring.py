"""A verdict on gold against what is true of its record: people's answers, and what the redactor left uncovered.

Pure; sees offsets only. People are compared in the coordinates of what they were shown. A true span that touches a
placeholder is widened to the whole of it, as is a person's that cuts one: nobody can see where in a placeholder a
name begins. What redaction has removed without a trace nobody was asked.

The redactor is compared in raw coordinates. A value leaks if a single character of it is covered by no
replacement. A value that is all of its field, or whose field is replaced whole or isn't shown, is hidden by the
policy's word and not by anything that was found: it counts only if it leaks. Otherwise the bound would say more of
how many such fields records have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.errors import Reason, Refused
from schemas.geometry import FieldGeometry, project, reproject
from schemas.geometry_codec import Geometry
from schemas.gold import (
    CHOICE_QUESTION,
    NOT,
    SET,
    SPAN_QUESTION,
    GoldTruth,
    KnownWord,
    PersonScore,
    RedactionScore,
    ScoredQuestion,
)
from schemas.records import Contribution, LabelSpan, Verdict

OVERLAP_SHARE = 0.5
"""Intersection over union above which a person's span is the true one, as people's spans are one by decide."""

Fields = Mapping[str, FieldGeometry]


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of one verdict on gold, one a person and one of the redactor."""

    people: tuple[PersonScore, ...]
    redaction: RedactionScore

    @property
    def questions(self) -> int:
        return sum(len(score.questions) for score in self.people)

    @property
    def matched(self) -> int:
        return sum(question.right for score in self.people for question in score.questions)


def score(verdict: Verdict, geometry: Geometry, truth: GoldTruth, now: int) -> Scored:
    """The scores. Raises Refused (`geometry_mismatch`, `span_out_of_range`) for a truth of another record."""
    fields = {field.field: field for field in geometry.fields}
    asked = list(_asked(truth.spans, fields))
    people = tuple(
        PersonScore(one.person, verdict.policy, tuple(_questions(one, asked, truth.choices, fields)), now)
        for one in verdict.contributions
    )
    return Scored(people, _redaction(verdict, truth.values, fields, now))


def _asked(spans: Iterable[LabelSpan], fields: Fields) -> Iterable[LabelSpan]:
    """The true spans as they were shown."""
    for span in spans:
        field = fields.get(span.field)
        if field is None:
            continue
        shown = project(field, span.start, span.end)
        if shown.start < shown.end:
            yield LabelSpan(span.field, shown.start, shown.end, span.label)


def _questions(
    person: Contribution, asked: Sequence[LabelSpan], choices: Mapping[str, str], fields: Fields
) -> Iterable[ScoredQuestion]:
    given = [_widened(span, fields) for span in person.spans]
    found = _pairs(asked, given)
    for number, span in enumerate(asked):
        yield ScoredQuestion(f"{SPAN_QUESTION}{span.label}", SET, SET if number in found else NOT)
    for number, span in enumerate(given):
        if number not in found.values():
            yield ScoredQuestion(f"{SPAN_QUESTION}{span.label}", NOT, SET)
    for name, value in sorted(choices.items()):
        yield ScoredQuestion(f"{CHOICE_QUESTION}{name}", value, person.choices.get(name, ""))


def _widened(span: LabelSpan, fields: Fields) -> LabelSpan:
    """The span with every placeholder it cuts whole. Raises Refused for one in no field, or outside of it."""
    field = fields.get(span.field)
    if field is None:
        raise Refused(Reason.UNKNOWN_FIELD, "a span in a field that the geometry does not have")
    raw = reproject(field, span.start, span.end)
    if raw.start == raw.end:
        return span
    shown = project(field, raw.start, raw.end)
    return LabelSpan(span.field, shown.start, shown.end, span.label)


def _pairs(asked: Sequence[LabelSpan], given: Sequence[LabelSpan]) -> dict[int, int]:
    """Which given span is which true one: those that share most first, each once."""
    shares = sorted(
        (-_share(true, answer), at, by)
        for at, true in enumerate(asked)
        for by, answer in enumerate(given)
        if _share(true, answer) > OVERLAP_SHARE
    )
    found: dict[int, int] = {}
    for _, at, by in shares:
        if at not in found and by not in found.values():
            found[at] = by
    return found


def _share(one: LabelSpan, other: LabelSpan) -> float:
    if (one.field, one.label) != (other.field, other.label):
        return 0.0
    shared = min(one.end, other.end) - max(one.start, other.start)
    return max(0, shared) / (one.end - one.start + other.end - other.start - max(0, shared))


@dataclass(frozen=True, slots=True)
class _Entity:
    """A name, a number, an address: how many characters its words have, and how many of them are shown."""

    characters: int
    shown: int
    had_to_be_found: bool


def _redaction(verdict: Verdict, values: Sequence[KnownWord], fields: Fields, now: int) -> RedactionScore:
    words: dict[tuple[str, int], list[KnownWord]] = {}
    for value in values:
        words.setdefault((value.field, value.entity), []).append(value)
    entities = [_entity(those, fields.get(field)) for (field, _), those in words.items()]
    counted = [one for one in entities if one.shown or one.had_to_be_found]
    return RedactionScore(
        task_id=verdict.task_id,
        segment_id=verdict.segment_id,
        policy=verdict.policy,
        bundle=verdict.bundle,
        values=len(counted),
        leaked=sum(one.shown > 0 for one in counted),
        characters=sum(one.characters for one in counted),
        leaked_characters=sum(one.shown for one in counted),
        scored_at=now,
    )


def _entity(words: Sequence[KnownWord], field: FieldGeometry | None) -> _Entity:
    """One in a field that is replaced whole is hidden by the field's name, and so is one that is all of its field:
    nothing had to be found. Words leave out the signs around them (`+49 …`), so they alone don't tell. Geometry
    doesn't say what a replacement goes back to: to count one too few only widens the bound.
    """
    characters = sum(word.end - word.start for word in words)
    if field is None:
        return _Entity(characters, 0, had_to_be_found=False)
    whole = 0, field.raw_length
    named = any((span.start, span.end) == whole for span in field.spans)
    reach = min(word.start for word in words), max(word.end for word in words)
    shown = sum(_shown(word, field) for word in words)
    return _Entity(characters, shown, had_to_be_found=not named and reach != whole)


def _shown(word: KnownWord, field: FieldGeometry) -> int:
    """How many characters of a word are shown as they are."""
    if not 0 <= word.start < word.end <= field.raw_length:
        raise Refused(Reason.GEOMETRY_MISMATCH, "a value that is empty or outside its field")
    covered = sum(max(0, min(span.end, word.end) - max(span.start, word.start)) for span in field.spans)
    return word.end - word.start - covered
