"""What is held of one subject: at which place, how much, since when, under which policy, until when. Pure.

Nothing is opened for it and no value is in it: which tasks are theirs is on `segments.P`, under the keyed hash of
whom a policy's `subject` path holds, and what became of these is on the audit. Kafka deletes and compacts by time
alone, so each place is told with the time by which what came there last is gone. Whoever is held by nobody and
whoever never was known read alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType

from schemas.records import SegmentIndex
from streams.audit.erasures import Erasure
from streams.audit.subject_facts import SubjectFacts, TaskFacts
from topology.flow import Cleanup, Flow
from topology.topics import TopicSpec, compacted_ms, kept_ms

FORMAT = "veilstream-subject/1"
Times = Callable[[TaskFacts], Iterable[int]]
OPEN = "open"
"""The kind of topic from which what lies there is taken back by its own event."""


@dataclass(frozen=True, slots=True)
class Held:
    """So many records at one place. Times in milliseconds: `since` the first of them came, `until` the last is
    gone at the latest; 0: not by itself. `policies`: the versions under which they were redacted.
    """

    place: str
    what: str
    count: int
    since: int
    until: int
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Where something may lie of which the report can't know."""

    place: str
    why: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report rests on. `named`: the segments that stand with an entry of the subject's. `specs`: the
    project's topics by kind; `policies`: names by hash; `blind`: policies in use that name no subject;
    `unreadable`: how many segments' indexes can't be read; `is_apart`: whether entries of segments lie on
    topics.
    """

    project: str
    subject: str
    named: Sequence[tuple[SegmentIndex, str]]
    unreadable: int
    facts: SubjectFacts
    erasure: Erasure
    flow: Flow
    specs: Mapping[str, TopicSpec]
    policies: Mapping[str, str]
    blind: Sequence[str]
    is_apart: bool = False


@dataclass(frozen=True, slots=True)
class SubjectReport:
    """The answer, at `made_at` (milliseconds)."""

    project: str
    subject: str
    made_at: int
    held: tuple[Held, ...]
    tasks: Mapping[str, TaskFacts]
    policies: Mapping[str, str]
    erasure: Erasure
    unknown: tuple[Unknown, ...]

    def policy_of(self, facts: TaskFacts) -> str:
        """As people know it: `demo@3`; the beginning of its hash where nobody has signed such a one."""
        return _policy(self.policies, facts)

    def as_json(self) -> dict[str, object]:
        """As `veil subject report --json` prints it; deploy's README documents it."""
        one = self.erasure
        return {
            "format": FORMAT,
            "project": self.project,
            "subject": self.subject,
            "made_at": self.made_at,
            "held": [asdict(it) | {"policies": list(it.policies)} for it in self.held],
            "tasks": [self._task(task, facts) for task, facts in self.tasks.items()],
            "erasure": {
                "signed": [asdict(it) for it in one.signed],
                "erased_at": one.erased,
                "over": one.is_over,
                "unsettled": one.unsettled,
                "waiting": list(one.waiting),
            },
            "unknown": [asdict(it) for it in self.unknown],
        }

    def _task(self, task: str, facts: TaskFacts) -> dict[str, object]:
        plain = asdict(facts)
        return {"task": task, **plain, "policy": self.policy_of(facts)}


def report(asked: Asked, now: int) -> SubjectReport:
    """Of one subject at `now` (milliseconds)."""
    held = [*_on_topics(asked, now), *_in_vault(asked), *_in_audit(asked, now), *_outside(asked)]
    places = {kind: place for place, kind in enumerate(asked.flow.topics)}
    held.sort(key=lambda it: (places.get(it.place.rpartition(".")[0], len(places)), it.place))
    return SubjectReport(
        project=asked.project,
        subject=asked.subject,
        made_at=now,
        held=tuple(held),
        tasks=asked.facts.tasks,
        policies=asked.policies,
        erasure=asked.erasure,
        unknown=tuple(_unknown(asked)),
    )


def _at(*times: int) -> list[int]:
    return [at for at in times if at]


_PLACES: Mapping[str, tuple[str, Times]] = MappingProxyType(
    {
        "raw": (
            "records as they were published, sealed, dated by when they were redacted",
            lambda it: _at(it.redacted),
        ),
        "again": (
            "copies of these for another redaction, sealed the same",
            lambda it: _at(it.redacted) if it.raw is not None and it.raw.revision > 1 else (),
        ),
        "quarantine": ("revisions that could not go on, sealed", lambda it: it.quarantined),
        "tasks": (
            "redacted texts, sealed; of a task that is out of Vault they open no more",
            lambda it: _at(it.redacted),
        ),
        "geometry": (
            "where placeholders stood, sealed, of tasks redacted since that is kept apart from Vault",
            lambda it: _at(it.redacted),
        ),
        "values": (
            "what these stood for, sealed under two groups' keys, the same",
            lambda it: _at(it.redacted),
        ),
        "open": ("redacted texts in clear, for whoever may read that topic", lambda it: it.opened),
        "label-state": (
            "redacted texts that wait for labels, sealed the same",
            lambda it: () if it.closed else _at(it.redacted),
        ),
        "finds": ("what was reported, masked, sealed for authors", lambda it: it.reported),
        "comments": ("what was written about its tasks, sealed; redact alone opens it", lambda it: it.commented),
        "notes": ("what redact left of that, sealed under the tasks' keys", lambda it: it.noted),
        "labels": ("answers: offsets and choices, no text", lambda it: it.labels),
        "verdicts": ("what these answers amount to, no text", lambda it: _at(it.verdict)),
        "joined": ("where labels lie in the raw record: offsets, no text", lambda it: _at(it.joined)),
        "scores": ("how gold was answered: numbers, no text", lambda it: _at(it.scored)),
    }
)
"""By kind of topic: what of a task lies there, and when that came."""


