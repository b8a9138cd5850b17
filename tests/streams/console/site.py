"""A console over a board that a test fills: the real app on a real socket; the audit is a list."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from deploy.console_incidents import lines, story
from schemas.alerts import Alert, Severity, alert_id
from schemas.audit import AuditEvent, BatchCoverage, Decision, Event, EventType, OffsetOutcome, RawOutcome
from schemas.errors import LogUnavailable
from schemas.matching import MatchingStanding
from schemas.metrics import Metric
from streams.console.api import ApiSeams
from streams.console.app import build
from streams.console.board import Board
from streams.console.news import News
from streams.console.plots import HOUR_MS, MINUTE_MS
from streams.console.seals import Checkpoint
from streams.console.settings import ConsoleSettings
from streams.console.signing_desk import Signing
from streams.console.tracing import Traced
from streams.console.visitors import COOKIE
from streams.engine.clock import SystemClock
from streams.engine.messages import Message
from streams.web.server import WebServer
from streams.web.signin import Entrance
from tests.support.browser import Browser, VouchingProvider
from tests.support.pipeline import free_port
from topology.project import Persons, Project

OFFICERS = Persons(("ada",), ("grace",), ("olga",), ("ann",), officers=("iris",))
ELSEWHERE = Persons(("eve",), ("fay",), (), (), officers=("otto",))
NOWHERE = Signing("", "", lambda *_: None, lambda _: 1, lambda _: None, lambda *_: None)
NOTHING_SIGNED = {"minimum": 0, "policies": [], "jobs": [], "freezes": [], "releases": [], "revoked": []}
PLAYBOOKS = {
    "odd-labeling": "1. Ask who it was.\n2. Freeze, if in doubt.",
    "unannounced-use": "1. Which identity, which key, since when?",
}
OPEN, CLOSED = "2026-11-26-00c0ffee", "2026-11-25-0ddba115"
POLICY, OLDER = "a" * 64, "b" * 64


class Diary:
    """What was said, committed at once; `away`: nothing can be."""

    def __init__(self):
        self.events: list[Event] = []
        self.away = False

    def say(self, event: Event) -> Future[None]:
        done: Future[None] = Future()
        if self.away:
            done.set_exception(LogUnavailable("away"))
        else:
            self.events.append(event)
            done.set_result(None)
        return done

    def of(self, kind: EventType) -> list[Event]:
        return [event for event in self.events if event.type is kind]


class Tracer:
    """Knows one task."""

    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="120"><text x="20" y="60">drawn</text></svg>'

    def trace(self, project, text, limit):
        if text != "task/known":
            return None
        inner = {"id": "label/9", "kind": "label", "title": "label 9", "upward": "", "asked": False, "moment": "",
                 "said": ["by ann"], "branches": []}  # fmt: skip
        branch = {"id": "task/known", "kind": "task", "title": "task known", "upward": "", "asked": True,
                  "moment": "2026-11-26 10:00", "said": ["1 label"], "branches": [inner]}  # fmt: skip
        content = {"asked": text, "summary": "1 task, 1 label", "branches": [branch], "findings": 0}
        return Traced(content, self.svg, ("task/known",))

    def access(self, project, person, limit):
        if person != "ann":
            return None
        one = {"time": "2026-11-26T10:00:00Z", "what": "view", "person": "ann", "resource": "task/known",
               "purpose": "labeling", "rule": "annotators", "event": "label.demo.0/7"}  # fmt: skip
        content = {"counts": {"view": 1}, "persons": 1, "tasks": 1, "days": [], "latest": [one], "left_out": 0}
        return Traced({**content, "findings": 0}, resources=("person/ann",))


@dataclass
class Incidents:
    """Those that these events of a project tell of. `failures`: so often they can't be read."""

    events: list[AuditEvent] = field(default_factory=list)
    platform: list[AuditEvent] = field(default_factory=list)
    failures: int = 0

    def all(self, project):
        if self.failures:
            self.failures -= 1
            raise LogUnavailable("a test's")
        return Traced({"incidents": lines(self.events), "findings": 0})

    def one(self, project, incident_id, limit):
        content = story(self.events, self.platform, project, incident_id, limit)
        return content and Traced({**content, "findings": 0}, resources=(f"incident/{incident_id}",))


