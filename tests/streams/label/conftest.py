from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from schemas.audit import Event, EventType
from schemas.codec import Codec, FixedIds
from schemas.errors import CommitInDoubt
from schemas.hidden import SealedBytes, SecretBytes
from schemas.records import Comment, FieldShape, Find, Label, Note, NoteOutcome, PlaceholderSpan, Task, WorkOrder
from streams.engine.messages import Message, Outgoing, TopicPartition
from streams.engine.processor import Batch, Plan, Request, Slot
from streams.label import tokens
from streams.label.api import ApiSeams
from streams.label.app import DoorSeams, build
from streams.label.askers import People
from streams.label.comment_sealing import CommentSealer
from streams.label.find_sealing import Reported
from streams.label.processor import LabelProcessor, Seams
from streams.label.requests import RequestQueue
from streams.label.settings import ApiSettings, LabelSettings, QueueSettings
from streams.label.signin import NO_SIGN_IN, SignInSeams
from streams.label.withdrawals import WithdrawalOrders
from streams.web.server import WebServer
from streams.web.shown_certificate import ShownCertificate
from tests.simulation.vault import MemoryVault, VaultStore
from tests.streams.label.site import opened
from topology.guidance import Guidance, KnownSpan, PracticeTask
from topology.policies.hints import NO_HINTS, Hints
from topology.policies.model import Choice, LabelSchema
from topology.project import Persons, Project
from topology.switches import FREE, Excluded
from vault.comments import open_typed, seal_note, transit_key
from vault.data_keys import DataKeys
from vault.interface import WrappedKey

TEXT = "[PERSON_1] a"
TASK_KEY = SecretBytes(b"k" * 32)
SCHEMA = LabelSchema(("NAME", "COMPLAINT"), (Choice("tone", ("calm", "angry")),))
CODEC = Codec(FixedIds())


class Everybody(tuple[str, ...]):
    """Holds whoever is asked for: what a test is not about needs no list of names."""

    __slots__ = ()

    def __contains__(self, _: object) -> bool:
        return True


GUIDANCE = Guidance(
    guidelines="Mark every name.",
    onboarding=(
        PracticeTask(
            {"text": "[PERSON_1] waits"}, (KnownSpan("text", 0, 10, "NAME"),), {"tone": "calm"}, "A name."
        ),
    ),
)


PROJECT = Project(
    "demo", "tests", 1, {}, Persons(("author",), ("approver",), ("issuer",), Everybody()), GUIDANCE, comments=True
)


