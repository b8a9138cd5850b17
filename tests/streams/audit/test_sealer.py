"""The sealer in the loop, on the in-memory log and vault: killed and set back at every step there is."""

from __future__ import annotations

from collections import defaultdict

import pytest
from prometheus_client import REGISTRY

from schemas import leaf
from schemas.audit import AuditEvent, EventType
from schemas.codec import Codec, FixedIds
from schemas.errors import (
    Abortable,
    CommitInDoubt,
    ConfigError,
    Fenced,
    LogUnavailable,
    RegistryUnavailable,
    VaultUnavailable,
)
from streams.audit import checkpoint, note
from streams.audit.entries import entry_of
from streams.audit.note import Verifier
from streams.audit.processor import SealProcessor, Seams, key_of
from streams.audit.sealing import Rhythm, begun
from streams.audit.tree import Frontier, leaf_hash
from streams.engine.control_reader import ControlReader
from streams.engine.health import Condition, Health
from streams.engine.log import Ownership, SessionSpec
from streams.engine.loop import Loop, Stage
from streams.engine.messages import Outgoing, TopicPartition
from streams.engine.requests import NoRequests
from tests.simulation.broker import Broker, Crash, MemoryLog
from tests.simulation.vault import MemoryVault, VaultStore
from tests.simulation.world import TOPOLOGY, SimulatedClock
from topology.control import ControlBook

INPUTS = {"audit.a": 2, "audit.b": 1, "audit.platform": 1}
TOPICS = {**INPUTS, "seal-state": 1, "checkpoints": 1, "control": 1}
RHYTHM = Rhythm(entries=5, after_ms=1_000)
KEY = "sign-seal.platform"
CODEC = Codec(FixedIds())
EVENT = FixedIds().id_of("AuditEvent")


class Ids(FixedIds):
    """The registry as the sealer asks it; away while told so."""

    def __init__(self) -> None:
        self.away = False

    def schema_of(self, schema_id):
        if self.away:
            raise RegistryUnavailable("away")
        return super().schema_of(schema_id)


class Bench:
    """A sealer with everything around it. `at`: the call of the broker or vault at which `error` is raised."""

    def __init__(self, name: str = "tests", at: int = 0, error: BaseException | None = None) -> None:
        self.name, self.at, self.error, self.calls = name, at, error, 0
        self.broker = Broker(TOPICS, lambda _point: self._fault())
        self.log = MemoryLog(self.broker)
        self.clock = SimulatedClock()
        self.ids = Ids()
        self.health = Health()
        self.store = VaultStore(auto_keys=True)
        self.vault = MemoryVault(self.store, "platform", hook=lambda *_: self._fault())
        self.pinned = MemoryVault(self.store, "platform").public_key(KEY)
        self.loop = self.new()

    def new(self) -> Loop:
        stage = Stage(
            "seal", "platform", "seal.platform.0", "seal.platform",
            SessionSpec("seal.platform.0", "seal.platform", tuple(INPUTS), Ownership.WHOLE),
            "seal-state", "audit.platform", batch_limit=4, rereads=True,
        )  # fmt: skip
        book = ControlBook(TOPOLOGY.flow, TOPOLOGY.pins, TOPOLOGY.projects)
        seams = Seams(self.name, self.pinned, self.sign, self.ids, self.log, tuple(INPUTS))
        return Loop(
            stage, SealProcessor(CODEC, seams, RHYTHM), self.log, self.vault,
            lambda: ControlReader(self.log.follow(["control"]), book, CODEC, self.clock, "platform"),
            CODEC, self.clock, self.sign, NoRequests(), self.health,
        )  # fmt: skip

    def sign(self, message: bytes) -> bytes:
        return self.vault.sign(KEY, message)

    def write(self, topic: str, *values: bytes | None) -> None:
        for number, value in enumerate(values):
            self.broker.append(Outgoing(topic, f"slot.{number}".encode(), value))

    def round(self, count: int = 1) -> None:
        """Rounds half a second apart; a process that dies is started again."""
        for _ in range(count):
            self.clock.ms += 500
            try:
                self.loop.round()
            except Crash:
                self.loop = self.new()

    def checkpoints(self) -> dict:
        """All that were ever published, by origin, in their order; each verified with the pinned key."""
        found = defaultdict(list)
        for message in self.broker.committed("checkpoints"):
            said, signed = checkpoint.parse(message.value)
            note.check(signed, Verifier(said.origin, self.pinned))
            assert message.key.decode() == said.origin
            found[said.origin].append(said)
        return found

    def leaves(self) -> dict:
        """What the trees should be made of, from the topics alone."""
        found = defaultdict(list)
        for topic in INPUTS:
            for message in self.broker.committed(topic):
                entry = entry_of(message.value, {EVENT: leaf.prefix()})
                found[f"{self.name}/{topic}/{message.partition}"].append(leaf_hash(entry.data))
        return found

    def check(self) -> None:
        """Every checkpoint is of the first so many records of its partition, and the last ones cover all."""
        leaves, published = self.leaves(), self.checkpoints()
        assert published.keys() == leaves.keys()
        for name, chain in published.items():
            sizes = [one.size for one in chain]
            assert sizes == sorted(set(sizes))
            assert sizes[-1] == len(leaves[name])
            for one in chain:
                assert one.root == Frontier().append(leaves[name][: one.size]).root()

    def events(self) -> list[AuditEvent]:
        return [CODEC.decode(m.value, AuditEvent) for m in self.broker.committed("audit.platform")]

    def _fault(self) -> None:
        self.calls += 1
        if self.error is not None and self.calls == self.at:
            raise self.error


