"""One run of the demo against real parts, up to the point where everything is stopped again.

Everything is real: the parts, the processes under their own identities, the signatures. The harness plays the
producers, the persons and the annotators; what it knows beyond them (truth, canaries) stays in this process.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from deploy import persons
from deploy.alerting import alerts, shipped_up_to
from deploy.compliance import audit_topic, compliance
from deploy.demo.annotators import USUAL, Answers, Reach, Workforce
from deploy.demo.failure import DemoFailed
from deploy.demo.publishing import Broken, Published, publish
from deploy.demo.records import Input, customer_schema
from deploy.demo.results import read_joined
from deploy.demo.screen import Screen
from deploy.demo.search import CanarySearch
from deploy.demo.watch import Seen, Watch
from deploy.local.endpoints import Endpoints, read_external
from deploy.provision.parts import pins_path
from deploy.provisioning import register_audited
from deploy.sealed import SEALER, Sealed, sealed
from deploy.stages.roles import SHIPPER
from deploy.surroundings import surroundings
from deploy.synth.making import Made
from deploy.up import Installation
from schemas.alerts import Alert
from schemas.codec import Codec
from schemas.control import WithdrawalReason
from schemas.records import JoinedLabel, RawReference
from schemas.registry import Registry
from streams.audit.quality import Quality, quality
from streams.audit.reader import Reader, read_events
from streams.audit.store import Directory
from streams.audit.verify import Trust, Verification, verify_export
from streams.engine.clock import SystemClock
from streams.label.robots import RobotReport
from topology.identity import PLATFORM, Identity
from topology.loading import load_topology
from topology.policies import Policy

PROJECT = "demo"
AUTHOR, APPROVER, OPERATOR = "ada", "grace", "olga"
TAKE_UP_S = 60.0
"""A policy is taken up within a second of its second signature; the detector for it takes 5–15 s to build."""
REDACT_S = 60.0
"""400 records take a second or two."""
WITHDRAW_S = 30.0
"""Four processes let go of a task within two seconds."""
SEAL_S = 30.0
"""A checkpoint is two seconds behind at most, on a machine that others use ten times that."""
LABEL_S = 180.0
"""1,300 labels take 15–30 s on two cores; more than three minutes is a queue that stands still."""
SHIPPER_SLOT = Identity(SHIPPER, PLATFORM).slot(0)
WITHDRAWN = "customer-0"
"""The record whose task is withdrawn before anyone sees it."""
LETTING_GO = frozenset(f"{role}.{PROJECT}" for role in ("label", "decide", "join", "keeper"))
"""Who must let go of it: of its content, its labels, its geometry, its keys."""
_PARTS = {"kafka": "Kafka", "vault": "OpenBao", "registry": "a registry"}


@dataclass(slots=True)
class Trace:
    """What a run has left behind, before anyone judges it."""

    published: Published = field(default_factory=Published)
    withdrawn_task: str = ""
    seen: Seen = field(default_factory=Seen)
    robots: Sequence[RobotReport] = ()
    answers: Sequence[bytes] = ()
    joined: dict[RawReference, JoinedLabel] = field(default_factory=dict)
    verification: Verification | None = None
    sealed: Sealed = field(default_factory=Sealed)
    alerts: Sequence[Alert] = ()
    shipped: bool = False
    """Whether Vault's and Kafka's own logs were carried over, so that the alerts speak of them, too."""
    quality: Quality = field(default_factory=lambda: Quality({}, {}, 0, ()))
    external: tuple[str, ...] = ()
    """Parts that somebody else runs (`kafka`, `vault`, `registry`); their files are out of our reach."""
    redact_s: float = 0.0
    to_joined_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, and where. `later`: so many of the inputs are not published with the others, but by
    whoever disturbs the run (`Ground`).
    """

    root: Path
    audit: Path
    policy: Policy
    inputs: Sequence[Input]
    broken: Sequence[Broken]
    gold: Sequence[Made]
    seed: int
    later: int = 0


class Runs(Protocol):
    """What the demo runs on: an `Installation`, or something like it."""

    @property
    def endpoints(self) -> Endpoints:
        """Where Kafka, Vault and registry are."""

    @property
    def processes(self) -> tuple[str, ...]:
        """Names of all processes, in the order data passes through them."""

    def start(self) -> object:
        """Bring everything up, or leave nothing running. Raises StackError and others of ours."""

    def stop(self) -> None:
        """End everything. May be called again."""

    def end(self, process: str) -> None:
        """End one process in order; it stays down."""

    def label_url(self, project: str) -> str:
        """Base address of the project's label API."""


Disturb = Callable[["Plan", Watch, Trace, Answers, threading.Event], None]
"""Called in a thread of its own once annotators work; the run goes on until it has returned, and ends with what it
raises. It publishes the inputs that come `later`. Where the run ends before it, the event is set: it publishes
nothing more then, and returns or raises within a second or two, for the run can't end before it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a run takes place, and what is special there. `patience`: everything may take so many times as long as
    on a local stack.
    """

    runs: Runs
    reach: Reach = USUAL
    disturb: Disturb = lambda *_: None
    patience: int = 1


