"""A whole project in one process on the in-memory log and vault: every stage, two slots where stages scale,
producers, people. A seed decides everything: who moves, what fails, when, and how.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from schemas.codec import Codec, FixedIds
from schemas.control import ControlKind, Freezable
from schemas.errors import Abortable, CommitInDoubt, Fenced, LogUnavailable, VaultUnavailable, VeilError
from schemas.gold import GoldTruth, KnownWord
from schemas.hidden import SecretBytes
from schemas.quarantine_release import QuarantineRelease, ReleaseReason, release_body
from schemas.records import LabelSpan, Quarantined, RawReference, Task
from schemas.reredaction import Reredaction, reredaction_body
from schemas.resources import raw_resource
from streams.decide.calibration import GoldSeams
from streams.decide.processor import DecideProcessor
from streams.decide.rules import Method, Rules
from streams.engine.control_reader import ControlReader
from streams.engine.health import Health
from streams.engine.log import Ownership, SessionSpec
from streams.engine.loop import Loop, Stage
from streams.engine.messages import Outgoing
from streams.engine.processor import Processor, Request
from streams.engine.requests import NoRequests
from streams.engine.traces.spans import Source
from streams.engine.traces.traces import Traces
from streams.engine.warm import WarmCopy, WarmLog
from streams.join.gold_book import GoldBook
from streams.join.processor import JoinProcessor
from streams.keeper.erasing import ErasureSeams
from streams.keeper.lateness import Lateness
from streams.keeper.leak_watch import LeakSeams
from streams.keeper.leaks import Limit
from streams.keeper.processor import KeeperProcessor
from streams.label.askers import People
from streams.label.commands import Draft
from streams.label.comment_sealing import CommentSealer, comment_id
from streams.label.owner import PREFIX, Instance, succession
from streams.label.processor import LabelProcessor
from streams.label.processor import Seams as LabelSeams
from streams.label.processor import inputs as label_inputs
from streams.label.settings import StandbySettings
from streams.label.withdrawals import WithdrawalOrders
from streams.redact.again.processor import ReplayProcessor
from streams.redact.again.processor import Seams as ReplaySeams
from streams.redact.detect.find import Find, Searched
from streams.redact.parse import parse
from streams.redact.processor import RedactProcessor
from streams.redact.processor import Seams as RedactSeams
from streams.redact.processor import inputs as redact_inputs
from streams.redact.release import Hashes
from streams.redact.ruling import RulingSeams
from tests.simulation.broker import Broker, Crash, MemoryLog
from tests.simulation.segment_topics import MemorySegmentTopics
from tests.simulation.traces import Told
from tests.simulation.vault import MemoryVault, VaultStore
from topology.access import signers
from topology.control import ControlBook
from topology.identity import Identity
from topology.loading import Topology, load_topology
from topology.pins import Pins
from topology.policies import load_policy, load_policy_bytes, policy_bytes
from topology.readers import readers
from topology.rights import wrapping_keys
from vault import keyed_hash
from vault.clocks import ToldTime
from vault.data_keys import DataKeys
from vault.raw import Media, seal_raw
from vault.segments.opening import Geometries, ViewKeys
from vault.signing import sign_control

PROJECT = "demo"
CANARY = re.compile(r"canary[0-9]+")
TYPED = "is {} one of them?"
PARTITIONS = 2
KEPT_MS = 10**9
LABEL_STATE = f"label-state.{PROJECT}"
LATE = SessionSpec(f"label.{PROJECT}.0", f"label.{PROJECT}", (), Ownership.WHOLE, by_turns=True)
OWNER = f"{PREFIX}label.{PROJECT}.0".encode()
GOLD_SHARE = 0.3
SLOTS = (
    *(("replay", 0), ("redact", 0), ("redact", 1), ("label", 0)),
    *(("decide", 0), ("join", 0), ("join", 1), ("keeper", 0)),
)
ADJUDICATOR = "zoe"
RULES = (Rules(), Rules(Method.DAWID_SKENE, 0.9, frozenset({ADJUDICATOR}), watches_drift=True))
"""What decide goes by, in turn: by majority alone; with all it has."""
TOPOLOGY: Topology = load_topology()
POLICY = load_policy("demo")


class CanaryDetector:
    """Finds what looks like a canary. Fast: the schedules test the machinery, not detection."""

    version = "canary"
    data_hash = "canary"

    def is_everyday(self, word: str) -> bool:
        return CANARY.search(word) is None

    def is_common(self, word: str) -> bool:
        return CANARY.search(word) is None

    def search(self, texts: Sequence[str]) -> list[Searched]:
        found = [[Find(m.start(), m.end(), "PERSON") for m in CANARY.finditer(text)] for text in texts]
        return [Searched(finds, 0.0) for finds in found]


class SimulatedClock:
    """Time that moves when the schedule says so. One for everybody."""

    def __init__(self) -> None:
        self.ms = 1_700_000_000_000

    def now(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000

    def wait(self, seconds: float) -> None:
        self.ms += max(1, int(seconds * 1000))


class Here:
    """The label stage's word for who has the queue (`streams.engine.presence.Presence`)."""

    def __init__(self, name: str, clock: SimulatedClock, codec: Codec) -> None:
        self._instance = Instance(name, "http://127.0.0.1:1")
        self._clock = clock
        self._codec = codec

    def entering(self) -> list[Outgoing]:
        record = succession(None, self._instance, self._clock.now(), StandbySettings(), silent=False)
        return [Outgoing(LABEL_STATE, OWNER, self._codec.encode(record))]

    def leaving(self) -> list[Outgoing]:
        return [Outgoing(LABEL_STATE, OWNER, None)]