def play(bench: Bench) -> None:
    """A little life: events, garbage, tombstones; pauses; a new project's first event late."""
    bench.round(2)
    bench.write("audit.a", b"\0\0\0\0", b"garbage", None, b"more", b"and more")
    bench.round(2)
    bench.write("audit.a", *[b"x%d" % number for number in range(9)])
    bench.write("audit.b", b"first")
    bench.round(3)
    bench.write("audit.a", b"last")
    bench.round(12)


def chances() -> int:
    bench = Bench()
    play(bench)
    return bench.calls


def test_every_record_of_every_partition_is_sealed_once():
    bench = Bench()
    play(bench)
    bench.check()


@pytest.mark.parametrize(
    "error",
    [Crash("x"), Abortable("x"), CommitInDoubt("x"), LogUnavailable("x"), VaultUnavailable("x")],
    ids=lambda it: type(it).__name__,
)
def test_a_setback_at_any_step_leaves_no_record_out_and_none_twice(error):
    for at in range(1, chances() + 1):
        bench = Bench(at=at, error=error)
        play(bench)
        bench.check()


def test_killed_after_each_round_it_goes_on_without_hashing_again():
    bench = Bench()
    for number in range(20):
        bench.write("audit.a", b"%d" % number, b"more")
        bench.round(2)
        bench.loop = bench.new()
    bench.round(9)
    bench.check()


def test_positions_that_the_broker_has_forgotten_make_no_second_entry():
    bench = Bench()
    play(bench)
    sealed = bench.checkpoints()
    bench.broker.groups["seal.platform"].committed.clear()
    bench.loop = bench.new()
    bench.round(12)
    bench.check()
    assert {name: found for name, found in bench.checkpoints().items() if "platform" not in name} == {
        name: found for name, found in sealed.items() if "platform" not in name
    }


def test_its_own_events_are_sealed_and_that_ends():
    bench = Bench()
    bench.round(4)
    written = len(bench.broker.committed("checkpoints")), len(bench.broker.committed("audit.platform"))
    bench.round(20)
    assert written == (1, 1)
    assert (len(bench.broker.committed("checkpoints")), len(bench.broker.committed("audit.platform"))) == written
    assert [event.type for event in bench.events()] == [EventType.PROCESS_STARTED]
    bench.check()


def test_checkpoints_wait_for_count_or_time():
    bench = Bench()
    bench.round(3)
    bench.write("audit.b", b"1")
    bench.loop.round()
    bench.write("audit.b", *[b"%d" % number for number in range(4)])
    bench.loop.round()
    sizes = [one.size for one in bench.checkpoints()["tests/audit.b/0"]]
    assert sizes == [1]  # four more, and no second has passed
    bench.write("audit.b", b"5")
    bench.loop.round()
    assert [one.size for one in bench.checkpoints()["tests/audit.b/0"]] == [1, 6]
    bench.write("audit.b", b"6")
    bench.clock.ms += 999
    bench.loop.round()
    assert len(bench.checkpoints()["tests/audit.b/0"]) == 2
    bench.clock.ms += 1
    bench.loop.round()
    assert [one.size for one in bench.checkpoints()["tests/audit.b/0"]] == [1, 6, 7]


