"""Proves, on a restored stack, that its audit and its rights hold: reconcile, audit verify, samples opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from deploy.backup import checks
from deploy.backup.checks import Check
from deploy.backup.index import Outcome
from deploy.compliance import Compliance, audit_topic, compliance
from deploy.local.endpoints import load_endpoints
from deploy.starting import handed_by_administrator
from deploy.surroundings import Surroundings, surroundings
from schemas.errors import LogUnavailable, RecordError
from schemas.leaf import digest_of_leaf, leaf
from schemas.states import SlotState
from streams.audit.findings import Finding, FindingKind
from streams.audit.reader import Reader, read_events
from streams.audit.store import Directory
from streams.audit.verify import Depth, Part, Trust, verify_export
from streams.engine.clock import SystemClock
from streams.engine.segment_topics import KafkaSegmentTopics
from topology.identity import PLATFORM, Identity
from topology.pins import Pins
from vault.segments.opening import Geometries, ViewKeys

AUDIT = "audit"
"""The folder, below the restored root, that the audit's tiles are written to."""
SAMPLE = 25
"""Tasks of a project that are opened: enough that a wrong key or a missing right shows, in under a second."""
Open = Callable[[str, str], object]


def audits(folder: Path, pins: Pins) -> Iterator[Check]:
    """That each project's events are in their chains, signed, and add up; and that the records are what the sealer
    has signed. Raises LogUnavailable, RegistryUnavailable.
    """
    with compliance(folder) as seen:
        for project in sorted(seen.topology.projects):
            account = seen.account(project, None)
            result = account.reconciliation
            found = f"{result.events:,} events"
            failures, notes = account.findings, account.expired
            yield Check(f"{project}: reconcile", found, _shown(failures), _shown(notes))
        yield _verified(seen, folder, pins)


def _verified(seen: Compliance, folder: Path, pins: Pins) -> Check:
    """The tiles are made of the records again, up to the latest checkpoints, and verified as anybody would. That
    all adds up behind these, too, is proven before. Of a log whose beginning has expired nobody can make them;
    without it the others don't add up by themselves.
    """
    store = Directory(folder / AUDIT)
    with seen.exporter(store) as exporter:
        exported = exporter.extend(seen.checkpoints()).findings
    expired = [it for it in exported if it.kind is FindingKind.EXPIRED]
    part = Part(Depth.CHAINS if expired else Depth.WHOLE)
    result = verify_export(store, Trust(pins.keys), part, now=SystemClock().now())
    found = f"{result.entries:,} entries in {len(result.logs)} logs"
    failures = [*(it for it in exported if it not in expired), *result.findings]
    return Check("audit verify", found, _shown(failures), _shown((*expired, *result.expired)))


def _shown(findings: Iterable[Finding]) -> tuple[str, ...]:
    return checks.shown(map(str, findings))


def opened(folder: Path, project: str, outcome: Outcome) -> Iterator[Check]:
    """That label's rights open views, and join's geometries. Nothing is kept of what is opened."""
    sample, endpoints = checks.sample(outcome, SAMPLE), load_endpoints(folder / "run" / "endpoints.json")
    for role, opener, what in (("label", _views, "views"), ("join", _geometries, "geometries")):
        identity = Identity(role, project)
        handed = handed_by_administrator(endpoints, identity)
        with (
            closing(surroundings(folder, identity, project, handed=handed)) as around,
            opener(around) as opens,
        ):
            failures = [f"task {task}: {why}" for name, task in sample if (why := _failure(opens, name, task))]
        good = len(sample) - len(failures)
        yield Check(f"{project}: {role} opens", f"{good} of {len(sample)} {what}", checks.shown(iter(failures)))


@contextmanager
def _views(around: Surroundings) -> Iterator[Open]:
    yield ViewKeys(around.vault, around.project).task_key


@contextmanager
def _geometries(around: Surroundings) -> Iterator[Open]:
    with closing(KafkaSegmentTopics(around.access)) as topics:
        yield Geometries(around.vault, around.project, topics=topics).geometry


def _failure(opens: Open, name: str, task: str) -> str:
    try:
        opens(name, task)
    except (RecordError, LogUnavailable) as error:
        return f"does not open ({type(error).__name__})"
    return ""


def places(folder: Path) -> dict[str, SlotState]:
    """Where each slot's chain of events ends, by slot."""
    last = {}
    with compliance(folder) as seen:
        topics = [audit_topic(one) for one in (*sorted(seen.topology.projects), PLATFORM)]
        for event in read_events(seen.log, Reader(seen.codec), topics):
            last[event.slot] = event
    return {
        slot: SlotState(slot, event.epoch, event.sequence, digest_of_leaf(leaf(event)))
        for slot, event in last.items()
    }