class Waiting:
    """The label stage's requests (`streams.engine.requests.RequestSource`)."""

    def __init__(self) -> None:
        self.requests: list[Request[Any]] = []

    def take(self, limit: int) -> list[Request[Any]]:
        taken, self.requests = self.requests[:limit], self.requests[limit:]
        return taken

    def wait(self, timeout: float) -> bool:
        return bool(self.requests)


@dataclass(slots=True)
class Faults:
    """What may go wrong at each step, and how often. Off at the end of a schedule."""

    random: Random
    rate: float
    on: bool = True

    def at(self, point: str) -> None:
        """Called by the broker at every step; raises or not."""
        if not self.on or self.random.random() >= self.rate:
            return
        raise self.random.choice(_BROKER_FAULTS.get(point, _ANYWHERE))(f"at {point}")

    def at_vault(self, moment: str, operation: str, target: str) -> None:
        """Called by the vault before and after every operation."""
        if self.on and self.random.random() < self.rate:
            raise self.random.choice((Crash, VaultUnavailable))(f"{moment} {operation}")


_ANYWHERE: tuple[type[BaseException], ...] = (Crash, LogUnavailable)
_BROKER_FAULTS: dict[str, tuple[type[BaseException], ...]] = {
    "produce": (Crash, Abortable),
    "positions": (Crash, Abortable),
    "before commit": (Crash, Abortable),
    "in doubt before": (Crash, CommitInDoubt),
    "in doubt after": (Crash, CommitInDoubt),
    "after commit": (Crash,),
    "abort": (Crash, CommitInDoubt),
    "rewind": (Crash, LogUnavailable),
}


@dataclass(slots=True)
class Seat:
    """One slot: the incarnation at work, and those that were replaced but don't know it."""

    role: str
    number: int
    loop: Loop | None = None
    zombies: list[Loop] = field(default_factory=list)