@dataclass
class Site:
    """A console, and what it rests on."""

    clock: object
    origin: str
    provider: object
    projects: dict[str, Project]
    settings: ConsoleSettings = field(default_factory=ConsoleSettings)
    diary: Diary = field(default_factory=Diary)
    signatures: dict = field(default_factory=lambda: {**NOTHING_SIGNED})
    limits: dict = field(default_factory=lambda: {POLICY: 0.02})
    signing: Signing = NOWHERE
    incidents: Incidents = field(default_factory=Incidents)
    revoked: set = field(default_factory=set)
    sequence: int = 0

    def __post_init__(self):
        self.news, self.browsers = News(), []
        self.board = Board(self.settings, self.news.arrived)
        seams = ApiSeams(
            entrance=Entrance(self.origin, self.provider, COOKIE, settings=self.settings.signin),
            projects=lambda: self.projects,
            revoked=lambda project, person: (project, person) in self.revoked,
            board=self.board,
            news=self.news,
            diary=self.diary,
            signatures=lambda project: self.signatures,
            limits=lambda project, policies: self.limits,
            playbook=lambda name: PLAYBOOKS.get(name, ""),
            tracing=Tracer(),
            incidents=self.incidents,
            signing=self.signing,
            ready=lambda: True,
            clock=self.clock,
        )
        self.server = WebServer(build(seams, self.settings), self.settings.http)
        self.server.start()

    def close(self):
        for browser in self.browsers:
            browser.close()
        self.news.close()
        self.server.stop()

    def browser(self):
        self.browsers.append(Browser(self.origin))
        return self.browsers[-1]

    def signed_in(self, person="iris"):
        browser = self.browser()
        answer = browser.sign_in(self.provider, person)
        assert answer.headers["location"] == "/", answer.headers
        return browser

    def event(self, kind=EventType.TASK_VIEWED, topic="audit.demo", time=None, **more):
        """One more event on the board."""
        self.sequence += 1
        event = made(self.sequence, kind, self.clock.now() if time is None else time, **more)
        self.board.event(Message(topic, 0, self.sequence, b"", b"", {}, event.time), event)
        return event


def made(sequence, kind, time, **more):
    plain = AuditEvent(
        slot="label.demo.0",
        epoch=1,
        sequence=sequence,
        previous=bytes(32),
        process="label.demo",
        time=time,
        type=kind,
        resource=f"task/{sequence:032x}",
        outcome="success",
        decision=Decision.NONE,
        person="ann",
        purpose="labeling",
        reason="",
        bundle="",
        parents=(f"lease/{sequence:032x}",),
        batch=None,
        certificate=None,
        details={},
    )
    return replace(plain, **more)


def opened(clock=None, provider=None, settings=None, **more):
    """A console of its own, on a port of its own, for two projects."""
    port = free_port()
    projects = {
        "demo": Project("demo", "tests", 1, {}, OFFICERS),
        "other": Project("other", "tests", 1, {}, ELSEWHERE),
    }
    settings = settings or ConsoleSettings()
    settings = replace(settings, http=replace(settings.http, port=port))
    return Site(
        clock or SystemClock(),
        f"http://127.0.0.1:{port}",
        provider or VouchingProvider(),
        projects,
        settings,
        **more,
    )


