"""The drill: three faults, what must follow from them by itself, and what people must do then."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path
from typing import TypeVar

from deploy.compliance import Compliance, audit_topic, compliance
from deploy.containment import Case, cases
from deploy.demo.canaries import Aviary
from deploy.demo.search import CanarySearch
from deploy.drill import faults
from deploy.drill.ground import APP, APP_PEOPLE, APPROVER, OPERATOR, PROJECT, ground
from deploy.drill.report import Report, Said, Tell, step
from deploy.freezing import resume
from deploy.incidents import close_incident, open_incident, tick_off
from deploy.persons import load_declared
from deploy.preserving import preserve
from deploy.provisioning import apply_audited
from deploy.revoking import reinstate
from deploy.up import Installation
from deploy.withdrawing import tasks_shown_to, withdraw_all
from schemas.alerts import Alert
from schemas.audit import AuditEvent, EventType
from schemas.control import ControlKind, WithdrawalReason
from schemas.errors import ConfigError, StackError, VeilError
from schemas.resources import alert_resource, control_resource, task_ids
from streams.audit.chain import Pins as Keys
from streams.audit.evidence import TIMELINE
from streams.audit.evidence_check import Evidence, verify_evidence
from streams.audit.reader import Reader, follow_events
from streams.audit.store import Directory
from streams.engine.clock import SystemClock
from streams.engine.log import Follower
from streams.label.client import LabelClient
from topology.identity import PLATFORM
from topology.pins import Pins

TAKE_UP_S = 120.0
"""A detector takes 5–15 s to build, the first one on a machine half a minute; others may use it, too."""
TOLD_S = 30.0
"""An alert comes 8 s after what it is about with the drill's windows, and is contained within two."""
LET_GO_S = 30.0
"""Keeper sweeps every ten seconds."""
KEEPER, LABEL, REDACT = (f"{role}.{PROJECT}" for role in ("keeper", "label", "redact"))
ENDED = {
    control_resource(f"{ControlKind.LIFT}/{PROJECT}/contain.{PROJECT}"),
    control_resource(f"{ControlKind.REINSTATE}/{PROJECT}/{APP}"),
}
"""What two people sign, and one alone does not end."""
NEWS, NEWS_WITHIN_S = 500, 0.2
"""Between two looks it waits for news of the project's audit, at most so long: not all of it is told there."""
T = TypeVar("T")
APP_RULE, REPORTS_RULE, FORGED_RULE = "app-views-without-labels", "reports", "control-forged"
LESSONS = b"# Lessons\n\nThis was a rehearsal: an app kept what it was shown, and data was reported as exposed.\n"


def drill(root: Path, tell: Tell) -> Report:
    """Rehearse it in `root`, of which nothing is left. What does not happen is missing in the report."""
    report, begun = Report(), time.monotonic()
    try:
        with ExitStack() as running:
            with step(report, "start", tell) as said:
                installation = running.enter_context(ground(root, lambda _: None))
                said.text = f"Kafka, OpenBao, a registry and {len(installation.processes)} processes started"
            with compliance(root) as seen, closing(seen.log.follow([audit_topic(PROJECT)])) as follower:
                _Drill(installation, seen, follower, report, tell).go()
        with step(report, "nothing left", tell) as said:
            if root.exists():
                raise StackError(f"something is left in {root}")
            said.text = "everything stopped and removed"
    except VeilError as error:
        report.failure = str(error)
        tell(str(error), good=False)
    report.seconds = time.monotonic() - begun
    return report


