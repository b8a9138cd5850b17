"""The edge of a project file: what it may say, checked by pydantic and against the flow, turned into `Project`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection

from pydantic import Field, StrictBool, StrictInt

from schemas.errors import ConfigError
from topology.flow import Cleanup, Flow, Scope
from topology.flow_document import MIN_RETENTION_MS
from topology.identity import PERSON, PLATFORM
from topology.job_document import JobEntry, JobsEntry, job_of, parts, to_jobs
from topology.policies.document import ClassPath
from topology.project import Persons, Project, SegmentStore
from topology.qualifications import Qualification
from topology.reading import Day, Entry, Name
from topology.routes import KnownRoutes
from topology.webhooks_document import MAX_WEBHOOKS, WebhookEntry, to_webhooks

DEFAULT_PARTITIONS = 4
MAX_PARTITIONS = 256
OPEN_MS = 30 * 86_400_000
"""How long a task may stay without a new label before decide closes it."""
MAX_SKILLS = 32
"""Of one person."""
MAX_BATCHES = 100
"""Under way at once: a name less than seven bits' worth that a producer could tell annotators with a record."""
MAX_PROJECT_SKILLS = 64
"""That tasks may ask for: the queue looks at each one that a person hasn't, 0.4 µs a lease (20,000 tasks)."""
MAX_CONTACT = 200
"""A name, a telephone number, an address."""
MAX_APPS = 64
"""Each is an identity of its own, with a key in Vault."""
MAX_EVALUATORS = 8
"""Each is a process of 60 MB, and verdicts wait for each."""


class GrantApproversEntry(Entry):
    a: tuple[Name, ...] = Field(min_length=1)
    b: tuple[Name, ...] = Field(min_length=1)


class PersonsEntry(Entry):
    authors: tuple[Name, ...] = ()
    approvers: tuple[Name, ...] = ()
    operators: tuple[Name, ...] = ()
    officers: tuple[Name, ...] = ()
    annotators: tuple[Name, ...] = ()
    adjudicators: tuple[Name, ...] = ()
    requesters: tuple[Name, ...] = ()
    grant_approvers: GrantApproversEntry | None = None
    key_administrators: tuple[Name, ...] = ()


class AppEntry(Entry):
    acts_for: tuple[Name, ...] = Field(min_length=1)


class QualificationEntry(Entry):
    trained_until: Day | None = None
    skills: tuple[Name, ...] = Field(default=(), max_length=MAX_SKILLS)


class ProjectDocument(JobEntry):
    name: Name
    owner: str = Field(min_length=1)
    escalation: str = Field(default="", max_length=MAX_CONTACT)
    partitions: int = Field(default=DEFAULT_PARTITIONS, ge=1, le=MAX_PARTITIONS, strict=True)
    retention_ms: dict[str, StrictInt] = Field(default_factory=dict)
    persons: PersonsEntry
    apps: dict[Name, AppEntry] = Field(default_factory=dict, max_length=MAX_APPS)
    jobs: JobsEntry | None = None
    qualifications: dict[Name, QualificationEntry] = Field(default_factory=dict)
    batches: tuple[Name, ...] = Field(default=(), max_length=MAX_BATCHES)
    skills: tuple[Name, ...] = ()
    drift: StrictBool = True
    open_texts: StrictBool | None = None
    comments: StrictBool = False
    segments: SegmentStore = SegmentStore.VAULT
    evaluators: tuple[ClassPath, ...] = Field(default=(), max_length=MAX_EVALUATORS)
    webhooks: tuple[WebhookEntry, ...] = Field(default=(), max_length=MAX_WEBHOOKS)


def to_project(document: ProjectDocument, flow: Flow, source: str) -> Project:
    """The checked document as values. Raises ConfigError."""
    defaults = {
        kind.name: kind.retention_ms
        for kind in flow.topics.values()
        if kind.scope is Scope.PROJECT and kind.cleanup is Cleanup.DELETE and kind.retention_ms is not None
    }
    retentions = _retentions(document, defaults)
    _check_name(document.name, source)
    apart = [kind.name for kind in flow.topics.values() if kind.by_place]
    unused = apart if document.segments is SegmentStore.VAULT else ()
    _check_retentions(document, defaults, retentions, unused, source)
    groups = document.persons.grant_approvers
    persons = Persons(
        authors=document.persons.authors,
        approvers=document.persons.approvers,
        operators=document.persons.operators,
        annotators=document.persons.annotators,
        adjudicators=document.persons.adjudicators,
        apps={name: entry.acts_for for name, entry in document.apps.items()},
        officers=document.persons.officers,
        requesters=document.persons.requesters,
        grantors_a=groups.a if groups else (),
        grantors_b=groups.b if groups else (),
        key_administrators=document.persons.key_administrators,
    )
    _check_persons(persons, source)
    qualifications = _qualifications(document, persons, source)
    guidance, access, acceptance = parts(document, source)
    jobs = document.jobs
    return Project(
        document.name,
        document.owner,
        document.partitions,
        retentions,
        persons,
        guidance,
        acceptance,
        qualifications,
        _routes(document, qualifications, source),
        access,
        webhooks=to_webhooks(document.webhooks, source),
        evaluators=tuple(dict.fromkeys(document.evaluators)),
        drift=document.drift,
        open_texts=document.open_texts,
        comments=document.comments,
        escalation=document.escalation,
        segments=document.segments,
        jobs=to_jobs(jobs, persons, source) if jobs else None,
        job=job_of(document, jobs.version if jobs else 0),
        hash=_hash(document),
    )