class World:
    """Everything, and the moves a schedule is made of."""

    def __init__(
        self,
        seed: int,
        *,
        rate: float = 0.02,
        fencing: bool = True,
        loop_type: type[Loop] = Loop,
        log_type: Callable[[Broker], MemoryLog] = MemoryLog,
        warm_type: Callable[[MemoryLog], WarmLog] = WarmLog,
    ) -> None:
        self.random = Random(seed)
        self.rules = RULES[seed % len(RULES)]
        self.faults = Faults(Random(seed + 1), rate)
        self.faults.on = False
        self.clock = SimulatedClock()
        self.codec = Codec(FixedIds())
        self.broker = Broker(_topics(), self.faults.at, fencing)
        self.topics = MemorySegmentTopics(self.broker, lambda: self.clock.now() / 1000)
        self.is_apart = bool(seed // 2 % 2)
        """Whether what is redacted lies apart from Vault: in every other pair of schedules."""
        self.store = VaultStore(self.random.randbytes, auto_keys=True)
        self.vault = MemoryVault(self.store, PROJECT)
        self.topology = replace(TOPOLOGY, pins=self._pins())
        self.waiting = Waiting()
        self.seats = [Seat(role, number) for role, number in SLOTS]
        self.published: list[str] = []
        self.orders = 0
        """To redact again."""
        self.released: set[RawReference] = set()
        """What two people have released from quarantine."""
        self.gold: dict[RawReference, bool] = {}
        """The records that are gold, and whether their value leaks."""
        self.typed: list[str] = []
        """What people have typed about tasks that nobody may read."""
        self.told = Told()
        self._loop_type = loop_type
        self._log_type = log_type
        self._warm_type = warm_type
        self._owners = 0
        self._stand_by()
        self._producer_keys = DataKeys(self.vault)
        of_redact = ("task", "subject", "digest", "token")
        for purpose in (*of_redact, "record"):
            keyed_hash.create(self.vault, PROJECT, purpose)
        self.hashes = Hashes(*(keyed_hash.load(self.vault, PROJECT, purpose) for purpose in of_redact))
        self.views = ViewKeys(self.vault, PROJECT)
        self.sealer = CommentSealer(PROJECT, self.task_key, DataKeys(self.vault))
        self.faults.on = True

    # Moves

    def publish(self) -> None:
        """A record, now and then a bad one, now and then gold: then its truth with it."""
        number = len(self.published)
        canary = f"canary{number}x{self.random.randrange(10**6)}"
        payload = json.dumps(self.record(number, canary)).encode()
        if self.random.random() < 0.1:
            payload = b'{"text": ' + canary.encode()
        key = self.random.randbytes(8).hex().encode()
        data_key = self._producer_keys.current(f"raw-{PROJECT}", "producer", self.clock.now())
        topic = f"raw.{PROJECT}"
        value, headers = seal_raw(data_key, payload, project=PROJECT, topic=topic, key=key, media=Media.JSON)
        if self.random.random() < 0.05:
            value = value[:-1] + bytes([value[-1] ^ 1])
        entry = self.broker.append(Outgoing(topic, key, value, tuple(headers)))
        self.published.append(canary)
        if self.random.random() < GOLD_SHARE:
            assert entry.message is not None
            self._publish_truth(RawReference(topic, entry.message.partition, entry.message.offset), canary)

    def record(self, number: int, canary: str) -> dict[str, Any]:
        """What is published as the record of this number."""
        return {"text": f"please help {canary} with the delivery"}

    def _publish_truth(self, raw: RawReference, canary: str) -> None:
        """What is true of the record just published. Of every other one a character more than is replaced."""
        found, start, longer = CANARY.match(canary), len("please help "), len(self.gold) % 2
        assert found is not None
        value = KnownWord("text", start, start + found.end() + longer, "PERSON", 0)
        truth = GoldTruth(raw, (value,), (LabelSpan("text", 0, 6, "REQUEST"),), {"tone": "neutral"})
        self.broker.append(Outgoing(f"gold.{PROJECT}", raw_resource(raw).encode(), self.codec.encode(truth)))
        self.gold[raw] = bool(longer)

    def task_key(self, task: Task) -> SecretBytes:
        """Of a task that is not withdrawn. Raises RecordError."""
        return self.views.task_key(task.segment_id, task.task_id)

    def draft(self, task: Task, person: str) -> Draft:
        """A person types something about a task, with a canary in it."""
        canary = f"canary{self.random.randrange(10**9)}"
        name = comment_id(PROJECT, task.task_id, person, canary)
        draft = self.sealer.draft(task, name, TYPED.format(canary), self.clock.now())
        self.typed.append(canary)
        return draft

    def sign_policy(self, person: str) -> None:
        key = f"{ControlKind.POLICY}/{PROJECT}/{POLICY.hash}/{person}"
        now = self.clock.now()
        state = sign_control(
            self.vault, person, key=key, version=now, kind=ControlKind.POLICY, body=policy_bytes(POLICY), now=now
        )
        self.broker.append(Outgoing("control", key.encode(), self.codec.encode(state)))

    def withdraw(self, task_id: str) -> None:
        key = f"{ControlKind.WITHDRAW}/{PROJECT}/{task_id}/olga"
        now = self.clock.now()
        state = sign_control(
            self.vault, "olga", key=key, version=now, kind=ControlKind.WITHDRAW, body=b"{}", now=now
        )
        self.broker.append(Outgoing("control", key.encode(), self.codec.encode(state)))

    def order_again(self) -> None:
        """Two people order that all there is of raw is redacted once more."""
        self.orders += 1
        order = Reredaction(self.orders, POLICY.version, 0)
        for person in ("olga", "grace"):
            key = f"{ControlKind.REREDACT}/{PROJECT}/{person}"
            now, kind, body = self.clock.now(), ControlKind.REREDACT, reredaction_body(order)
            state = sign_control(self.vault, person, key=key, version=self.orders, kind=kind, body=body, now=now)
            self.broker.append(Outgoing("control", key.encode(), self.codec.encode(state)))

    def release(self) -> None:
        """Two people release a record that lies in quarantine, or lay there before it was redacted again."""
        held = {
            self.codec.decode(m.value, Quarantined).raw for m in self.broker.committed(f"quarantine.{PROJECT}")
        }
        waiting = sorted(held - self.released, key=lambda raw: (raw.partition, raw.offset, raw.revision))
        if not waiting:
            return
        raw = self.random.choice(waiting)
        self.released.add(raw)
        order = QuarantineRelease(raw.partition, raw.offset, raw.revision, POLICY.version, ReleaseReason.MENDED)
        for person in ("olga", "grace"):
            key = f"{ControlKind.RELEASE}/{PROJECT}/{order.target}/{person}"
            now, kind, body = self.clock.now(), ControlKind.RELEASE, release_body(order)
            state = sign_control(self.vault, person, key=key, version=1, kind=kind, body=body, now=now)
            self.broker.append(Outgoing("control", key.encode(), self.codec.encode(state)))

    def rotate(self) -> None:
        """A key administrator gives one of the project's keys a new version."""
        self.vault.rotate(self.random.choice(wrapping_keys(TOPOLOGY.flow, PROJECT)))

    def step(self, seat: Seat) -> bool:
        """One round of the seat's process, started if it is not running. False when the process ended by it."""
        if seat.loop is None:
            seat.loop = self._start(seat)
        return self._round(seat, seat.loop)

    def step_zombie(self, seat: Seat) -> None:
        """A replaced incarnation goes on, until it finds out."""
        zombie = self.random.choice(seat.zombies)
        try:
            zombie.round()
        except (Crash, Fenced):
            seat.zombies.remove(zombie)
        except VeilError:
            seat.zombies.remove(zombie)

    def replace(self, seat: Seat) -> None:
        """Start another incarnation while the old one still runs somewhere."""
        if seat.loop is not None:
            seat.zombies.append(seat.loop)
        seat.loop = None

    def keep_warm(self) -> None:
        """The one that stands by for label reads on, or dies, and another begins from the start."""
        try:
            for message in self._follower.poll(self.random.choice((1, 5, 100)), 0):
                self._copy.apply(message)
        except LogUnavailable:
            return
        except Crash:
            self._stand_by()

    def _stand_by(self) -> None:
        self._copy = WarmCopy(LABEL_STATE)
        self._follower = MemoryLog(self.broker).follow([LABEL_STATE])

    def disturb(self, seat: Seat) -> None:
        """The broker takes a silent member's partitions away. Label is in no group: there, one that took the queue
        over, and lost it at once, is late with its second id.
        """
        group = f"{seat.role}.{PROJECT}"
        if seat.role == "label":
            assert LATE.second_id is not None
            self.broker.initialise(LATE.second_id)
        elif group in self.broker.groups:
            self.broker.kick(group, f"{group}.{seat.number}")

    def _round(self, seat: Seat, loop: Loop) -> bool:
        try:
            loop.round()
        except (Crash, Fenced):
            seat.loop = None
            if seat.role == "label":
                self.waiting.requests.clear()  # nobody will answer: the callers time out and ask again
            return False
        return True

    # Putting a process together, as deploy does

    def _start(self, seat: Seat) -> Loop:
        identity = Identity(seat.role, PROJECT)
        slot = identity.slot(seat.number)
        vault = MemoryVault(self.store, PROJECT, hook=self.faults.at_vault)
        log: Any = self._log_type(self.broker)
        here = None
        if seat.role == "label":  # the one that stands by takes over, with what it knows
            log, here = self._warm_type(log), Here(f"{slot}/{self._owners}", self.clock, self.codec)
            log.keep(self._copy)
            self._owners += 1
            self._stand_by()
        book = ControlBook(self.topology.flow, self.topology.pins, self.topology.projects)
        processor, inputs, ownership = self._processor(seat, slot, vault, log, book)
        stage = Stage(
            role=seat.role,
            project=PROJECT,
            slot=slot,
            process=identity.name,
            session=SessionSpec(slot, identity.group, inputs, ownership, by_turns=seat.role == "label"),
            state_topic=f"{seat.role}-state.{PROJECT}",
            audit_topic=f"audit.{PROJECT}",
            batch_limit=self.random.choice((1, 3, 50)),
        )
        return self._loop_type(
            stage,
            processor,
            log,
            vault,
            lambda: ControlReader(log.follow(["control"]), book, self.codec, self.clock, PROJECT),
            self.codec,
            self.clock,
            lambda message: vault.sign(identity.sign_key, message),
            self.waiting if seat.role == "label" else NoRequests(),
            Health(),
            here,
            Traces(Source(seat.role, PROJECT, slot), 1.0, self.told, self.clock),
        )

    def _processor(
        self, seat: Seat, slot: str, vault: MemoryVault, log: Any, book: ControlBook
    ) -> tuple[Processor, tuple[str, ...], Ownership]:
        match seat.role:
            case "redact":
                ruling = RulingSeams(
                    lambda: book.policy_in_force(PROJECT),
                    lambda: book.frozen_by(PROJECT, Freezable.REDACT),
                    lambda _: CanaryDetector(),
                )
                seams = RedactSeams(
                    ruling,
                    lambda data, media, _schema: parse(data, media.value),
                    self.hashes,
                    vault,
                    released=lambda target: book.quarantine_releases(PROJECT).of(target),
                    erased=lambda: book.erasures(PROJECT).hashes,
                    topics=self.topics if self.is_apart else None,
                )
                return RedactProcessor(PROJECT, self.codec, slot, seams), redact_inputs(PROJECT), Ownership.SHARED
            case "replay":
                replay = ReplaySeams(
                    in_force=lambda: book.reredactions(PROJECT).in_force,
                    policy_version=lambda: _version(book),
                    log=log,
                    kept_ms=KEPT_MS,
                    released=lambda: book.quarantine_releases(PROJECT).in_force,
                )
                return ReplayProcessor(PROJECT, self.codec, replay), (), Ownership.WHOLE
            case "label":
                return self._label(vault, book), label_inputs(PROJECT), Ownership.WHOLE
            case "decide":
                gold = GoldSeams(lambda _: POLICY.gold.bar, lambda person: book.readmitted(PROJECT, person))
                decide = DecideProcessor(PROJECT, self.codec, self.clock, lambda: self.rules, gold=gold)
                return decide, (f"labels.{PROJECT}", f"scores.{PROJECT}"), Ownership.WHOLE
            case "join":
                source = Geometries(vault, PROJECT, topics=self.topics)
                known = GoldBook(log.follow([f"gold.{PROJECT}"]), self.codec, PROJECT, self.clock)
                join = JoinProcessor(
                    PROJECT, self.codec, source, known, lambda task: book.is_withdrawn(PROJECT, task)
                )
                return join, (f"verdicts.{PROJECT}",), Ownership.SHARED
            case _:
                keeper = KeeperProcessor(
                    PROJECT,
                    self.codec,
                    documents=vault,
                    segments_now=lambda: log.read(f"segments.{PROJECT}"),
                    clock=self.clock,
                    told_time=lambda: ToldTime(self.clock.now(), 0),
                    leaks=LeakSeams(
                        limit_of=lambda _: Limit(POLICY.id, POLICY.gold),
                        in_force=lambda: POLICY.hash,
                        lifted=lambda: book.lifted(PROJECT, f"keeper.{PROJECT}"),
                        sign=lambda message: vault.sign(f"sign-keeper.{PROJECT}", message),
                    ),
                    erasures=ErasureSeams(
                        lambda: book.erasures(PROJECT).in_force,
                        lambda message: vault.sign(f"sign-keeper.{PROJECT}", message),
                    ),
                    lateness=Lateness(log, readers(TOPOLOGY, PROJECT)),
                )
                inputs = (f"segments.{PROJECT}", f"joined.{PROJECT}", f"scores.{PROJECT}")
                return keeper, inputs, Ownership.WHOLE

    def _label(self, vault: MemoryVault, book: ControlBook) -> LabelProcessor:
        known: dict[str, Any] = {}

        def schema_of(policy_hash: str) -> Any:
            if policy_hash not in known and (record := book.policy(PROJECT, policy_hash)) is not None:
                known[policy_hash] = load_policy_bytes(record.body).labels
            return known.get(policy_hash)

        seams = LabelSeams(
            schema_of=schema_of,
            frozen_by=lambda: book.frozen_by(PROJECT, Freezable.LABEL),
            is_withdrawn=lambda task: book.is_withdrawn(PROJECT, task),
            evict=self.views.evict,
            order_withdrawal=WithdrawalOrders(
                PROJECT, self.codec, lambda message: vault.sign(f"sign-label.{PROJECT}", message)
            ),
            seal_find=lambda _reported, _now: None,
            people=People(adjudicates=self.rules.adjudicators.__contains__),
        )
        return LabelProcessor(PROJECT, self.codec, self.clock, seams)

    def _pins(self) -> Pins:
        return Pins({who.signer: self.vault.public_key(who.sign_key) for who in signers(TOPOLOGY)})


def _version(book: ControlBook) -> int:
    policy = book.policy_in_force(PROJECT)
    return policy.version if policy else 0


def _topics() -> dict[str, int]:
    names = {}
    for kind in TOPOLOGY.flow.topics.values():
        shared = kind.name in {"control", "audit.platform"}
        names[kind.name if shared else kind.topic(PROJECT)] = 1 if shared else PARTITIONS
    return names