class _Drill:
    def __init__(
        self, installation: Installation, seen: Compliance, follower: Follower, report: Report, tell: Tell
    ) -> None:
        self._root = installation.root
        self._url = installation.label_url(PROJECT)
        self._endpoints = installation.endpoints
        self._seen = seen
        self._follower = follower
        self._reader = Reader(seen.codec)
        self._heard: list[AuditEvent] = []
        self._kept = installation.root / "kept"
        self._aviary = Aviary(secrets.randbits(32))
        self._report = report
        self._tell = tell

    def go(self) -> None:
        """All of it, in the order of `STEPS`."""
        self._begin()
        app = self._contained("app takes", "app shut out", APP_RULE, self._app_takes)
        reports = self._contained("data reported", "project frozen", REPORTS_RULE, self._report_exposed)
        self._forge_order()
        incident = self._open(app, reports)
        self._keep(incident)
        self._withdraw()
        change = self._resume()
        self._goes_on()
        self._close(incident, change)

    def _begin(self) -> None:
        with self._step("policy") as said:
            faults.publish_records(self._root, self._aviary)
            self._wait(
                lambda: sum(_tasks(event) for event in self._heard) >= faults.RECORDS,
                TAKE_UP_S,
                "redacting the records",
            )
            said.text = f"policy signed by two, {faults.RECORDS} records redacted under it"

    # What must happen by itself

    def _contained(self, planting: str, containing: str, rule: str, plant: Callable[[], str]) -> Case:
        with self._step(planting) as said:
            said.text = plant()
        begun = time.monotonic()
        with self._step(containing) as said:
            case = self._wait(lambda: self._case(rule), TOLD_S, f"containing {rule}")
            took = case.reached - case.begun
            self._report.contained_ms[rule] = took
            self._report.told_s[rule] = time.monotonic() - begun
            said.text = f"alert {rule}: {' and '.join(case.orders)}; contained {took} ms after it was ordered"
        return case

    def _case(self, rule: str) -> Case | None:
        found = (case for case in cases(self._heard) if case.rule == rule and case.state == "contained")
        return next(found, None)

    def _app_takes(self) -> str:
        taken = faults.take_without_answering(self._root, self._url)
        return f"an app takes {taken} tasks for its people and answers none"

    def _report_exposed(self) -> str:
        reported = faults.report_exposed(self._root, self._url)
        return f"an annotator reports {reported} of {faults.ANSWERS} tasks as exposing data"

    def _forge_order(self) -> None:
        with self._step("order forged") as said:
            faults.forge_end_of_freeze(self._root)
            said.text = f"somebody writes in {OPERATOR}'s name that the project goes on, without their signature"
        with self._step("forger told of") as said:
            told = self._wait(self._forged, TOLD_S, "telling of a forged order")
            if len(told) > 1 or not self._seen.book().freezes(PROJECT):
                raise StackError("one forged order was told more than once, or has ended the freeze")
            said.text = f"alert {FORGED_RULE}, once: {told[0].subject}; the project stays frozen"

    def _forged(self) -> list[Alert]:
        """What is told of it, as soon as redact has refused it, too."""
        refused = (it for it in self._heard if it.type is EventType.CONTROL_REFUSED and it.process == REDACT)
        told = self._seen.readable(f"alerts.{PLATFORM}", Alert)
        return [it for it in told if it.rule == FORGED_RULE] if any(refused) else []

    # What people must do

    def _open(self, app: Case, reports: Case) -> str:
        with self._step("incident opened") as said:
            incident = open_incident(
                self._root, PROJECT, OPERATOR, alert=reports.alert, since=_begun(app, reports)
            )
            found = tick_off(self._root, PROJECT, OPERATOR, incident, 1)
            told = {event.resource for event in found.timeline}
            missing = {alert_resource(one.alert) for one in (app, reports)} - told
            if missing:
                raise StackError(f"the timeline of {incident} doesn't tell of every alert")
            said.text = f"incident {incident} opened, playbook {found.playbook.name}, step 1 of it done"
        return incident

    def _keep(self, incident: str) -> None:
        with self._step("evidence kept") as said:
            kept = preserve(self._root, PROJECT, OPERATOR, incident, self._kept)
            said.text = f"evidence put aside: {kept.files} files, {kept.events} audit events"
        pins = self._seen.topology.pins
        with self._step("evidence verified") as said:
            found = self._verified(pins.keys)
            if not found.holds:
                raise StackError(f"the evidence does not hold: {found.findings[0]}")
            said.text = "it verifies offline, with the pinned keys"
        with self._step("no value in it") as said:
            hits = CanarySearch(self._aviary.planted).below(self._kept)
            if hits:
                raise StackError(f"the evidence holds what was in a record: {min(hits).where}")
            said.text = f"none of {len(self._aviary.planted)} values of the records is in it, in any form"
        with self._step("forgery found") as said:
            self._forge(pins)
            said.text = "one changed byte in it is found"

    def _verified(self, pins: Keys | None) -> Evidence:
        return verify_evidence(Directory(self._kept), Directory(self._kept / "audit"), pins, SystemClock().now())

    def _forge(self, pins: Pins) -> None:
        path = self._kept / TIMELINE
        true = path.read_bytes()
        path.write_bytes(true.replace(b"1", b"2", 1))
        found = self._verified(pins.keys)
        path.write_bytes(true)
        if found.holds:
            raise StackError("a changed byte in the evidence was not found")

    def _withdraw(self) -> None:
        """As the playbook of a leaking app has it: what it was shown is shown to nobody any more."""
        with self._step("tasks withdrawn") as said:
            tasks = tasks_shown_to(self._root, PROJECT, APP)
            if len(tasks) < len(APP_PEOPLE):
                raise StackError(f"the audit tells of {len(tasks)} tasks that the app was shown")
            withdraw_all(self._root, PROJECT, OPERATOR, tasks, WithdrawalReason.REHEARSAL)
            self._wait(lambda: self._destroyed() >= set(tasks), LET_GO_S, "destroying the keys of withdrawn tasks")
            said.text = f"{len(tasks)} tasks that the app was shown withdrawn, their keys destroyed"

    def _destroyed(self) -> set[str]:
        """The tasks whose keys keeper has destroyed."""
        said = (it for it in self._heard if it.type is EventType.TASK_WITHDRAWN and it.process == KEEPER)
        return {task for event in said for task in task_ids(event)}

    def _resume(self) -> str:
        with self._step("one is not enough") as said:
            first = resume(self._root, PROJECT, OPERATOR)
            if not first.frozen or not reinstate(self._root, PROJECT, OPERATOR, APP).by:
                raise StackError(f"{OPERATOR} alone has let the project go on")
            said.text = f"{OPERATOR} signs that it may go on; it stays frozen, the app stays out"
        with self._step("two resume") as said:
            last = resume(self._root, PROJECT, APPROVER)
            if last.frozen or reinstate(self._root, PROJECT, APPROVER, APP).by:
                raise StackError("two people have signed, and it is not over")
            said.text = f"{APPROVER} signs too: nothing is frozen, the app may enter"
        return last.keys[0]

    def _goes_on(self) -> None:
        with self._step("work goes on") as said, ExitStack() as open_:
            apply_audited(load_declared(self._root), self._endpoints, self._root)  # credentials, anew
            (token,) = faults.tokens(self._root, APP, APP_PEOPLE[:1]).values()
            client = open_.enter_context(LabelClient(self._url, PROJECT, lambda: token))
            self._wait(self._let_go, LET_GO_S, "label's hearing that it may go on")
            self._wait(client.lease, LET_GO_S, "handing out tasks again")
            said.text = "the app gets credentials anew, and tasks again"

    def _let_go(self) -> bool:
        """Whether label has taken up that the freeze and the revocation are over."""
        said = (it for it in self._heard if it.type is EventType.CONTROL_APPLIED and it.process == LABEL)
        return {event.resource for event in said} >= ENDED

    def _close(self, incident: str, change: str) -> None:
        with self._step("incident closed") as said:
            found = close_incident(
                self._root, PROJECT, OPERATOR, incident, folder=self._kept, lessons=LESSONS, change=change
            )
            checked = self._verified(None)
            if found.closed is None or not checked.closed or not checked.holds:
                raise StackError("the closed incident does not hold")
            account = self._seen.account(PROJECT, SystemClock().now())
            if not account.holds:
                raise ConfigError(f"the audit does not add up: {account.findings[0]}")
            said.text = "closed with lessons and a change; the evidence and the audit hold"

    def _step(self, name: str) -> AbstractContextManager[Said]:
        return step(self._report, name, self._tell)

    def _wait(self, ask: Callable[[], T | None], within_s: float, what: str) -> T:
        """The first answer that is true."""
        limit = time.monotonic() + within_s
        while not (found := ask()):
            if time.monotonic() > limit:
                raise StackError(f"{what} did not happen within {within_s:.0f} s")
            self._heard += follow_events(self._follower, self._reader, NEWS, NEWS_WITHIN_S)
        return found


def _begun(*found: Case) -> int:
    return min(case.begun for case in found)


def _tasks(event: AuditEvent) -> int:
    if event.type is not EventType.BATCH_REDACTED or event.batch is None:
        return 0
    return sum(bool(one.task_id) for one in event.batch.outcomes)