def _on_topics(asked: Asked, now: int) -> Iterator[Held]:
    for kind, (what, times) in _PLACES.items():
        if asked.flow.topics[kind].by_place and not asked.is_apart:
            continue
        spec, found = asked.specs[kind], list[tuple[int, int, TaskFacts]]()
        for facts in asked.facts.tasks.values():
            found += [(at, _end(asked.flow, kind, spec, at, facts), facts) for at in times(facts)]
        yield from _held(asked, spec.name, what, [it for it in found if not 0 < it[1] <= now])


def _end(flow: Flow, kind: str, spec: TopicSpec, at: int, facts: TaskFacts) -> int:
    """When what came there at that time is gone; 0: when something takes it back."""
    if flow.topics[kind].cleanup is Cleanup.DELETE:
        return at + kept_ms(spec)
    gone = facts.retracted if kind == OPEN else facts.out
    return gone + compacted_ms(spec) if gone else 0


def _in_vault(asked: Asked) -> Iterator[Held]:
    """The mappings of tasks that stand, and the index that names them."""
    found = [(index.created_at, index.expires_at, asked.facts.tasks[task]) for index, task in asked.named]
    yield from _held(asked, f"Vault veil-{asked.project}", _MAPPINGS, found)
    after = compacted_ms(asked.specs["segments"])
    listed = [(since, until + after, facts) for since, until, facts in found]
    yield from _held(asked, f"segments.{asked.project}", "task ids with keyed hashes of subjects", listed)


_MAPPINGS = "entries of view, geometry and values, or what opens those on topics: what placeholders stand for"


def _in_audit(asked: Asked, now: int) -> Iterator[Held]:
    spec = asked.specs["audit"]
    naming = [facts for facts in asked.facts.tasks.values() if facts.events]
    if naming:
        what, count = "events that name these tasks: who did what, no text", sum(it.events for it in naming)
        first, last = min(it.first for it in naming), max(it.last for it in naming)
        yield Held(spec.name, what, count, first, last + kept_ms(spec), _policies(asked, naming))
    about = [at for at in asked.facts.about if at + kept_ms(spec) > now]
    if about:
        what = "events that name the hash: questions about them and orders, this one included"
        yield Held(spec.name, what, len(about), min(about), max(about) + kept_ms(spec), ())
    if signed := asked.erasure.signed:
        what = "orders to erase them, under the hash: what names them later is dropped"
        yield Held("control", what, len(signed), min(it.at for it in signed), 0, ())


def _outside(asked: Asked) -> Iterator[Held]:
    """What has left, as far as the audit tells: where it is now nobody here can say."""
    every = list(asked.facts.tasks.values())
    for place, what, times in _LEFT:
        yield from _held(asked, place, what, [(at, 0, facts) for facts in every for at in times(facts)])
    decided = [facts for facts in every if facts.verdict]
    exports = [at for at in asked.facts.exports if any(it.verdict <= at for it in decided)]
    if exports:
        what = "files of the project's labels taken out since, which may hold their answers: offsets, no text"
        yield Held("exports", what, len(exports), min(exports), 0, _policies(asked, decided))


_LEFT: tuple[tuple[str, str, Times], ...] = (
    ("who labels", "views of their redacted texts by people or their apps", lambda it: it.seen),
    (
        "readers of texts in clear",
        "redacted texts that lay in clear on a topic; who read them nobody here can say",
        lambda it: it.opened,
    ),
    ("webhooks", "messages to others about their tasks: ids and outcomes", lambda it: it.told),
    ("grants", "times that original values were shown to who had requested them", lambda it: it.revealed),
)


def _held(asked: Asked, place: str, what: str, found: Sequence[tuple[int, int, TaskFacts]]) -> Iterator[Held]:
    if found:
        ends = [until for _, until, _ in found]
        until = 0 if 0 in ends else max(ends)
        since, policies = min(at for at, _, _ in found), _policies(asked, [facts for _, _, facts in found])
        yield Held(place, what, len(found), since, until, policies)


def _policies(asked: Asked, tasks: Iterable[TaskFacts]) -> tuple[str, ...]:
    return tuple(sorted({_policy(asked.policies, facts) for facts in tasks} - {""}))


def _policy(names: Mapping[str, str], facts: TaskFacts) -> str:
    return names.get(facts.policy, facts.policy[:12])


def _unknown(asked: Asked) -> Iterator[Unknown]:
    """The same for everybody: that there is nothing to know must not tell them apart."""
    yield Unknown("other spellings", "whom a `subject` path holds in other words, and mentions in texts")
    yield Unknown(
        "records that are no task",
        "on raw and not redacted yet, dropped, or in quarantine since they came: sealed, and nothing says of whom",
    )
    yield Unknown(
        "ended segments",
        "once a mapping has ended, nothing says any more of whom its task was; its answers and joined labels stay",
    )
    if asked.blind:
        yield Unknown("policies without subject", f"tasks made under {', '.join(asked.blind)} name nobody")
    if asked.unreadable:
        yield Unknown(f"segments.{asked.project}", f"{asked.unreadable} segments' indexes that can't be read")
    yield Unknown("backups and snapshots", "what lay here when they were made, until you delete them")
    yield Unknown("what others took out", "exports, receivers of webhooks, copies of joined labels, apps' memory")
    yield Unknown("Vault's storage", "destroyed versions, in pages not overwritten yet, under Vault's own key")
