"""The console: the audit, metrics, alerts, checkpoints and control of all projects in, a page out.

It consumes in no group and keeps no state; what it says on `audit.platform` goes under a slot of each life.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from deploy.acting import act
from deploy.console_incidents import AuditIncidents
from deploy.console_tracing import AuditTracing
from deploy.current_project import project_file
from deploy.signin.configuration import Listening, SignInConfiguration, load
from deploy.signin.seams import provider_settings
from deploy.surroundings import CONTROL, Surroundings, surroundings
from schemas.audit import Event
from schemas.errors import ConfigError
from schemas.records import ControlState
from schemas.routing import is_name
from streams.audit import checkpoint, note
from streams.audit.note import BadNote, Verifier
from streams.console.api import ApiSeams
from streams.console.app import build
from streams.console.board import Board
from streams.console.diary import Diary, DiarySeams
from streams.console.feed import Feed, FeedSeams, depths
from streams.console.news import News
from streams.console.seals import Checkpoint
from streams.console.settings import ConsoleSettings
from streams.console.signatures import signatures, to_sign
from streams.console.signing_desk import Signing
from streams.console.visitors import COOKIE
from streams.engine.control_reader import ControlReader
from streams.engine.health import Health
from streams.engine.kafka_lateness import AGAIN_S
from streams.engine.messages import Message, Outgoing
from streams.web.provider import OidcProvider
from streams.web.server import WebServer
from streams.web.shown_certificate import ShownCertificate
from streams.web.signin import Entrance
from topology.identity import PLATFORM, Identity
from topology.policies import load_policy_bytes
from topology.project import Project
from vault.handing import Handed

IDENTITY = Identity("console", PLATFORM)
SEALER = Identity("seal", PLATFORM)


class Control:
    """What `control` says, taken up by one thread and asked by others. Thread-safe."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._lock = threading.Lock()
        self._reader: ControlReader | None = None

    def take_up(self) -> bool:
        """What is new; whether its end was heard lately. Raises LogUnavailable, RegistryUnavailable."""
        self._reader = self._reader or self._around.control()
        with self._lock:
            self._reader.poll()
            self._reader.acknowledged()
        return self._reader.fresh()

    def signatures(self, project: Project) -> dict[str, Any]:
        """As `streams.console.signatures` has them."""
        with self._lock:
            return signatures(self._around.book, project, self._around.clock.now())

    def limits(self, project: str, policies: frozenset[str]) -> dict[str, float]:
        """What these policies of a project allow their live leak bound to be; of one that can't be read nothing is
        drawn.
        """
        with self._lock:
            book = self._around.book
            records = [found for it in policies if (found := book.policy(project, it)) is not None]
        limits = {it.hash: leak_limit(it.body) for it in records}
        return {it: limit for it, limit in limits.items() if limit is not None}

    def wanted(self, project: Project, kind: str, target: str, person: str) -> tuple[str, bytes] | None:
        """What waits for a person's signature."""
        with self._lock:
            return to_sign(self._around.book, project, kind, target, person, self._around.clock.now())

    def lowest(self, key: str) -> int:
        """The lowest version of a record under a key."""
        with self._lock:
            return self._around.book.next_version(key)

    def close(self) -> None:
        """Stop reading."""
        if self._reader is not None:
            self._reader.close()


@dataclass(frozen=True, slots=True)
class ConsoleRunning:
    """The console, ready to run."""

    health: Health
    url: str
    feed: Feed
    diary: Diary

    def run(self, stop: threading.Event) -> None:
        """Until told to stop. Raises what ended it."""
        written = threading.Event()
        writer = threading.Thread(target=self.diary.run, args=[written], name="diary", daemon=True)
        writer.start()
        try:
            self.feed.run(stop)
        finally:
            written.set()
            writer.join()