def local_ground(plan: Plan, screen: Screen) -> Ground:
    """An installation of this machine, undisturbed."""
    return Ground(Installation(plan.root, [PROJECT], report=screen.note))


def run(plan: Plan, search: CanarySearch, screen: Screen, ground: Ground | None = None) -> Trace:
    """Bring everything up, send the records through, stop everything. Nothing is left running, however it ends.

    Raises DemoFailed for what does not happen in time, and what the parts raise.
    """
    trace = Trace(external=external_parts())
    ground = ground or local_ground(plan, screen)
    installation = ground.runs
    try:
        with screen.step("start", "starting Kafka, OpenBao, a registry and all processes") as step:
            installation.start()
            processes = f"{len(installation.processes)} processes, each under its own identity"
            step.done = f"{_parts(trace.external)}; {processes}"
            trace.shipped = SHIPPER_SLOT in installation.processes
        with _watching(plan, installation, search) as watch:
            _work(plan, ground, watch, trace, screen)
            with screen.step("audit", "stopping the processes, exporting the audit, verifying it offline") as step:
                trace.sealed, trace.alerts = _end(plan, ground)
                trace.verification, trace.quality = _audit(plan)
                trace.joined = read_joined(plan.root, PROJECT)
                trace.seen = watch.finish()
                step.done = f"{trace.verification.entries:,} audit events exported and verified"
    finally:
        with screen.step("stop", "stopping everything") as step:
            installation.stop()
            step.done = "everything stopped"
    return trace


def external_parts() -> tuple[str, ...]:
    """The parts that the environment configures as somebody else's. Raises ConfigError."""
    external = read_external(os.environ)
    return tuple(part for part in _PARTS if getattr(external, part) is not None)


def _parts(external: Sequence[str]) -> str:
    return ", ".join(f"{name} (external)" if part in external else name for part, name in _PARTS.items())


@contextmanager
def _watching(plan: Plan, installation: Runs, search: CanarySearch) -> Iterator[Watch]:
    endpoints = installation.endpoints
    registry = Registry(endpoints.registry.url, endpoints.registry.tls())
    watch = Watch(endpoints.kafka, load_topology(pins=pins_path(plan.root)), Codec(registry), search)
    watch.start()
    try:
        yield watch
    finally:
        watch.close()
        registry.close()


def _work(plan: Plan, ground: Ground, watch: Watch, trace: Trace, screen: Screen) -> None:
    _sign(plan, ground, watch, screen)
    begun = time.monotonic()
    _publish(plan, ground, watch, trace, screen)
    trace.redact_s = time.monotonic() - begun
    _withdraw(plan, ground, watch, trace, screen)
    _label(plan, ground, watch, trace, screen)
    trace.to_joined_s = time.monotonic() - begun


def _sign(plan: Plan, ground: Ground, watch: Watch, screen: Screen) -> None:
    with screen.step("policy", f"{AUTHOR} and {APPROVER} sign the policy, redact builds its detectors") as step:
        persons.sign(plan.root, PROJECT, plan.policy, [AUTHOR, APPROVER])
        redact = f"redact.{PROJECT}"
        watch.wait(
            lambda seen: redact in seen.in_force,
            TAKE_UP_S * ground.patience,
            "taking up the policy",
            lambda _: None,
        )
        step.done = f"policy {plan.policy.id} in force, signed by {AUTHOR} and {APPROVER}"


def _publish(plan: Plan, ground: Ground, watch: Watch, trace: Trace, screen: Screen) -> None:
    inputs = plan.inputs[: len(plan.inputs) - plan.later]
    total = len(inputs) + len(plan.broken) + len(plan.gold)
    with screen.step("redact", f"publishing {total:,} records, each sealed by its producer") as step:
        around = surroundings(plan.root, Identity("producer", PROJECT), PROJECT)
        try:
            register_audited(plan.root, around.endpoints, PROJECT, customer_schema())
            trace.published = publish(around, inputs, plan.broken, plan.gold)
        finally:
            around.close()
        places = trace.published.everywhere
        watch.wait(
            lambda seen: all(seen.outcome(place) is not None for place in places),
            REDACT_S * ground.patience,
            "redacting all records",
            lambda seen: _show(seen, screen, total),
        )
        tasks = watch.seen.tasks
        step.done = f"{total:,} records published and redacted: {tasks:,} tasks, {total - tasks} held back"


