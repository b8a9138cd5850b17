"""The edge: what a policy file may say, checked by pydantic. `building.py` turns it into a `Policy`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, field_validator, model_validator

from topology.binomial import least_to_show
from topology.policies.actions import Action, Tier
from topology.policies.entries import (
    Category,
    FieldPath,
    LabelName,
    Name,
    Permille,
    Ppm,
    RuleEntry,
    Strict,
    TreatmentEntry,
    one_or_many,
    printable,
)
from topology.policies.hints import LEAST, OF_CATEGORY, RULED, Hint
from topology.policies.model import (
    LEAST_ITEMS,
    MAX_VERSION,
    FailedChecksum,
    ForeignScript,
    Mode,
    Publish,
    RecognizerForm,
    Years,
)
from topology.policies.patterns import MAX_PACK_PATTERNS, MAX_PATTERNS, PatternEntry, PublishedPattern
from topology.reading import Day

MAX_CATEGORIES = 500
MAX_PACK_CATEGORIES = 500  # of all packs together; about 200 when this was written
MAX_LEAST = 1_000_000  # values: enough to show three in a million
PERMILLE = 1000
MAX_SHARE = 1000  # values that share a hint: no country has more cities in the table
MAX_ASKED = 1000  # hints; more an hour than anybody reads
MAX_LIST = 1000  # deny and allow entries; each costs a search in every text

Tag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.:-]{0,63}$")]
PackName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}(@[1-9][0-9]{0,3})?$")]
Term = Annotated[
    str, StringConstraints(min_length=2, max_length=100, strip_whitespace=True), AfterValidator(printable)
]
Terms = Annotated[tuple[Term, ...], Field(max_length=MAX_LIST)]
Words = Annotated[tuple[Term, ...], Field(min_length=1, max_length=50), BeforeValidator(one_or_many)]
Paths = Annotated[tuple[FieldPath, ...], Field(min_length=1, max_length=50), BeforeValidator(one_or_many)]
Person = Annotated[str, StringConstraints(min_length=3, max_length=200), AfterValidator(printable)]
Options = Annotated[tuple[LabelName, ...], Field(min_length=2, max_length=50)]
ClassPath = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.]{0,150}:[A-Za-z_][A-Za-z0-9_]{0,60}$")
]
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9@/_.-]{1,80}$")]  # as cloglog@1/geonames-1@2
YamlPath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_./ -]{1,300}\.ya?ml$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class RecognizerEntry(Strict):
    """A Presidio recognizer of your own: `python` or `file`, pinned by its source file's hash."""

    name: LabelName
    python: ClassPath | None = None
    file: YamlPath | None = None
    sha256: Sha256

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.python is None) == (self.file is None):
            raise ValueError("give either `python: package.module:Class` or `file: recognizers.yaml`")
        return self

    @property
    def form(self) -> RecognizerForm:
        return RecognizerForm.PYTHON if self.python else RecognizerForm.FILE


Named = PatternEntry | RecognizerEntry


class DetectionEntry(Strict):
    mode: Mode = Mode.STRICT
    threshold: Permille | None = None
    failed_checksum: FailedChecksum = FailedChecksum.MASK
    years: Years = Years.SHOW
    foreign_script: ForeignScript = ForeignScript.MASK
    deny: Terms = ()
    allow: Terms = ()
    patterns: Annotated[tuple[PatternEntry, ...], Field(max_length=MAX_PATTERNS)] = ()
    recognizers: Annotated[tuple[RecognizerEntry, ...], Field(max_length=20)] = ()

    @field_validator("patterns", "recognizers")
    @classmethod
    def _own_names(cls, named: tuple[Named, ...]) -> tuple[Named, ...]:
        if len({one.name for one in named}) != len(named):
            raise ValueError("names must differ from each other")
        return named


class PublishedDetection(DetectionEntry):
    """With the patterns that packs brought."""

    patterns: Annotated[tuple[PublishedPattern, ...], Field(max_length=MAX_PATTERNS + MAX_PACK_PATTERNS)] = ()