class ManualClock:
    """Time that only tests move."""

    def __init__(self) -> None:
        self.ms = 1_700_000_000_000

    def now(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000

    def wait(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)


@dataclass
class TinyLoop:
    """Commits at once and in memory; what is committed is what the next restore sees."""

    clock: ManualClock
    requests: RequestQueue
    frozen_by: tuple[str, ...] = ()
    paused_by: str = ""
    paused_batches: frozenset[str] = frozenset()
    batches: frozenset[str] = frozenset({"week-48", "week-49"})
    skills: dict[str, frozenset[str]] = field(default_factory=dict)
    excluded: dict[str, Excluded] = field(default_factory=dict)
    adjudicators: tuple[str, ...] = ()
    withdrawn: set[str] = field(default_factory=set)
    evicted: list[str] = field(default_factory=list)
    policies: dict[str, LabelSchema] = field(default_factory=lambda: {"policy-1": SCHEMA})
    hints: dict[str, Hints] = field(default_factory=dict)
    settings: LabelSettings = field(default_factory=LabelSettings)
    committed: list[Outgoing] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    in_doubt: bool = False
    notice: str | None = None
    stands: bool | None = None
    project: Project | None = None
    closed: str = ""
    offset: int = 0
    vault: MemoryVault = field(default_factory=lambda: MemoryVault(VaultStore(auto_keys=True), "demo"))
    turn: threading.RLock = field(default_factory=threading.RLock)
    """Held by whoever works a batch: tests give tasks while `run` takes requests."""

    def __post_init__(self) -> None:
        seams = Seams(
            self.policies.get,
            lambda: self.frozen_by,
            lambda task_id: task_id in self.withdrawn,
            self.evicted.extend,
            WithdrawalOrders("demo", CODEC, lambda _: b"s" * 64),
            self.seal_find,
            People(
                lambda person: person in self.adjudicators,
                lambda person: self.skills.get(person, frozenset()),
                lambda person: self.excluded.get(person, FREE),
                lambda: self.paused_batches,
            ),
            lambda adjudicate: [] if adjudicate else list(self.skills.values()),
            lambda: self.paused_by,
            lambda: self.batches,
            self.requests.waiters,
            project=lambda: self.project,
            closed=lambda: self.closed,
            hints_of=self.hints_of,
        )
        self.processor = LabelProcessor("demo", CODEC, self.clock, seams, self.settings)
        self.restart()

    def hints_of(self, policy: str) -> Hints:
        return self.hints.get(policy, NO_HINTS)

    def seal_find(self, reported: Reported, now: int) -> Find | None:
        """Sealed before the key is forgotten: here by nobody, in order to be looked into."""
        assert reported.task.task_id not in self.evicted
        task, marks = reported.task, repr(reported.marks).encode()
        return Find(reported.lease_id, task.task_id, task.policy, task.bundle, reported.reason, "", "", marks, now)

    def comments(self) -> list[Comment]:
        return [CODEC.decode(one.value, Comment) for one in self.committed if one.topic == "comments.demo"]

    def typed(self, comment: Comment) -> str:
        return self._typed(comment).text

    def _typed(self, comment: Comment) -> Any:
        wrapped = WrappedKey(comment.wrapped_key, comment.context)
        (secret,) = self.vault.unwrap(transit_key("demo"), [wrapped])
        assert isinstance(secret, SecretBytes)
        place = {"task_id": comment.task_id, "comment_id": comment.comment_id}
        return open_typed(secret, SealedBytes(comment.sealed), project="demo", **place)

    def redact(self, *texts: str | None) -> None:
        """What redact makes of the last comments, as many as there are texts; of None nothing may be shown."""
        for comment, text in zip(self.comments()[-len(texts) :], texts, strict=True):
            self.give(self.note(comment, text))

    def note(self, comment: Comment, text: str | None) -> Note:
        name, task_id = comment.comment_id, comment.task_id
        if text is None:
            return Note(name, task_id, NoteOutcome.REFUSED, "nothing_left", "bundle-1", b"", self.clock.now())
        key = self._typed(comment).note_key
        sealed = seal_note(key, text, project="demo", task_id=task_id, comment_id=name).data
        return Note(name, task_id, NoteOutcome.SHOWN, "", "bundle-1", sealed, self.clock.now())

    def restart(self) -> None:
        state = [
            Message("label-state.demo", 0, at, one.key, one.value)
            for at, one in enumerate(self.committed)
            if one.topic == "label-state.demo"
        ]
        self.commit(self.processor.restore(Slot("label.demo.0", 1, "label.demo", "demo"), state))

    def commit(self, plan: Plan) -> None:
        self.notice, self.stands = plan.notice, plan.stands
        self.committed += plan.outputs
        self.events += plan.events
        for request, answer in plan.answers:
            request.answer(CommitInDoubt("test") if self.in_doubt else answer)

    def batch(self, messages: list[Message] | None = None, requests: list[Request[Any]] | None = None) -> None:
        places: dict[TopicPartition, int] = {}
        self.commit(self.processor.process(Batch(messages or [], requests or [], places, self.clock.now())))

    def control(self, *keys: str) -> None:
        with self.turn:
            self.commit(self.processor.control(keys))

    def give(self, *records: Task | WorkOrder | Note | bytes) -> None:
        with self.turn:
            self.batch([self.message(record) for record in records])

    def message(self, record: Task | WorkOrder | Note | bytes) -> Message:
        self.offset += 1
        topic = {WorkOrder: "work.demo", Note: "notes.demo"}.get(type(record), "tasks.demo")
        value = record if isinstance(record, bytes) else CODEC.encode(record)
        return Message(topic, 0, self.offset, b"key", value, timestamp=self.clock.ms)

    def ask(self, command: object) -> Any:
        """One command in a batch of its own; raises what it is refused with."""
        future = self.requests.ask(command)
        self.batch(requests=self.requests.take(10))
        return future.result(0)

    def ask_in_turn(self, command: object) -> Any:
        """The same while `run` takes requests."""
        return self.requests.ask(command).result(60)

    def run(self, stop: threading.Event) -> None:
        """As the real loop: a round also where nobody asks, since whoever waits may have a turn."""
        while not stop.is_set():
            if self.requests.wait(0.02) or len(self.requests.waiters):
                with self.turn:
                    self.batch(requests=self.requests.take(100))

    def types(self) -> list[EventType]:
        return [event.type for event in self.events]

    def labels(self) -> list[Label]:
        return [CODEC.decode(one.value, Label) for one in self.committed if one.topic == "labels.demo"]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def make_task() -> Callable[..., Task]:
    """Tasks with one field `text` that reads `[PERSON_1] a`."""

    def make(number: int, overlap: int = 1, policy: str = "policy-1", **routing: Any) -> Task:
        shape = FieldShape("text", len(TEXT), (PlaceholderSpan(0, 10, "PERSON"),))
        name = f"{number:032x}"
        return Task(name, 1, "bundle-1", policy, "redact.demo.0/1/1", overlap, 1, (shape,), b"sealed", **routing)

    return make


@pytest.fixture
def tiny(clock) -> TinyLoop:
    return TinyLoop(clock, RequestQueue(100))


@pytest.fixture
def tiny_with(clock) -> Callable[[QueueSettings], TinyLoop]:
    return lambda settings: TinyLoop(clock, RequestQueue(100), settings=LabelSettings(queue=settings))


@dataclass
class Api:
    """The real app on a real socket over the tiny loop."""

    loop: TinyLoop
    clock: ManualClock
    key: Ed25519PrivateKey
    opened: list[str] = field(default_factory=list)
    content: Callable[[Task], Mapping[str, str]] = lambda _: {"text": TEXT}
    told: Callable[[Task], Mapping[str, str]] = lambda _: {}
    key_of: Callable[[Task], SecretBytes] = lambda _: TASK_KEY
    project: Project | None = PROJECT
    revoked: set[str] = field(default_factory=set)
    url: str = ""
    http: httpx.Client = field(default_factory=httpx.Client)

    def open_content(self, task: Task) -> Mapping[str, str]:
        assert EventType.TASK_VIEWED in self.loop.types(), "opened before the view was committed"
        self.opened.append(task.task_id)
        return self.content(task)

    def open_hints(self, task: Task) -> Mapping[str, str]:
        assert EventType.HINT_SHOWN in self.loop.types(), "opened before the hint was committed"
        return self.told(task)

    def task_key(self, task: Task) -> SecretBytes:
        """Of the content of any task."""
        assert EventType.COMMENTS_VIEWED in self.loop.types(), "used before the event was committed"
        return self.key_of(task)

    def token(self, person: str = "ada", **changes: Any) -> str:
        issued = self.clock.now() // 1000
        claims: dict[str, Any] = {
            "iss": "issuer",
            "sub": person,
            "aud": tokens.audience("demo"),
            "project": "demo",
            "role": tokens.ROLE,
            "iat": issued,
            "exp": issued + 3600,
            "jti": uuid.uuid4().hex,
        }
        return jwt.encode(claims | changes, self.key, "EdDSA", headers={"kid": "issuer"})

    def call(
        self, path: str, body: Any = None, person: str = "ada", *, method: str = "POST", **headers: str
    ) -> httpx.Response:
        sent = {"Authorization": f"Bearer {self.token(person)}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, (bytes, str)):
            return self.http.request(method, self.url + path, content=body, headers=sent)
        return self.http.request(method, self.url + path, json=body, headers=sent)

    def lease(self, person: str = "ada") -> dict[str, Any]:
        answer = self.call("/v1/projects/demo/leases", person=person)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def label(
        self, lease: dict[str, Any], person: str = "ada", key: str = "key-1", **result: Any
    ) -> httpx.Response:
        body = {"fencing_token": lease["fencing_token"], "result": {"spans": [], "choices": {}} | result}
        return self.call(f"/v1/leases/{lease['lease_id']}/label", body, person, Idempotency_Key=key)


@pytest.fixture
def api_with(clock) -> Iterator[Callable[..., Api]]:
    stops: list[Callable[[], None]] = []

    def make(
        settings: ApiSettings | None = None,
        queue: QueueSettings | None = None,
        signin: SignInSeams = NO_SIGN_IN,
        tls: ShownCertificate | None = None,
        signers: tuple[str, ...] = ("issuer",),
        door: DoorSeams | None = None,
    ) -> Api:
        settings = settings or ApiSettings()
        requests = RequestQueue(settings.pending_requests, settings.waiting)
        loop = TinyLoop(clock, requests, settings=LabelSettings(queue=queue or QueueSettings()))
        api = Api(loop, clock, Ed25519PrivateKey.generate())
        public = api.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        seams = ApiSeams(
            requests=requests,
            open_content=api.open_content,
            schema_of=loop.policies.get,
            schema_in_force=lambda: loop.policies.get("policy-1"),
            project=lambda: api.project,
            token_keys=dict.fromkeys(signers, public),
            clock=clock,
            comments=CommentSealer("demo", api.task_key, DataKeys(loop.vault)),
            signin=signin,
            revoked=lambda person: person in api.revoked,
            hints_of=loop.hints_of,
            open_hints=api.open_hints,
        )
        server = WebServer(build("demo", seams, settings, door), settings, tls)
        stop = threading.Event()
        thread = threading.Thread(target=loop.run, args=(stop,), daemon=True)
        api.url = server.start()
        thread.start()

        def end() -> None:
            stop.set()
            requests.close()
            api.http.close()
            server.stop()
            thread.join()

        stops.append(end)
        return api

    yield make
    for stop in reversed(stops):
        stop()


@pytest.fixture
def api(api_with) -> Api:
    return api_with()


@pytest.fixture
def site_with(api_with):
    """Sites that browsers sign in to, each with its own limits (`site.opened`)."""
    made = []

    def make(*limits, **more):
        made.append(opened(api_with, *limits, **more))
        return made[-1]

    yield make
    for site in made:
        site.close()


@pytest.fixture
def site(site_with):
    return site_with()
