"""A redaction policy as values: immutable, compared and hashed by content. It holds no float."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from topology.policies.actions import Action, Tier, Treatment, raised
from topology.policies.hints import NO_HINTS, Hints

MAX_VERSION = 1_000_000
"""Of a policy, and so of the lowest that may be in force: one a minute for two years."""
_KEYED = frozenset({Action.TOKEN, Action.SURROGATE})


class Mode(StrEnum):
    """How much detection may cost, from cheapest to most thorough."""

    FAST = "fast"
    STRICT = "strict"
    MAX = "max"


class FailedChecksum(StrEnum):
    """What happens to a value of the right form whose checksum is wrong: a mistyped card number is still one."""

    MASK = "mask"
    SHOW = "show"


class Years(StrEnum):
    """What happens to a year that stands alone (`in 1984`)."""

    SHOW = "show"
    HIDE = "hide"


class ForeignScript(StrEnum):
    """What happens to words of a script that detection doesn't read."""

    MASK = "mask"
    QUARANTINE = "quarantine"


class Publish(StrEnum):
    """In which form the tasks of a policy lie on topics."""

    SEALED = "sealed"
    """Each under a key of its own, which label uses for a lease."""
    OPEN = "open"
    """Besides, in clear on `open.P`, for whoever may read that topic."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What happens to the field at `path`, for example `customer.email` or `notes[].text`; `tier` is its own."""

    path: str
    treatment: Treatment
    category: str | None = None
    tier: Tier | None = None

    @property
    def action(self) -> Action:
        return self.treatment.action


@dataclass(frozen=True, slots=True)
class TagRule:
    """What happens to each field whose schema carries `tag` in its `confluent:tags`; never `pass`."""

    tag: str
    treatment: Treatment
    category: str | None = None
    tier: Tier | None = None

    @property
    def action(self) -> Action:
        return self.treatment.action


@dataclass(frozen=True, slots=True)
class CustomPattern:
    """A regular expression of the policy's own. It sees text folded to ASCII and must run in linear time."""

    name: str
    category: str
    regex: str


class RecognizerForm(StrEnum):
    """How a recognizer of the user's own is given."""

    PYTHON = "python"  # `package.module:Class`, a Presidio EntityRecognizer
    FILE = "file"  # Presidio's YAML of recognizers