def test_up_to_when_all_is_sealed_is_told_when_a_checkpoint_covers_it():
    def told() -> float | None:
        return REGISTRY.get_sample_value("veil_sealed_up_to_seconds")

    bench = Bench()
    bench.round(3)
    bench.broker.now = 7_000_000_000
    bench.write("audit.b", b"1")
    bench.loop.round()
    assert told() == 7_000_000
    bench.broker.now = 8_000_000_000
    bench.write("audit.b", b"2")
    bench.loop.round()
    assert told() == 7_000_000  # no second has passed
    bench.clock.ms += 1_000
    bench.loop.round()
    assert told() == 8_000_000


def test_registry_that_is_away_stops_sealing_and_loses_nothing():
    bench = Bench()
    bench.round(3)
    bench.loop = bench.new()  # knows no id yet
    bench.ids.away = True
    before = bench.checkpoints()
    bench.write("audit.a", CODEC.encode(bench.events()[0]))
    bench.round(5)
    assert bench.health.read()[0] is Condition.WAITING
    assert bench.checkpoints() == before
    bench.ids.away = False
    bench.round(8)
    bench.check()


def test_sealer_that_was_replaced_writes_no_checkpoint():
    bench = Bench()
    bench.round(3)
    zombie, bench.loop = bench.loop, bench.new()
    bench.round(3)
    bench.write("audit.a", b"1", b"2")
    with pytest.raises(Fenced):
        zombie.round()
    bench.round(6)
    bench.check()


def test_logs_keep_their_name():
    bench = Bench()
    bench.round(3)
    bench.name = "other"
    bench.loop = bench.new()
    with pytest.raises(ConfigError, match="VEIL_LOG_NAME"):
        bench.round(2)


def grown(bench: Bench, count: int, word: bytes = b"old") -> None:
    for number in range(count):
        bench.write("audit.b", b"%b %d" % (word, number))
        bench.round()
    bench.round(4)


@pytest.mark.parametrize("more", [0, 5, 200], ids=lambda it: f"{it} records")
def test_topic_that_was_made_again_is_not_sealed_in_silence(more):
    bench = Bench()
    bench.round(3)
    grown(bench, 30)
    sealed = bench.checkpoints()
    bench.loop.close()
    bench.broker.make_again("audit.b")
    bench.write("audit.b", *[b"new %d" % number for number in range(more)])
    bench.loop = bench.new()
    with pytest.raises(ConfigError, match=r"audit\.b/0 is not what was sealed as tests/audit\.b/0"):
        bench.round(3)
    assert bench.checkpoints() == sealed


def test_partition_whose_end_was_lost_is_not_sealed_on():
    bench = Bench()
    bench.round(3)
    grown(bench, 10)
    del bench.broker.partitions[TopicPartition("audit.b", 0)][-3:]
    bench.loop = bench.new()
    with pytest.raises(ConfigError, match="its end was lost"):
        bench.round(3)


@pytest.mark.parametrize("left", [0, 1, 4])
def test_log_whose_beginning_or_all_of_it_has_expired_goes_on(left):
    bench = Bench()
    bench.round(3)
    grown(bench, 10)
    leaves = bench.leaves()["tests/audit.b/0"]
    place = TopicPartition("audit.b", 0)
    bench.broker.expire(place, len(bench.broker.partitions[place]) - left)
    bench.loop = bench.new()
    grown(bench, 1, b"new")
    last = bench.checkpoints()["tests/audit.b/0"][-1]
    assert last.size == 11
    assert last.root == Frontier().append([*leaves, bench.leaves()["tests/audit.b/0"][-1]]).root()


def test_a_topic_that_comes_later_is_sealed_from_its_beginning():
    bench = Bench()
    bench.round(3)
    bench.write("audit.a", b"1")
    bench.round(3)
    bench.loop = bench.new()
    bench.write("audit.b", b"1", b"2")
    bench.round(6)
    bench.check()