def _hash(document: ProjectDocument) -> str:
    content = document.model_dump(mode="json", exclude_defaults=True)
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _routes(document: ProjectDocument, qualifications: dict[str, Qualification], source: str) -> KnownRoutes:
    """What records may name. Raises ConfigError."""
    skills = frozenset(document.skills).union(*(one.skills for one in qualifications.values()))
    if len(skills) > MAX_PROJECT_SKILLS:
        raise ConfigError(f"{source}: skills: {len(skills)} with those of persons; at most {MAX_PROJECT_SKILLS}")
    return KnownRoutes(frozenset(document.batches), skills)


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
    if name.endswith("-"):
        raise ConfigError(
            f"{source}: name: `{name}` ends with a hyphen, as no name in Kubernetes may; choose another"
        )


def _retentions(document: ProjectDocument, defaults: dict[str, int]) -> dict[str, int]:
    """By topic. Copies of raw records are kept as their originals are, where nothing else is said."""
    said = document.retention_ms
    copies = {"again": said["raw"]} if "raw" in said else {}
    return defaults | copies | said


def _check_retentions(
    document: ProjectDocument,
    defaults: dict[str, int],
    retentions: dict[str, int],
    unused: Collection[str],
    source: str,
) -> None:
    """`unused`: topics that stay empty. Raises ConfigError."""
    for kind, retention in document.retention_ms.items():
        where = f"{source}: retention_ms.{kind}"
        if kind not in defaults:
            raise ConfigError(f"{where}: no such topic; allowed here: {', '.join(sorted(defaults))}")
        if retention < MIN_RETENTION_MS:
            raise ConfigError(f"{where}: at least {MIN_RETENTION_MS} (one minute)")
    if retentions["again"] > retentions["raw"]:
        raise ConfigError(f"{source}: retention_ms.again: copies of raw records are kept no longer than raw")
    if retentions["gold"] < retentions["verdicts"] + OPEN_MS:
        raise ConfigError(
            f"{source}: retention_ms.gold: at least {OPEN_MS} (30 days) more than verdicts: gold whose truth is "
            "gone would be joined as if it were real"
        )
    if retentions["audit"] < max(it for kind, it in retentions.items() if kind not in unused):
        raise ConfigError(f"{source}: retention_ms.audit: the audit is kept at least as long as any other topic")


def _check_persons(persons: Persons, source: str) -> None:
    others = set(persons.saying)
    for role, alone in (
        ("officers", persons.officers),
        ("key_administrators", persons.key_administrators),
        ("annotators", persons.annotators),
        ("adjudicators", persons.adjudicators),
    ):
        both = sorted(others & set(alone))
        if both:
            raise ConfigError(f"{source}: persons.{role}: {', '.join(both)} may hold no other role here")
        others |= set(alone)
    _check_grants(persons, source)
    _check_apps(persons, others, source)
    pairs = {(author, approver) for author in persons.authors for approver in persons.approvers}
    if not any(author != approver for author, approver in pairs):
        raise ConfigError(f"{source}: persons: a policy needs an author and an approver who are two persons")


def _check_grants(persons: Persons, source: str) -> None:
    """Three different people have to agree before a value is seen, so no file may let two be enough."""
    if bool(persons.requesters) != bool(persons.grantors_a):
        raise ConfigError(
            f"{source}: persons: `requesters` and `grant_approvers` go together; give both or neither"
        )
    groups = {
        "grant_approvers.a and .b": {*persons.grantors_a} & {*persons.grantors_b},
        "requesters and grant_approvers": {*persons.requesters} & {*persons.grantors_a, *persons.grantors_b},
    }
    for where, both in groups.items():
        if both:
            raise ConfigError(f"{source}: persons.{where}: {', '.join(sorted(both))} may be in one of them only")


def _check_apps(persons: Persons, named: set[str], source: str) -> None:
    for app, acts_for in persons.apps.items():
        if app in named:
            raise ConfigError(f"{source}: apps.{app}: is the name of a person here; an app has one of its own")
        strangers = sorted(set(acts_for) - set(persons.labeling))
        if strangers:
            raise ConfigError(f"{source}: apps.{app}.acts_for: {', '.join(strangers)} labels nothing here")
