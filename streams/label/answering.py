"""How a robot answers a task: phrases it knows, rules for choices, errors it makes. Pure; randomness is given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from schemas.records import LabelSpan
from streams.label.commands import Result
from streams.label.forms import LeaseView


@dataclass(frozen=True)
class Lexicon:
    """What to label: phrases, found as whole words in any case, and placeholders by their category."""

    phrases: Mapping[str, str]
    categories: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """All phrases at once, the longest first."""
        longest_first = sorted(self.phrases, key=lambda phrase: (-len(phrase), phrase))
        words = "|".join(map(re.escape, longest_first))
        return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) if words else None

    @cached_property
    def folded(self) -> dict[str, str]:
        """Labels by casefolded phrase."""
        return {phrase.casefold(): label for phrase, label in self.phrases.items()}


@dataclass(frozen=True, slots=True)
class ChoiceRule:
    """The option of a choice: that of the first phrase found in any field, else the default."""

    name: str
    default: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """How often each error is made, as probabilities: for each span or choice, and for a whole task."""

    miss: float = 0.0
    shift: float = 0.0
    wrong_label: float = 0.0
    wrong_choice: float = 0.0
    skip: float = 0.0
    release: float = 0.0


PERFECT = ErrorRates()


def answer(
    task: LeaseView, lexicon: Lexicon, rules: Sequence[ChoiceRule], rates: ErrorRates, random: Random
) -> Result:
    """The robot's answer, within the label schema that the task came with."""
    spans: dict[LabelSpan, None] = {}
    for span in find_spans(task, lexicon):
        if random.random() >= rates.miss:
            spans[_spoil(span, task, rates, random)] = None
    choices = {rule.name: _choose(rule, task, rates, random) for rule in rules if rule.name in task.labels.choices}
    return Result(tuple(spans), choices)


def find_spans(task: LeaseView, lexicon: Lexicon) -> list[LabelSpan]:
    """What a robot without errors labels, in order of fields and offsets."""
    known = set(task.labels.spans)
    found = [
        span
        for path in sorted(task.fields)
        for span in (*_placeholders(task, path, lexicon), *_phrases(task, path, lexicon))
        if span.label in known
    ]
    return sorted(found, key=lambda span: (span.field, span.start, span.end))


def _placeholders(task: LeaseView, path: str, lexicon: Lexicon) -> list[LabelSpan]:
    return [
        LabelSpan(path, one.start, one.end, lexicon.categories[one.category])
        for one in task.placeholders.get(path, ())
        if one.category in lexicon.categories
    ]


def _phrases(task: LeaseView, path: str, lexicon: Lexicon) -> list[LabelSpan]:
    if lexicon.pattern is None:
        return []
    taken = [(one.start, one.end) for one in task.placeholders.get(path, ())]
    return [
        LabelSpan(path, match.start(), match.end(), lexicon.folded[match.group().casefold()])
        for match in lexicon.pattern.finditer(task.fields[path])
        if not any(_cuts(match.span(), one) for one in taken)
    ]


def _cuts(phrase: tuple[int, int], placeholder: tuple[int, int]) -> bool:
    """Whether they overlap and the phrase does not hold all of it, as "call me on [PHONE_NUMBER_1]" does."""
    overlap = placeholder[0] < phrase[1] and phrase[0] < placeholder[1]
    return overlap and not (phrase[0] <= placeholder[0] and placeholder[1] <= phrase[1])


def _spoil(span: LabelSpan, task: LeaseView, rates: ErrorRates, random: Random) -> LabelSpan:
    label, end = span.label, span.end
    others = [one for one in task.labels.spans if one != label]
    if others and random.random() < rates.wrong_label:
        label = random.choice(others)
    if random.random() < rates.shift:
        end = end - 1 if end - span.start > 1 else min(end + 1, len(task.fields[span.field]))
    return LabelSpan(span.field, span.start, end, label)


def _choose(rule: ChoiceRule, task: LeaseView, rates: ErrorRates, random: Random) -> str:
    options = task.labels.choices[rule.name]
    if random.random() < rates.wrong_choice:
        return random.choice(options)
    text = "\n".join(task.fields[path] for path in sorted(task.fields)).casefold()
    found = (option for phrase, option in rule.options.items() if phrase.casefold() in text)
    return next(found, rule.default)