def test_under_a_name_that_follows_all_logs_begin_anew_with_their_topics():
    bench = Bench()
    bench.round(3)
    grown(bench, 10)
    before = bench.checkpoints()
    bench.loop.close()
    bench.broker.make_again("audit.b")
    bench.write("audit.b", b"new")
    bench.broker.groups["seal.platform"].committed.clear()
    bench.name = "tests-r20261201"
    bench.loop = bench.new()
    bench.round(12)
    after = {name: found for name, found in bench.checkpoints().items() if name.startswith(bench.name)}
    assert {name: found for name, found in bench.checkpoints().items() if name not in after} == before
    leaves = bench.leaves()
    assert {name: (it[-1].size, it[-1].root) for name, it in after.items()} == {
        name: (len(found), Frontier().append(found).root()) for name, found in leaves.items()
    }


@pytest.mark.parametrize("name", ["tests", "other", "tests-r2026"])
def test_there_is_no_way_back_to_a_name_that_another_has_followed(name):
    bench = Bench()
    bench.round(3)
    bench.broker.groups["seal.platform"].committed.clear()
    bench.name = "tests-r20261201"
    bench.loop = bench.new()
    bench.round(6)
    bench.name = name
    bench.loop = bench.new()
    with pytest.raises(ConfigError, match="VEIL_LOG_NAME to tests-r20261201"):
        bench.round(2)


def test_a_name_that_follows_begins_no_log_in_the_middle_of_its_topic():
    bench = Bench()
    bench.round(3)
    grown(bench, 10)
    before = bench.checkpoints()
    bench.name = "tests-r20261201"
    bench.loop = bench.new()
    with pytest.raises(ConfigError, match="delete the positions of its group"):
        grown(bench, 1)
    assert bench.checkpoints() == before


class Restored(Bench):
    """What a restore leaves: the audit up to a backup, in another Kafka, and logs that have ended."""

    def __init__(self, lost: Bench, name: str, left: int) -> None:
        super().__init__(name)
        self.store, self.pinned = lost.store, lost.pinned
        self.vault = MemoryVault(self.store, "platform")
        for place in [TopicPartition("audit.b", 0), TopicPartition("audit.platform", 0)]:
            self.write(place.topic, *[it.value for it in list(lost.broker.slice(place, 0))[:left]])
            ended = begun(place, f"{lost.name}/{place.topic}/{place.partition}")
            self.broker.append(Outgoing("seal-state", key_of(ended).encode(), CODEC.encode(ended)))
        self.loop = self.new()


def witnessed(*chains: list[checkpoint.Checkpoint]) -> list[int]:
    """The sizes that a witness refuses of what it is shown, of all these in a row."""
    seen: dict[str, checkpoint.Checkpoint] = {}
    refused = []
    for one in (point for chain in chains for point in chain):
        known = seen.setdefault(one.origin, one)
        if one.size < known.size or (one.size == known.size and one.root != known.root):
            refused.append(one.size)
        seen[one.origin] = one
    return refused


@pytest.mark.parametrize("name", ["tests", "veilstream-another", "test"])
def test_after_a_restore_nothing_is_sealed_under_the_old_name_or_one_that_does_not_follow(name):
    lost = Bench()
    lost.round(3)
    grown(lost, 10)
    restored = Restored(lost, name, left=5)
    with pytest.raises(ConfigError, match="VEIL_LOG_NAME as the restore has printed it, or to tests-r"):
        restored.round(3)
    assert restored.checkpoints() == {}


def test_a_witness_that_has_seen_more_than_the_backup_has_is_shown_no_second_history():
    lost = Bench()
    lost.round(3)
    grown(lost, 10)
    restored = Restored(lost, "tests-r20261201", left=5)
    restored.round(3)
    grown(restored, 10, b"new")
    restored.check()
    assert witnessed(*lost.checkpoints().values(), *restored.checkpoints().values()) == []


def test_records_that_were_never_committed_before_a_position_are_no_beginning():
    bench = Bench()
    bench.round(3)
    place = TopicPartition("audit.b", 0)
    for _ in range(3):
        bench.broker.append(Outgoing("audit.b", b"slot", b"aborted")).aborted = True
    bench.broker.groups["seal.platform"].committed[place] = 3
    bench.loop = bench.new()
    bench.write("audit.b", b"first")
    bench.round(6)
    bench.check()


def test_signature_by_another_key_than_the_pinned_one_is_not_published():
    bench = Bench()
    bench.round(3)
    published = bench.checkpoints()
    bench.store.keys[KEY] = bytes(32)
    bench.write("audit.a", b"1")
    with pytest.raises(ConfigError, match="another key than the one pinned"):
        bench.round(2)
    assert bench.checkpoints() == published