def _withdraw(plan: Plan, ground: Ground, watch: Watch, trace: Trace, screen: Screen) -> None:
    with screen.step("withdraw", f"{OPERATOR} withdraws a task before anyone has seen it") as step:
        outcome = watch.seen.outcome(trace.published.places[WITHDRAWN])
        assert outcome is not None, "every record's outcome is known by now"
        trace.withdrawn_task = outcome.task_id
        persons.withdraw(plan.root, PROJECT, outcome.task_id, OPERATOR, WithdrawalReason.REHEARSAL)
        watch.wait(
            lambda seen: seen.withdrawn_by >= LETTING_GO,
            WITHDRAW_S * ground.patience,
            "letting go of the withdrawn task",
            lambda seen: screen.passing(f"{len(seen.withdrawn_by)} of {len(LETTING_GO)} processes have let go"),
        )
        step.done = f"{OPERATOR} has withdrawn one task; its key is destroyed"


def _label(plan: Plan, ground: Ground, watch: Watch, trace: Trace, screen: Screen) -> None:
    people = load_topology().project(PROJECT).persons.annotators
    tokens = {one: persons.annotator_token(plan.root, PROJECT, one, OPERATOR, 3600) for one in people}
    workforce = Workforce(ground.runs.label_url(PROJECT), PROJECT, tokens, plan.seed, ground.reach)
    with screen.step("label", f"{len(people)} annotators label what the API shows them") as step:
        workforce.start()
        try:
            with _disturbing(plan, ground, watch, trace, workforce) as disturbed:

                def look(seen: Seen) -> None:
                    workforce.check()
                    if disturbed.done():
                        disturbed.result()
                    _show(seen, screen, seen.tasks - 1)

                watch.wait(
                    lambda seen: disturbed.done() and _all_settled(seen, trace),
                    LABEL_S * ground.patience,
                    "joining all records",
                    look,
                )
        finally:
            trace.robots = workforce.finish()
            trace.answers = workforce.answers.kept
        labels = sum(report.labeled for report in trace.robots)
        step.done = f"{labels:,} labels by {len(people)} annotators; {watch.seen.settled:,} records decided, "
        step.done += f"{watch.seen.scored} of them hidden gold"


@contextmanager
def _disturbing(
    plan: Plan, ground: Ground, watch: Watch, trace: Trace, workforce: Workforce
) -> Iterator[Future[None]]:
    stop = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="disturb") as pool:
        try:
            yield pool.submit(ground.disturb, plan, watch, trace, workforce.answers, stop)
        finally:  # Ctrl-C too: leaving the pool waits for its thread
            stop.set()


def _all_settled(seen: Seen, trace: Trace) -> bool:
    """All but the task that was withdrawn, and whatever was published meanwhile is known to have become one."""
    known = all(seen.outcome(place) is not None for place in trace.published.everywhere)
    return known and seen.settled >= seen.tasks - 1


def _show(seen: Seen, screen: Screen, of: int) -> None:
    screen.counts(lambda kind: len(seen.joined) if kind == "joined" else seen.counts[kind], of)


def _end(plan: Plan, ground: Ground) -> tuple[Sealed, Sequence[Alert]]:
    """Stop all processes: the sealer when it has sealed what the others have said last, the shipper when it has
    carried over what Vault has said of all of them. What looks wrong by then is told, too.
    """
    sealer, installation, limit_s = SEALER.slot(0), ground.runs, SEAL_S * ground.patience
    ships = SHIPPER_SLOT in installation.processes
    for process in reversed([name for name in installation.processes if name not in (SHIPPER_SLOT, sealer)]):
        installation.end(process)
    with compliance(plan.root) as seen:
        deadline = time.monotonic() + limit_s
        while not (found := sealed(seen, PROJECT)).whole:
            _check(deadline, "sealing the audit")
        installation.end(sealer)
        ended, deadline = SystemClock().now(), time.monotonic() + limit_s
        while ships and shipped_up_to(seen) < ended:
            _check(deadline, "carrying over what Vault's log says")
        told = alerts(seen)
    if ships:
        installation.end(SHIPPER_SLOT)
    return found, tuple(told.values())


def _check(deadline: float, what: str) -> None:
    if time.monotonic() > deadline:
        raise DemoFailed(f"{what} did not happen in time; the logs say why")


def _audit(plan: Plan) -> tuple[Verification, Quality]:
    """Export as compliance; verify the files with the pinned keys, without Kafka and Vault.

    Beside it, what the audit says of gold.
    """
    with compliance(plan.root) as seen:
        shutil.rmtree(plan.audit, ignore_errors=True)  # that of the run before is of another log
        store = Directory(plan.audit)
        with seen.exporter(store) as exporter:
            done = exporter.extend(seen.checkpoints())
        found = quality(read_events(seen.log, Reader(seen.codec), [audit_topic(PROJECT)]))
        verification = verify_export(store, Trust(seen.topology.pins.keys, tuple(done.checkpoints.values())))
    if done.findings or PROJECT not in verification.reconciliations:
        raise DemoFailed(f"the audit could not be exported as it was sealed: {'; '.join(map(str, done.findings))}")
    return verification, found
