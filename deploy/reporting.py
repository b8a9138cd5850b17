"""What is held of a subject, for who may erase them: hashed, told to the audit, and only then looked up.

Persons can't read `segments.P`, so it is read as `inspector.platform`, which can't tell whom a hash stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deploy.acting import act
from deploy.compliance import Compliance, compliance
from deploy.erasing import Standing, standing_of
from deploy.granting import Ask
from deploy.incidents import events_of
from deploy.inspecting import inspector
from deploy.persons import acting, load_declared, require_role
from deploy.segment_index import Index, index_of
from deploy.subjects import ERASERS, Subject, hashed, require_subject
from deploy.surroundings import Surroundings
from schemas.audit import Event, EventType
from schemas.erasure import erasure_concern
from schemas.resources import control_resource
from streams.audit.erasures import Erasures
from streams.audit.subject_facts import subject_facts
from streams.audit.subject_report import Asked, SubjectReport, report
from topology.control import ControlBook
from topology.flow import Scope
from topology.policies import load_policy_bytes
from topology.topics import TopicSpec, topics


@dataclass(frozen=True, slots=True)
class Answer:
    """What is held, and how an erasure stands."""

    report: SubjectReport
    standing: Standing

    @property
    def erasure(self) -> str:
        """`none`, or the state of a `Standing`."""
        return self.standing.state if self.standing.signed_by else "none"

    def as_json(self) -> dict[str, object]:
        """As `veil subject report --json` prints it."""
        return self.report.as_json() | {"state": self.erasure, "missing": list(self.standing.missing)}


def report_on(root: Path, project: str, person: str, subject: Subject, ask: Ask) -> Answer:
    """What is held of a subject. That the person asks is on the audit before anything of it is looked up.

    Raises ConfigError, and what Kafka, Vault and the registry raise: then nothing is told.
    """
    declared = load_declared(root)
    require_role(declared, project, person, ERASERS, "ask what is held of a subject")
    require_subject(subject)
    with acting(root, declared, project, person) as around:
        digest = hashed(around, subject, ask)
        concern = control_resource(erasure_concern(project, digest))
        act(around, [], [Event(EventType.SUBJECT_REPORTED, concern, person=person)])
        now = around.clock.now()
    with inspector(root) as looking:
        index = index_of(looking.log.read(f"segments.{project}"), looking.codec)
        is_apart = _is_apart(looking, project)
    with compliance(root) as seen:
        return _answer(seen, project, digest, index, now, is_apart=is_apart)


_AFTER_ALL = 2**62
"""Milliseconds; no record is of that time, so that asking for its offset gives the end."""


def _is_apart(looking: Surroundings, project: str) -> bool:
    """Whether entries of segments lie on topics: the project keeps them there, or did not long ago."""
    names = [kind.topic(project) for kind in looking.topology.flow.topics.values() if kind.by_place]
    return any(looking.log.offsets_at(name, 0) != looking.log.offsets_at(name, _AFTER_ALL) for name in names)


def _answer(seen: Compliance, project: str, subject: str, index: Index, now: int, *, is_apart: bool) -> Answer:
    erasures, events, book = Erasures(project), events_of(seen, project), seen.book()
    for event in events:
        erasures.add(event)
    standing = standing_of(seen, project, book.erasures(project), erasures, subject)
    named = index.naming(bytes.fromhex(subject))
    tasks = {task for _, task in named} | {task.task_id for task in standing.erasure.tasks}
    facts = subject_facts(events, project, tasks, control_resource(erasure_concern(project, subject)))
    policies, blind = _policies(book, project, facts.used)
    asked = Asked(
        project=project,
        subject=subject,
        named=named,
        unreadable=len(index.unreadable),
        facts=facts,
        erasure=standing.erasure,
        flow=seen.topology.flow,
        specs=_specs(seen, project),
        policies=policies,
        blind=blind,
        is_apart=is_apart,
    )
    return Answer(report(asked, now), standing)


def _specs(seen: Compliance, project: str) -> dict[str, TopicSpec]:
    """The project's topics by kind."""
    by_name = {spec.name: spec for spec in topics(seen.topology)}
    kinds = seen.topology.flow.topics.values()
    return {kind.name: by_name[kind.topic(project)] for kind in kinds if kind.scope is Scope.PROJECT}


def _policies(book: ControlBook, project: str, used: set[str]) -> tuple[dict[str, str], list[str]]:
    """The names of these policies by hash, and those of them that name no subject."""
    records = (book.policy(project, one) for one in sorted(used))
    found = {record.hash: load_policy_bytes(record.body) for record in records if record is not None}
    return {one: it.id for one, it in found.items()}, sorted(it.id for it in found.values() if not it.subject)
