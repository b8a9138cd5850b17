"""The edge of a project file: what it may say, checked by pydantic and against the flow, turned into `Project`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt

from schemas.errors import ConfigError
from topology.acceptance import Acceptance, VerdictMethod
from topology.flow import Cleanup, Flow, Scope
from topology.flow_document import MIN_RETENTION_MS
from topology.guidance_document import GuidanceEntry, to_guidance
from topology.identity import PERSON, PLATFORM
from topology.project import Persons, Project
from topology.qualifications import Qualification
from topology.reading import Day, Entry, Name

DEFAULT_PARTITIONS = 4
MAX_PARTITIONS = 256
OPEN_MS = 30 * 86_400_000
"""How long a task may stay without a new label before decide closes it."""
MAX_SKILLS = 32
"""Of one person."""


class PersonsEntry(Entry):
    authors: tuple[Name, ...] = ()
    approvers: tuple[Name, ...] = ()
    operators: tuple[Name, ...] = ()
    annotators: tuple[Name, ...] = ()
    adjudicators: tuple[Name, ...] = ()


class AgreementEntry(Entry):
    least: Annotated[float, Field(ge=0, le=1, strict=True)] | None = None


class QualificationEntry(Entry):
    trained_until: Day | None = None
    skills: tuple[Name, ...] = Field(default=(), max_length=MAX_SKILLS)


class ProjectDocument(GuidanceEntry):
    name: Name
    owner: str = Field(min_length=1)
    partitions: int = Field(default=DEFAULT_PARTITIONS, ge=1, le=MAX_PARTITIONS, strict=True)
    retention_ms: dict[str, StrictInt] = Field(default_factory=dict)
    persons: PersonsEntry
    verdict: VerdictMethod = VerdictMethod.MAJORITY
    agreement: AgreementEntry = AgreementEntry()
    qualifications: dict[Name, QualificationEntry] = Field(default_factory=dict)


def to_project(document: ProjectDocument, flow: Flow, source: str) -> Project:
    """The checked document as values. Raises ConfigError."""
    defaults = {
        kind.name: kind.retention_ms
        for kind in flow.topics.values()
        if kind.scope is Scope.PROJECT and kind.cleanup is Cleanup.DELETE and kind.retention_ms is not None
    }
    _check_name(document.name, source)
    _check_retentions(document, defaults, source)
    persons = Persons(
        authors=document.persons.authors,
        approvers=document.persons.approvers,
        operators=document.persons.operators,
        annotators=document.persons.annotators,
        adjudicators=document.persons.adjudicators,
    )
    _check_persons(persons, source)
    qualifications = _qualifications(document, persons, source)
    return Project(
        document.name,
        document.owner,
        document.partitions,
        defaults | document.retention_ms,
        persons,
        to_guidance(document, source),
        Acceptance(document.verdict, document.agreement.least),
        qualifications,
    )


def _qualifications(document: ProjectDocument, persons: Persons, source: str) -> dict[str, Qualification]:
    unknown = sorted(set(document.qualifications) - set(persons.labeling))
    if unknown:
        raise ConfigError(f"{source}: qualifications: {', '.join(unknown)} labels nothing here")
    return {
        person: Qualification(entry.trained_until, frozenset(entry.skills))
        for person, entry in document.qualifications.items()
    }


def _check_name(name: str, source: str) -> None:
    if name in (PLATFORM, PERSON):
        raise ConfigError(f"{source}: name: `{name}` is the name of something else; choose another")


def _check_retentions(document: ProjectDocument, defaults: dict[str, int], source: str) -> None:
    for kind, retention in document.retention_ms.items():
        where = f"{source}: retention_ms.{kind}"
        if kind not in defaults:
            raise ConfigError(f"{where}: no such topic; allowed here: {', '.join(sorted(defaults))}")
        if retention < MIN_RETENTION_MS:
            raise ConfigError(f"{where}: at least {MIN_RETENTION_MS} (one minute)")
    retentions = defaults | document.retention_ms
    if retentions["gold"] < retentions["verdicts"] + OPEN_MS:
        raise ConfigError(
            f"{source}: retention_ms.gold: at least {OPEN_MS} (30 days) more than verdicts: gold whose truth is "
            "gone would be joined as if it were real"
        )
    if retentions["audit"] < max(retentions.values()):
        raise ConfigError(f"{source}: retention_ms.audit: the audit is kept at least as long as any other topic")


def _check_persons(persons: Persons, source: str) -> None:
    duties = {*persons.authors, *persons.approvers, *persons.operators}
    for role, labeling, others in (
        ("annotators", persons.annotators, duties),
        ("adjudicators", persons.adjudicators, duties | set(persons.annotators)),
    ):
        both = sorted(others & set(labeling))
        if both:
            raise ConfigError(f"{source}: persons.{role}: {', '.join(both)} may hold no other role here")
    pairs = {(author, approver) for author in persons.authors for approver in persons.approvers}
    if not any(author != approver for author, approver in pairs):
        raise ConfigError(f"{source}: persons: a policy needs an author and an approver who are two persons")