@contextmanager
def open_console(
    root: Path, port: int, settings: ConsoleSettings | None = None, *, handed: Handed
) -> Iterator[ConsoleRunning]:
    """Connect as `console.platform`, which is `handed` what it logs in with, and listen.

    Raises ConfigError where the stack was never started or provisioned, StackError where the port is taken.
    """
    around = surroundings(root, IDENTITY, PLATFORM, handed=handed, patience_s=AGAIN_S)
    configured = _configured(around, port)
    settings = settings or ConsoleSettings()
    settings = replace(settings, http=replace(settings.http, host=configured.listening.host, port=port))
    health, news, control = Health(), News(), Control(around)
    board = Board(settings, news.arrived)
    diary = Diary(_diary_seams(around), health, settings.audit_pending)
    feed = Feed(_feed_seams(around, board, control, settings), health)
    seams = ApiSeams(
        entrance=_entrance(configured, settings),
        projects=_projects(around),
        revoked=around.book.revoked,
        board=board,
        news=news,
        diary=diary,
        signatures=control.signatures,
        limits=control.limits,
        playbook=playbook,
        tracing=AuditTracing(around),
        incidents=AuditIncidents(around),
        signing=_signing(around, control, configured),
        ready=lambda: feed.ready,
        clock=around.clock,
    )
    server = WebServer(build(seams, settings), settings.http, _tls(configured.listening))
    try:
        yield ConsoleRunning(health, server.start(), feed, diary)
    finally:
        news.close()
        server.stop()
        control.close()
        around.close()


def _signing(around: Surroundings, control: Control, configured: SignInConfiguration) -> Signing:
    """Where the provider has a place to sign at; with another provider `veil policy sign` is the way."""
    provider = configured.provider

    def publish(state: ControlState, event: Event) -> None:
        act(around, [Outgoing(CONTROL, state.key.encode(), around.codec.encode(state))], [event])

    return Signing(
        provider.signing_endpoint if provider else "",
        provider.client_id if provider else "",
        control.wanted,
        control.lowest,
        around.topology.pins.of,
        publish,
    )


def leak_limit(policy: bytes) -> float | None:
    """What a policy allows its live leak bound to be; None where it says nothing, or can't be read."""
    try:
        return load_policy_bytes(policy).gold.leak_limit
    except ConfigError:
        return None


def playbook(name: str) -> str:
    """What a person does about an alert; empty where nobody has written that down."""
    file = resources.files("topology").joinpath("playbooks", f"{name}.md")
    return file.read_text(encoding="utf-8") if is_name(name) and file.is_file() else ""


def _configured(around: Surroundings, port: int) -> SignInConfiguration:
    """As `veil up` has it; nobody signs in where it has said nothing, or of another port."""
    found = load(around.root, PLATFORM)
    return found if found is not None and found.port == port else SignInConfiguration(Listening(), port, None)


def _entrance(configured: SignInConfiguration, settings: ConsoleSettings) -> Entrance:
    found = configured.provider
    provider = OidcProvider(provider_settings(found), settings.signin) if found else None
    return Entrance(configured.origin, provider, COOKIE, settings=settings.signin)


def _tls(listening: Listening) -> ShownCertificate | None:
    return ShownCertificate(listening.pem_files) if listening.certificate else None


def _projects(around: Surroundings) -> Callable[[], Mapping[str, Project]]:
    """Every project that is declared, as its file stands now; one whose file can't be read gives nobody a
    right.
    """
    current = {name: project_file(around.root, it, around.clock) for name, it in around.topology.projects.items()}

    def projects() -> dict[str, Project]:
        return {name: project for name, read in current.items() if (project := read()) is not None}

    return projects


def _diary_seams(around: Surroundings) -> DiarySeams:
    topic = f"audit.{PLATFORM}"
    return DiarySeams(around.identity, topic, around.log, around.codec, around.clock, around.sign)


def _feed_seams(around: Surroundings, board: Board, control: Control, settings: ConsoleSettings) -> FeedSeams:
    key = around.topology.pins.of(SEALER.signer)
    if key is None:
        raise ConfigError(f"{SEALER.signer} has no pinned key; run `veil topology apply`")
    depth = depths(around.topology.projects, settings)
    pinned = key
    return FeedSeams(
        around.log,
        around.codec,
        around.clock,
        board,
        depth,
        lambda message: checked(message, pinned),
        control.take_up,
    )


def checked(message: Message, sealer: bytes) -> Checkpoint | None:
    """What a record of `checkpoints` says, where the pinned sealer has signed it."""
    try:
        found, text = checkpoint.parse(message.value or b"")
        signer = Verifier(found.origin, sealer)
        note.check(text, signer)
    except BadNote:
        return None
    others = tuple(sorted({it.name for it in text.signatures if it.key_hash != signer.key_hash}))
    return Checkpoint(found.origin, found.size, found.root, others)
