"""What is held of a subject, for who may erase them: hashed, told to the audit, and only then looked up.

Persons can't read `segments.P`, so it is read as `inspector.platform`, which can't tell whom a hash stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.acting import act
from deploy.compliance import Compliance, compliance
from deploy.erasing import Standing, standing_of
from deploy.granting import Ask
from deploy.incidents import events_of
from deploy.inspecting import inspector
from deploy.persons import acting, load_declared, require_role
from deploy.subjects import ERASERS, Subject, hashed, require_subject
from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.erasure import erasure_concern
from schemas.errors import Undecodable
from schemas.records import SegmentIndex
from schemas.resources import control_resource
from streams.audit.erasures import Erasures
from streams.audit.subject_facts import subject_facts
from streams.audit.subject_report import Asked, SubjectReport, report
from streams.engine.messages import Message
from streams.keeper.orphans import EPOCH
from topology.control import ControlBook
from topology.flow import Scope
from topology.policies import load_policy_bytes
from topology.topics import TopicSpec, topics

SegmentTask = tuple[SegmentIndex, str]


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


@dataclass(frozen=True, slots=True)
class Named:
    """The tasks whose entry has a subject's hash, with their segments; `unreadable`: so many indexes more."""

    tasks: tuple[SegmentTask, ...]
    unreadable: int


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
        messages = looking.log.read(f"segments.{project}")
        named = naming(latest(messages), looking.codec, bytes.fromhex(digest))
    with compliance(root) as seen:
        return _answer(seen, project, digest, named, now)


def latest(messages: Iterable[Message]) -> dict[bytes, bytes]:
    """What stands under each key, tombstones taken out."""
    standing: dict[bytes, bytes] = {}
    for message in messages:
        key = message.key or b""
        if message.value is None:
            standing.pop(key, None)
        else:
            standing[key] = message.value
    return standing


def naming(standing: Mapping[bytes, bytes], codec: Codec, subject: bytes) -> Named:
    """Whom the indexes that stand name by this hash. Epochs of slots stand on the same topic."""
    found, unreadable = list[SegmentTask](), 0
    for value in (value for key, value in standing.items() if not key.startswith(EPOCH.encode())):
        try:
            index = codec.decode(value, SegmentIndex)
        except Undecodable:
            unreadable += 1
        else:
            found += [(index, entry.task_id) for entry in index.entries if subject in entry.subjects]
    return Named(tuple(found), unreadable)


def _answer(seen: Compliance, project: str, subject: str, named: Named, now: int) -> Answer:
    erasures, events, book = Erasures(project), events_of(seen, project), seen.book()
    for event in events:
        erasures.add(event)
    standing = standing_of(seen, project, book.erasures(project), erasures, subject)
    tasks = {task for _, task in named.tasks} | {task.task_id for task in standing.erasure.tasks}
    facts = subject_facts(events, project, tasks, control_resource(erasure_concern(project, subject)))
    policies, blind = _policies(book, project, facts.used)
    asked = Asked(
        project=project,
        subject=subject,
        named=named.tasks,
        unreadable=named.unreadable,
        facts=facts,
        erasure=standing.erasure,
        flow=seen.topology.flow,
        specs=_specs(seen, project),
        policies=policies,
        blind=blind,
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
