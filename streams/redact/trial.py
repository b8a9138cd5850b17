"""A policy on trial: sample records with what should become of them, and what does. Pure but for reading the file.

A line of a sample file is a JSON object:

    {"id": "refund", "record": {…}, "tags": {"customer.email": ["PII.EMAIL"]},
     "expect": {"text": "I want [PERSON_1] to call", "notes[0]": {"hidden": ["Eva"], "shown": ["refund"]},
                "outcome": "task"}}

`expect` names fields by their path: the whole sanitized text, or pieces that must be hidden or shown in it.
`outcome` is `task` (also where it is left out), `dropped` or `quarantined`. `tags` may be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from schemas.audit import RawOutcome
from schemas.errors import ConfigError
from schemas.hidden import Hidden, RawRecord
from streams.redact.outcome import Dropped, Outcome, Redacted

MAX_SAMPLES = 10_000
"""They are made by hand; more is a data set, and `veil redact` is for those."""
OUTCOME = "outcome"
_OUTCOMES = (RawOutcome.TASK, RawOutcome.DROPPED, RawOutcome.QUARANTINED)
Redact = Callable[[Sequence[RawRecord]], Sequence[Outcome]]
"""The outcome of each record, in order."""


class PiecesEntry(BaseModel):
    """Pieces of a field's sanitized text."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)
    hidden: Annotated[list[str], Field(max_length=100)] = []
    shown: Annotated[list[str], Field(max_length=100)] = []


class SampleEntry(BaseModel):
    """A line of a sample file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)
    id: str | int
    record: dict[str, Any]
    expect: dict[str, str | PiecesEntry] = {}
    tags: dict[str, list[str]] = {}

    @field_validator("expect")
    @classmethod
    def _known_outcome(cls, expect: dict[str, str | PiecesEntry]) -> dict[str, str | PiecesEntry]:
        if expect.get(OUTCOME, RawOutcome.TASK) not in _OUTCOMES:
            raise ValueError(f"{OUTCOME} is one of: {', '.join(_OUTCOMES)}")
        return expect


@dataclass(frozen=True, slots=True, repr=False)
class Sample(Hidden):
    """A record, the outcome it should have, and what of each field should be seen."""

    id: str
    record: RawRecord
    outcome: RawOutcome
    fields: Mapping[str, str | PiecesEntry]


@dataclass(frozen=True, slots=True, repr=False)
class Check(Hidden):
    """One expectation. `where` is a field or `outcome`; `says` may quote the sample: for its owner only."""

    sample: str
    where: str
    passed: bool
    says: str


def read_samples(source: Path) -> list[Sample]:
    """The samples of a file. Raises ConfigError, which names the line and never what stands there."""
    try:
        lines = source.read_text("utf-8").split("\n")  # not at U+2028 or U+0085, which JSON text may hold
    except OSError as error:
        raise ConfigError(f"{source}: {error.strerror}. Samples are JSON Lines with id, record, expect") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{source}: is not UTF-8") from None
    found = [_sample(line, f"{source}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    if len(found) > MAX_SAMPLES:
        raise ConfigError(f"{source}: more than {MAX_SAMPLES:,} samples")
    return found


def examine(samples: Sequence[Sample], redact: Redact) -> list[Check]:
    """Every expectation of every sample, met or not."""
    outcomes = redact([sample.record for sample in samples])
    return [check for sample, outcome in zip(samples, outcomes, strict=True) for check in _checks(sample, outcome)]


def outcome_of(outcome: Outcome) -> tuple[RawOutcome, str]:
    """What the record became, and why where it is no task."""
    if isinstance(outcome, Redacted):
        return RawOutcome.TASK, ""
    kind = RawOutcome.DROPPED if isinstance(outcome, Dropped) else RawOutcome.QUARANTINED
    return kind, outcome.reason.value


def _sample(line: str, where: str) -> Sample:
    try:
        entry = SampleEntry.model_validate_json(line)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False, include_context=False)[0]
        part = detail["loc"][0] if detail["loc"] else None
        named = part if part in SampleEntry.model_fields else "the line"  # a foreign key may be of a record
        raise ConfigError(f"{where}: {named}: {_problem(detail['type'], detail['msg'])}") from None
    expect = dict(entry.expect)
    outcome = RawOutcome(str(expect.pop(OUTCOME, RawOutcome.TASK)))
    tags = {path: frozenset(names) for path, names in entry.tags.items()}
    return Sample(str(entry.id), RawRecord(entry.record, tags), outcome, expect)


def _problem(kind: str, message: str) -> str:
    """Pydantic's words, but for those that quote: a parser's name the character it met."""
    if kind == "extra_forbidden":
        return f"has a key that is none of: {', '.join(SampleEntry.model_fields)}"
    return "is no JSON" if kind == "json_invalid" else message.removeprefix("Value error, ")


def _checks(sample: Sample, outcome: Outcome) -> Iterator[Check]:
    became, reason = outcome_of(outcome)
    met = became is sample.outcome
    says = f"{became}{f' ({reason})' if reason else ''}"
    yield Check(sample.id, OUTCOME, met, says if met else f"became {says}, expected {sample.outcome}")
    shown = outcome.record.fields if isinstance(outcome, Redacted) else {}
    for field, expected in sample.fields.items():
        fault = _fault(shown.get(field), expected)
        yield Check(sample.id, field, fault is None, fault or "as expected")


def _fault(text: str | None, expected: str | PiecesEntry) -> str | None:
    if isinstance(expected, str):
        if text is None:
            return "is not in the task"
        return None if text == expected else f"is {text!r}"
    still = [piece for piece in expected.hidden if piece in (text or "")]
    missing = [piece for piece in expected.shown if piece not in (text or "")]
    faults = [f"shows {', '.join(map(repr, still))}"] if still else []
    faults += [f"lacks {', '.join(map(repr, missing))}"] if missing else []
    return "; ".join(faults) or None