class ContextEntry(Strict):
    language: FieldPath | None = None
    source: FieldPath | None = None
    purpose: FieldPath | None = None


class WhenEntry(Strict):
    language: Words | None = None
    source: Words | None = None
    purpose: Words | None = None
    field: Paths | None = None
    near: Words | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any((self.language, self.source, self.purpose, self.field, self.near)):
            raise ValueError("give at least one of: language, source, purpose, field, near")
        return self


class ConditionEntry(Strict):
    when: WhenEntry
    categories: Annotated[dict[Category, TreatmentEntry], Field(min_length=1, max_length=100)]

    @field_validator("categories")
    @classmethod
    def _raises(cls, categories: dict[str, TreatmentEntry]) -> dict[str, TreatmentEntry]:
        if any(entry.action in {Action.PASS, Action.DETECT} for entry in categories.values()):
            raise ValueError("a condition only raises: generalize, token, surrogate, placeholder, mask or drop")
        return _checked(categories)


class RiskEntry(Strict):
    quarantine_above: Ppm | None = None
    by_model: dict[ModelName, Ppm] = Field(default_factory=dict, max_length=20)

    @model_validator(mode="after")
    def _for_every_model(self) -> Self:
        if self.by_model and self.quarantine_above is None:
            raise ValueError("`by_model` is for single models: give `quarantine_above` for all others")
        return self


class LabelsEntry(Strict):
    spans: Annotated[tuple[LabelName, ...], Field(max_length=50)] = ()
    choices: dict[LabelName, Options] = Field(default_factory=dict, max_length=20)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for names in (self.spans, *self.choices.values()):
            if len(set(names)) != len(names):
                raise ValueError("names must differ from each other")
        return self


class AcceptanceEntry(Strict):
    agreement: Permille | None = None


class GoldEntry(Strict):
    """`least`: fewer values than it takes to show the limit would freeze even a redactor that never leaks."""

    share: Permille = 0
    bar: Permille | None = None
    leak_limit: Permille | None = None
    least: Annotated[int, Field(ge=1, le=MAX_LEAST, strict=True)] = LEAST_ITEMS

    @model_validator(mode="after")
    def _can_be_shown(self) -> Self:
        if self.leak_limit in {0, PERMILLE}:
            raise ValueError("leak_limit must lie between 0 and 1: no count shows that nothing leaks, and all may")
        needed = least_to_show(self.leak_limit / PERMILLE) if self.leak_limit else 0
        if self.least < needed:
            raise ValueError(
                f"least must be {needed} or more for this leak_limit: with fewer values even a redactor that "
                "leaks nothing would pass it"
            )
        return self


Asked = Annotated[int, Field(ge=1, le=MAX_ASKED, strict=True)]


class HintsEntry(Strict):
    """What may be asked of placeholders, and how often by one person."""

    categories: Annotated[dict[Category, Hint], Field(max_length=MAX_CATEGORIES)] = Field(default_factory=dict)
    least: Annotated[int, Field(ge=LEAST, le=MAX_SHARE, strict=True)] = LEAST
    per_task: Asked = 3
    per_hour: Asked = 30
    apps: Annotated[bool, Field(strict=True)] = False

    @field_validator("categories")
    @classmethod
    def _coarse(cls, categories: dict[str, Hint]) -> dict[str, Hint]:
        for category, hint in categories.items():
            own = OF_CATEGORY.get(category)
            if own is None:
                known = ", ".join(OF_CATEGORY)
                raise ValueError(f"{category}: any hint could give it away; there are hints of {known}")
            if hint is not own:
                raise ValueError(f"{category}: its hint is {own}")
        return categories

    @model_validator(mode="after")
    def _shared(self) -> Self:
        narrow = sorted({hint for hint in self.categories.values() if RULED.get(hint, self.least) < self.least})
        if narrow:
            raise ValueError(f"least: {RULED[narrow[0]]} values share a {narrow[0]}, and it asks for more")
        return self


