"""Regulation packs: what the categories of a policy get at least, each paragraph with its source."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Annotated, Self

import yaml
from pydantic import Field, StringConstraints, model_validator

from schemas.errors import ConfigError
from topology.policies.actions import Action, Treatment, stricter
from topology.policies.entries import Category, Name, Strict, TreatmentEntry
from topology.policies.model import CustomPattern, FailedChecksum, Mode, Years
from topology.policies.patterns import PatternEntry

PACKS = ("ccpa", "gdpr", "hipaa-safe-harbor", "pci-dss")
Text = Annotated[str, StringConstraints(min_length=3, max_length=1000, strip_whitespace=True)]


class DetectionFloor(Strict):
    """The least that detection must do under a pack."""

    mode: Mode = Mode.FAST
    failed_checksum: FailedChecksum = FailedChecksum.SHOW
    years: Years = Years.SHOW
    patterns: tuple[PatternEntry, ...] = ()


class ParagraphEntry(Strict):
    """One paragraph of the regulation. `weakest` is what a policy may choose instead, if it isn't the action.

    `never` are actions that it doesn't allow, although they leave less to see: codes derived from a value.
    """

    cites: Text
    says: Text
    categories: dict[Category, TreatmentEntry]
    weakest: TreatmentEntry | None = None
    never: tuple[Action, ...] = ()

    @model_validator(mode="after")
    def _weaker(self) -> Self:
        for category, entry in self.categories.items():
            action = entry.treatment(category)
            if self.weakest and self.weakest.treatment(category).strength > action.strength:
                raise ValueError(f"{category}: the weakest that is allowed is stronger than the action")
            if {action.action, self.weakest.action if self.weakest else action.action} & {*self.never}:
                raise ValueError(f"{category}: `never` names its own action")
        return self


class PackDocument(Strict):
    """A whole pack file."""

    name: Name
    version: Annotated[int, Field(ge=1)]
    title: Text
    source: Text
    read_on: dt.date
    not_covered: Text
    default: TreatmentEntry | None = None
    detection: DetectionFloor = DetectionFloor()
    paragraphs: tuple[ParagraphEntry, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """What one paragraph asks: for each category the action where a policy is silent, and the weakest allowed.

    `never` holds for all of its categories.
    """

    cites: str
    says: str
    categories: tuple[tuple[str, Treatment, Treatment], ...]
    never: frozenset[Action] = frozenset()


@dataclass(frozen=True, slots=True)
class Pack:
    """A regulation as floors for a policy."""

    name: str
    version: int
    title: str
    source: str
    not_covered: str
    default: Treatment | None
    mode: Mode
    failed_checksum: FailedChecksum
    years: Years
    patterns: tuple[CustomPattern, ...]
    paragraphs: tuple[Paragraph, ...]

    @property
    def id(self) -> str:
        """`gdpr@1`: how a published policy names it."""
        return f"{self.name}@{self.version}"

    def actions(self) -> dict[str, Treatment]:
        """For each category what happens where the policy is silent."""
        return self._merged(1)

    def weakest(self) -> dict[str, Treatment]:
        """For each category the weakest that a policy may choose."""
        return self._merged(2)

    def never(self) -> dict[str, frozenset[Action]]:
        """For each category the actions that a policy may not choose, however strong."""
        found: dict[str, frozenset[Action]] = {}
        for paragraph in self.paragraphs:
            for category, _, _ in paragraph.categories:
                found[category] = found.get(category, frozenset()) | paragraph.never
        return found

    def _merged(self, column: int) -> dict[str, Treatment]:
        found: dict[str, Treatment] = {}
        for paragraph in self.paragraphs:
            for row in paragraph.categories:
                treatment = row[column]
                assert isinstance(treatment, Treatment)
                found[row[0]] = stricter(found.get(row[0], treatment), treatment)
        return found


@cache
def load_pack(name: str) -> Pack:
    """The pack of that name, `gdpr` or `gdpr@1`. Raises ConfigError for one that this version doesn't hold."""
    plain, _, version = name.partition("@")
    if plain not in PACKS:
        raise ConfigError(f"packs: there is no {plain}; allowed: {', '.join(PACKS)}")
    text = resources.files("topology.policies").joinpath("packs", f"{plain}.yaml").read_text("utf-8")
    pack = _to_pack(PackDocument.model_validate(yaml.safe_load(text)))
    if version and version != str(pack.version):
        raise ConfigError(f"packs: {name} isn't here, this version of Veilstream holds {pack.id}")
    return pack


def _to_pack(document: PackDocument) -> Pack:
    return Pack(
        name=document.name,
        version=document.version,
        title=document.title,
        source=document.source,
        not_covered=document.not_covered,
        default=document.default.treatment(None) if document.default else None,
        mode=document.detection.mode,
        failed_checksum=document.detection.failed_checksum,
        years=document.detection.years,
        patterns=tuple(_to_pattern(document.name, entry) for entry in document.detection.patterns),
        paragraphs=tuple(_to_paragraph(entry) for entry in document.paragraphs),
    )


def _to_pattern(pack: str, entry: PatternEntry) -> CustomPattern:
    """Named `pci-dss:pin`: no name of a policy's own has a colon, so that none replaces another."""
    return replace(entry.pattern(), name=f"{pack}:{entry.name}")


def _to_paragraph(entry: ParagraphEntry) -> Paragraph:
    rows = []
    for category, treatment in sorted(entry.categories.items()):
        action = treatment.treatment(category)
        rows.append((category, action, entry.weakest.treatment(category) if entry.weakest else action))
    return Paragraph(entry.cites, entry.says, tuple(rows), frozenset(entry.never))
