"""The whole redactor on annotated texts: not the detector alone, since what counts is what leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.hidden import RawRecord
from streams.redact.detect.find import Detector
from streams.redact.outcome import Outcome, Redacted
from streams.redact.quality.annotated import AnnotatedText
from streams.redact.quality.counting import Counts, count
from streams.redact.quality.intervals import Estimate, ratio
from streams.redact.redactor import redact_many
from topology.policies import Policy

FIELD = "text"
BATCH = 500  # records at a time, as the stage takes them


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured on `texts` texts, of which `refused` were withheld whole: they leak nothing and hide all.

    `by_type`: leak of each annotated type, with its number of gold characters.
    """

    texts: int
    refused: int
    leak: Estimate
    over_redaction: Estimate
    by_type: Mapping[str, tuple[int, Estimate]]


def evaluate(texts: Sequence[AnnotatedText], policy: Policy, detector: Detector) -> Evaluation:
    """Redact each text as the field `text` of a record under `policy`, and count."""
    outcomes: list[Outcome] = []
    for first in range(0, len(texts), BATCH):
        records = [RawRecord({FIELD: one.text}) for one in texts[first : first + BATCH]]
        outcomes += redact_many(records, policy, detector)
    counts = [count(one, _hidden(one, outcome)) for one, outcome in zip(texts, outcomes, strict=True)]
    kin = [one.kin for one in texts]
    return Evaluation(
        texts=len(texts),
        refused=sum(not isinstance(outcome, Redacted) for outcome in outcomes),
        leak=ratio([one.leaked for one in counts], [one.gold for one in counts], kin),
        over_redaction=ratio([one.hidden for one in counts], [one.other for one in counts], kin),
        by_type=_by_type(counts, kin),
    )


def _hidden(one: AnnotatedText, outcome: Outcome) -> list[tuple[int, int]]:
    if isinstance(outcome, Redacted):
        return [(span.start, span.end) for span in outcome.spans]
    return [(0, len(one.text))]


def _by_type(counts: Sequence[Counts], kin: Sequence[str | None]) -> dict[str, tuple[int, Estimate]]:
    kinds = sorted({kind for one in counts for kind in one.by_type})
    found = {}
    for kind in kinds:
        pairs = [one.by_type.get(kind, (0, 0)) for one in counts]
        gold = [pair[0] for pair in pairs]
        found[kind] = (sum(gold), ratio([pair[1] for pair in pairs], gold, kin))
    return found