class RetentionEntry(Strict):
    segment_hours: Annotated[int, Field(ge=1, le=24 * 366, strict=True)] = 168


class PolicyDocument(Strict):
    """A whole policy file."""

    name: Name
    version: Annotated[int, Field(ge=1, le=MAX_VERSION, strict=True)]
    owner: Person
    escalation: Person | None = None
    review_by: Day
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] = "en"
    tier: Tier | None = None
    packs: Annotated[tuple[PackName, ...], Field(max_length=10)] = ()
    fields: dict[FieldPath, RuleEntry] = Field(default_factory=dict, max_length=500)
    tags: dict[Tag, RuleEntry] = Field(default_factory=dict, max_length=200)
    ignored_tags: Annotated[tuple[Tag, ...], Field(max_length=200)] = ()
    default_action: TreatmentEntry = TreatmentEntry(action=Action.PLACEHOLDER)
    categories: dict[Category, TreatmentEntry] = Field(default_factory=dict, max_length=MAX_CATEGORIES)
    context: ContextEntry = ContextEntry()
    conditions: Annotated[tuple[ConditionEntry, ...], Field(max_length=100)] = ()
    detection: DetectionEntry = DetectionEntry()
    risk: RiskEntry = RiskEntry()
    subject: Annotated[tuple[FieldPath, ...], Field(max_length=20)] = ()
    labels: LabelsEntry = LabelsEntry()
    overlap: Annotated[int, Field(ge=1, le=9, strict=True)] = 3
    extra: Annotated[int, Field(ge=0, le=9, strict=True)] = 2
    gold: GoldEntry = GoldEntry()
    acceptance: AcceptanceEntry = AcceptanceEntry()
    retention: RetentionEntry = RetentionEntry()
    hints: HintsEntry | None = None
    publish: Publish = Publish.SEALED

    @field_validator("tags")
    @classmethod
    def _tags_never_lower(cls, tags: dict[str, RuleEntry]) -> dict[str, RuleEntry]:
        if any(rule.action is Action.PASS or _only_public(rule) for rule in tags.values()):
            raise ValueError("a tag is set by the producer and can't pass a field: name its path instead")
        return tags

    @field_validator("default_action")
    @classmethod
    def _default_hides(cls, entry: TreatmentEntry) -> TreatmentEntry:
        if entry.action.strength < Action.TOKEN.strength or entry.keep:
            raise ValueError("must hide all of a value: token, surrogate, placeholder, mask or drop")
        entry.treatment(None)
        return entry

    @field_validator("categories")
    @classmethod
    def _category_actions(cls, categories: dict[str, TreatmentEntry]) -> dict[str, TreatmentEntry]:
        if any(entry.action is Action.DETECT for entry in categories.values()):
            raise ValueError(
                "`detect` is for fields; a category takes pass, generalize, token, surrogate, placeholder, mask"
                " or drop"
            )
        return _checked(categories)

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.fields and not self.tags:
            raise ValueError("names no field and no tag, so that every record would be dropped")
        return self


class PublishedDocument(PolicyDocument):
    """A published policy: what packs brought stands in it, on top of the policy's own."""

    categories: dict[Category, TreatmentEntry] = Field(
        default_factory=dict, max_length=MAX_CATEGORIES + MAX_PACK_CATEGORIES
    )
    detection: PublishedDetection = PublishedDetection()


def _only_public(rule: RuleEntry) -> bool:
    return rule.tier is Tier.PUBLIC and rule.action is None and rule.category is None


def _checked(categories: dict[str, TreatmentEntry]) -> dict[str, TreatmentEntry]:
    for category, entry in categories.items():
        try:
            entry.treatment(category)
        except ValueError as error:
            raise ValueError(f"{category}: {error}") from None
    return categories