def fill(site, events=400):
    """As an installation looks after a day."""
    now = site.clock.now()
    for number in range(events):
        happen(site, number, now - (events - number) * 700)
    measure(site, now)
    seal(site, now)
    match(site, now)
    look_into(site, now)
    for rule, severity, subject in (
        ("pace", Severity.WARNING, "person/ann-2"),
        ("repeated-denials", Severity.CRITICAL, "person/bob"),
        ("skips", Severity.NOTICE, "person/ann-1"),
    ):
        details = {"measured": "42", "threshold": "30", "playbook": "odd-labeling"}
        evidence = ("label.demo.0/12", "label.demo.0/19")
        name = alert_id(rule, subject, now)
        alert = Alert(name, rule, severity, subject, now - 400_000, now - 60_000, evidence, details)
        site.board.alert("demo", alert, alert.at)


def happen(site, number, time):
    """One of the events of a day."""
    if number % 23 == 5:
        outcomes = tuple(OffsetOutcome(at, RawOutcome.TASK, f"{at:032x}") for at in range(40))
        batch = BatchCoverage("raw.demo", 0, 0, 40, outcomes)
        resource = f"batch/raw.demo/0/{number * 40}/{number * 40 + 40}"
        more = {"batch": batch, "person": "", "purpose": "", "process": "redact.demo", "bundle": "c" * 64}
        site.event(EventType.BATCH_REDACTED, time=time, resource=resource, **more)
    elif number % 31 == 7:
        more = {"outcome": "refused", "decision": Decision.DENY, "reason": "outside_hours", "parents": ()}
        site.event(EventType.ACCESS_DENIED, time=time, resource="project/demo", person="bob", **more)
    elif number % 3 == 0:
        person, resource = f"ann-{number % 4}", f"label/{number:032x}"
        site.event(EventType.LABEL_SUBMITTED, time=time, person=person, resource=resource)
    elif number % 11 == 2:
        more = {"person": "", "purpose": "", "process": "decide.demo"}
        site.event(EventType.VERDICT_REACHED, time=time, resource=f"verdict/{number:032x}", **more)
    else:
        site.event(time=time, person=f"ann-{number % 4}", details={"rule": "annotators"})


def measure(site, now):
    """The windows of a day: two policies, a gap of two hours, small counts left out."""
    hour_now, minute_now = now - now % HOUR_MS, now - now % MINUTE_MS
    for policy, name, first, last in ((OLDER, "demo@2", 24, 12), (POLICY, "demo@3", 12, 0)):
        for hour in range(first, last, -1):
            site.board.metric(hour_of(hour_now - hour * HOUR_MS, policy, name, hour))
    for hour in range(24, 0, -1):
        if hour not in (9, 10):
            site.board.metric(whole_of(hour_now - hour * HOUR_MS, hour))
    for minute in range(120, 0, -1):
        since = minute_now - minute * MINUTE_MS
        cells = {"views": 12 + minute % 9, "labels": 10 + minute % 7} if minute % 13 else {"views": 11}
        site.board.metric(Metric("demo", "", "", since, since + MINUTE_MS, cells))


def seal(site, now):
    """Two checkpoints of each log."""
    for partition in range(4):
        for size in (900, 1000):
            origin = f"veilstream-test/audit.demo/{partition}"
            site.board.checkpoint(origin, Checkpoint(origin, size + partition, bytes(32)), now - 900)
    origin = "veilstream-test/audit.platform/0"
    site.board.checkpoint(origin, Checkpoint(origin, 77, bytes(32)), now - 30_000)