@dataclass(frozen=True, slots=True)
class Recognizer:
    """A Presidio recognizer of the user's own: where it is, and the SHA-256 (hex) of that source file."""

    name: str
    form: RecognizerForm
    place: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Detection:
    """How free text is searched. `deny` always hides, `allow` spares words from deny-by-default only.

    `threshold_permille`: probability of being sensitive from which the model hides a word; None: the mode's own.
    """

    mode: Mode = Mode.STRICT
    threshold_permille: int | None = None
    failed_checksum: FailedChecksum = FailedChecksum.MASK
    years: Years = Years.SHOW
    foreign_script: ForeignScript = ForeignScript.MASK
    deny: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    patterns: tuple[CustomPattern, ...] = ()
    recognizers: tuple[Recognizer, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """The fields of a record that say its language, its source and its purpose. Their content only raises."""

    language: str | None = None
    source: str | None = None
    purpose: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """Where all that is given here holds of a find, its category gets at least this treatment.

    `fields` are generic paths; `near` are words, folded and in lower case, of which one stands close by.
    """

    categories: tuple[tuple[str, Treatment], ...]
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Risk:
    """Above which residual risk a record waits in quarantine, in millionths; None: it never does.

    `by_model` has thresholds for versions of the scoring model by name, since their scores differ.
    """

    quarantine_above_ppm: int | None = None
    by_model: tuple[tuple[str, int], ...] = ()

    @property
    def is_asked(self) -> bool:
        """Whether a score can make a difference; scoring costs a few microseconds a record."""
        return self.quarantine_above_ppm is not None or bool(self.by_model)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What labels have to reach to be used, in thousandths; None: nothing is asked."""

    agreement_permille: int | None = None


LEAST_ITEMS = 300
"""So many known values show a share of 1 % or less, if none of them leaks; fewer say little about any share."""


@dataclass(frozen=True, slots=True)
class Gold:
    """Hidden synthetic records: how many, and what has to come out. Shares in thousandths; None: nothing is asked.

    `bar`: of a person's answers on gold, the share that must be right. `leak_limit`: what the upper bound of the
    share of leaked values may be, once `least` values have been counted.
    """

    share_permille: int = 0
    bar_permille: int | None = None
    leak_limit_permille: int | None = None
    least: int = LEAST_ITEMS

    @property
    def bar(self) -> float | None:
        return None if self.bar_permille is None else self.bar_permille / 1000

    @property
    def leak_limit(self) -> float | None:
        return None if self.leak_limit_permille is None else self.leak_limit_permille / 1000


@dataclass(frozen=True, slots=True)
class Choice:
    """A question about the whole record with a closed set of answers."""

    name: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelSchema:
    """What annotators may answer. There is no free text: it would be a way around redaction."""

    spans: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the redaction policy of a project or dataset. Equal content has an equal `hash`.

    Packs and tiers are worked in already: what stands here is what holds.
    """

    name: str
    version: int
    owner: str
    escalation: str
    review_by: str
    language: str
    tier: Tier | None
    packs: tuple[str, ...]
    fields: tuple[FieldRule, ...]
    tags: tuple[TagRule, ...]
    ignored_tags: tuple[str, ...]
    default: Treatment
    categories: tuple[tuple[str, Treatment], ...]
    context: Context
    conditions: tuple[Condition, ...]
    detection: Detection
    risk: Risk
    subject: tuple[str, ...]
    labels: LabelSchema
    overlap: int
    extra: int
    gold: Gold
    acceptance: Acceptance
    segment_hours: int
    hints: Hints = NO_HINTS
    publish: Publish = Publish.SEALED
    hash: str = ""
    _field_index: Mapping[str, FieldRule] = field(init=False, repr=False, compare=False)
    _tag_index: Mapping[str, TagRule] = field(init=False, repr=False, compare=False)
    _treatments: Mapping[str, Treatment] = field(init=False, repr=False, compare=False)
    needs_key: bool = field(init=False, repr=False, compare=False)
    """Whether it has tokens or surrogates, which are drawn from a key."""

    def __post_init__(self) -> None:
        # Lookups happen per field of each record; the tuples are what is compared, hashed and published.
        object.__setattr__(self, "_field_index", {rule.path: rule for rule in self.fields})
        object.__setattr__(self, "_tag_index", {rule.tag: rule for rule in self.tags})
        object.__setattr__(self, "_treatments", dict(self.categories))
        object.__setattr__(self, "needs_key", any(one.action in _KEYED for one in self.treatments()))

    @property
    def id(self) -> str:
        """`P@n`: the name under which the policy is signed, published and cited."""
        return f"{self.name}@{self.version}"

    @property
    def default_action(self) -> Action:
        """The action for what no category names."""
        return self.default.action

    def treatments(self) -> Iterator[Treatment]:
        """Every treatment that it has for anything."""
        yield self.default
        yield from (rule.treatment for rule in self.fields)
        yield from (rule.treatment for rule in self.tags)
        yield from (treatment for _, treatment in self.categories)
        yield from (treatment for condition in self.conditions for _, treatment in condition.categories)

    def field_rule(self, path: str) -> FieldRule | None:
        return self._field_index.get(path)

    def tag_rule(self, tag: str) -> TagRule | None:
        return self._tag_index.get(tag)

    def treatment_for(self, category: str, tier: Tier | None = None) -> Treatment:
        """What happens to a find of `category` in a text whose rule has this tier; conditions come on top."""
        treatment = self._treatments.get(category, self.default)
        return treatment if tier is None else raised(treatment, Treatment(tier.weakest_value), self.default)

    def action_for(self, category: str) -> Action:
        """The action for a find of `category`."""
        return self.treatment_for(category).action