def look_into(site, now):
    """One incident that is worked on, one that is closed."""
    tell = site.incidents.events.append
    happened = [
        (EventType.FREEZE_ORDERED, 500, "olga", "control/freeze/demo/olga", {}),
        (EventType.CONTROL_APPLIED, 499, "", "control/freeze/demo", {"key": "freeze/demo/olga"}),
        (EventType.INCIDENT_OPENED, 490, "olga", f"incident/{OPEN}", {"playbook": "stolen-account"}),
        (EventType.INCIDENT_STEPPED, 400, "grace", f"incident/{OPEN}", {"step": "1"}),
        (EventType.LIFT_ORDERED, 300, "olga", "control/lift/demo/olga/olga", {"of": "olga", "version": "7"}),
        (EventType.INCIDENT_OPENED, 9_000, "grace", f"incident/{CLOSED}", {"playbook": "leaking-app"}),
        (EventType.INCIDENT_PRESERVED, 8_500, "grace", f"incident/{CLOSED}", {"manifest": "ab" * 32}),
        (EventType.INCIDENT_CLOSED, 8_000, "grace", f"incident/{CLOSED}", {"change": "demo@3"}),
    ]
    for number, (kind, ago_s, person, resource, details) in enumerate(happened, 1):
        process = f"person.{person}" if person else "redact.demo"
        since = {"since": str(now - ago_s * 1000 - 60_000)} if kind is EventType.INCIDENT_OPENED else {}
        plain = {"person": person, "purpose": "", "resource": resource, "parents": (), "process": process}
        tell(made(number, kind, now - ago_s * 1000, **plain, slot=process, details={**details, **since}))


def match(site, now, **more):
    """Vault's log is matched up to now; the platform has two alerts of it, and one of watch's."""
    matched = {"decrypt": 20_480, "datakey": 512, "sign": 1_204, "read": 20_411, "write": 1_530, "login": 41}
    alerts = {"vault-denied": 1, "kafka-denied": 1}
    standing = MatchingStanding(now - 4_000, now - 95_000, now - 35_000, now - 6_000, 61, matched, alerts)
    site.board.matching(replace(standing, **more))
    for rule, identity in (("vault-denied", "userpass-otto"), ("kafka-denied", "shipper.platform")):
        details = {"identity": identity, "target": "veil-other/otto", "playbook": "unannounced-use"}
        alert = Alert(
            rule, rule, Severity.WARNING, f"vault/{identity}/otto", now - 90_000, now - 80_000, (), details
        )
        site.board.alert("platform", alert, alert.at)
    details = {"measure": "denials", "value": "12.0000", "above": "9", "base": "12", "playbook": "odd-labeling"}
    refused = Alert(
        "refused", "repeated-denials", Severity.WARNING, "person/otto", now - 700_000, now - 100_000, (), details
    )
    site.board.alert("platform", refused, refused.at)


def hour_of(since, policy, name, hour):
    cells = {"tasks": 800 + 37 * (hour % 5), "fields_redacted": 1600 + 90 * (hour % 4), "fields_untouched": 700,
             "characters_redacted": 21_000 + 900 * (hour % 6), "characters_untouched": 80_000}  # fmt: skip
    if hour % 3:
        cells |= {"quarantined": 11 + hour % 5}
    if hour in (4, 5):
        cells |= {"violations": 10 + hour}
    figures = {"raw_to_task_p50": 900.0 + 40 * (hour % 7), "raw_to_task_p95": 2600.0 + 200 * (hour % 5),
               "leak_bound": 0.045 / (26 - hour) + 0.004}  # fmt: skip
    return Metric("demo", policy, name, since, since + HOUR_MS, cells, figures)


def whole_of(since, hour):
    cells = {"views": 620 + 25 * (hour % 6), "labels": 590 + 20 * (hour % 6), "verdicts": 280 + 10 * (hour % 4),
             "joined": 270 + 9 * (hour % 4)}  # fmt: skip
    if hour % 5 == 1:
        cells |= {"denials": 10 + hour}
    figures = {
        "task_to_label_p50": 65_000.0 + 3_000 * (hour % 5),
        "task_to_label_p95": 400_000.0 + 9_000 * (hour % 3),
        "label_to_joined_p50": 1_900.0,
        "label_to_joined_p95": 7_000.0 + 300 * (hour % 4),
        "agreement": 0.78 + 0.02 * (hour % 5),
    }
    return Metric("demo", "", "", since, since + HOUR_MS, cells, figures)
