"""The matcher in its loop on the simulated broker, which fails at any step: all of history is told, as it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from schemas.alerts import Alert, Severity
from schemas.audit import EventType
from schemas.codec import Codec, FixedIds
from schemas.errors import LogUnavailable
from schemas.matching import MatchingStanding
from schemas.states import WatchState
from schemas.vault_log import DENIED, READ_UP_TO, USE, KafkaDenied, Operation, Outcome, ReadUpTo, VaultUse
from streams.audit.matching import WAITS, Matching
from streams.audit.matching_state import restored, to_bytes
from streams.audit.two_sided import GUESSED, KAFKA_DENIED, SILENT, UNANNOUNCED, UNREADABLE, TwoSided
from streams.engine.folding import FoldLoop, FoldSeams
from streams.engine.generations import latest
from streams.engine.health import Health
from streams.engine.messages import Message, Outgoing, TopicPartition
from tests.simulation.broker import Broker, Crash, MemoryLog
from tests.streams.audit.test_two_sided import decrypt, event, failed_login, read, viewed

CODEC = Codec(FixedIds())
PARTITIONS = 3
NAME = "tests"
START = 1_700_000_000_000
TICK_MS = 2_000
FOREVER = 2**62
AFTERWARDS = (3 * WAITS.window_ms + WAITS.lateness_ms) // TICK_MS + 15


def topics() -> dict[str, int]:
    single = (
        "audit.platform",
        "checkpoints",
        "vault-log",
        "alerts.demo",
        "alerts.platform",
        "matcher-state",
        "matching",
    )
    return {"audit.demo": PARTITIONS, **dict.fromkeys(single, 1)}


def history(seed: int):
    """Views with their uses, some never announced; a sealer's signatures; denials. By time of arrival."""
    random, happened = Random(seed), []
    for number in range(120):
        time = START + random.randrange(0, 240_000)
        view, uses = (
            viewed(time, number),
            [read(time + 5, number), decrypt(time + random.randrange(-900, 900), number)],
        )
        happened += [(time, view)] if number % 10 else []
        happened += [(use.time, use) for use in uses]
    for number in range(200):
        time = START + number * 1_300
        sign = VaultUse(time, "seal.platform", Operation.SIGN, "sign-seal.platform", f"s{number}", Outcome.DONE)
        happened += [(time, sign), (time + 40, None)] if number % 50 else [(time, sign)]
    happened.append((START + 9_000, KafkaDenied(START + 9_000, "label.demo", "READ", "Topic", "raw.demo")))
    happened.append((START + 9_500, KafkaDenied(START + 9_500, "label.demo", "READ", "Topic", "raw.demo")))
    tried = START - START % 60_000 + 120_000
    happened += [(tried + number * 1_500, failed_login(tried + number * 1_500, number)) for number in range(30)]
    root = VaultUse(START + 1_000, "root", Operation.ADMINISTER, "transit/keys/x", "a1", Outcome.DONE)
    happened += [
        (root.time, root),
        (START + 8_000, event(EventType.TOPOLOGY_APPLIED, "provisioner.platform", START + 8_000)),
    ]
    return sorted(happened, key=lambda it: it[0])


def goal(happened) -> dict[str, Alert]:
    """What there is to be told, from all of it at once."""
    return {it.alert_id: it for it in judged(happened)[1]}


def matched(happened) -> dict[str, int]:
    return judged(happened)[0].matched


def judged(happened) -> tuple[TwoSided, list[Alert]]:
    sides, found = TwoSided(), []
    for time, one in happened:
        if one is None:
            sides.checkpoint(time)
        elif isinstance(one, VaultUse):
            sides.use(one)
        elif isinstance(one, KafkaDenied):
            found += sides.denied(one)
        else:
            sides.announce(one, one.process.partition(".")[2])
    return sides, [*found, *sides.judge(FOREVER, FOREVER)]


class World:
    """Stands where the loop asks whether to stop: time goes on, things happen, and the shipper keeps up."""

    def __init__(self, happened, faults=None, ships: bool = True) -> None:
        self.broker = Broker(topics(), faults)
        self.broker.now = START
        self.name = NAME
        self.left, self.after, self.ships = list(happened), 0, ships

    def is_set(self) -> bool:
        self.broker.now += TICK_MS
        while self.left and self.left[0][0] <= self.broker.now - 500:
            self._append(*self.left.pop(0))
        self.after += not self.left
        if self.ships:
            self._write("vault-log", READ_UP_TO, ReadUpTo(self.broker.now - 1_000))
        return self.after > AFTERWARDS

    def wait(self, seconds: float) -> None:
        self.broker.now += int(seconds * 1000)

    def now(self) -> int:
        return self.broker.now

    def alerts(self, topic: str = "alerts.demo") -> list[Alert]:
        return [CODEC.decode(it.value, Alert) for it in self.broker.committed(topic)]

    def run(self) -> None:
        def fresh() -> Matching:
            return Matching({"demo": PARTITIONS}, CODEC, NAME)

        seams = FoldSeams(MemoryLog(self.broker), self, Health(), fresh)
        FoldLoop("matcher.platform", "matcher.platform.0", seams).run(self)

    def _append(self, time: int, one) -> None:
        if one is None:
            self.broker.append(Outgoing("checkpoints", f"{self.name}/audit.demo/0".encode(), b"a note"))
        elif isinstance(one, VaultUse):
            self._write("vault-log", USE + one.request_id, one)
        elif isinstance(one, KafkaDenied):
            self._write("vault-log", DENIED + one.identity, one)
        else:
            place = one.process.partition(".")[2]
            self._write(f"audit.{place}", f"{one.process}.{one.sequence}", one)

    def _write(self, topic: str, key: str, record) -> None:
        self.broker.append(Outgoing(topic, key.encode(), CODEC.encode(record)))


def written(world: World) -> dict[str, Alert]:
    return {it.alert_id: it for topic in ("alerts.demo", "alerts.platform") for it in world.alerts(topic)}


@pytest.mark.parametrize("seed", range(12))
def test_whatever_fails_its_alerts_are_those_of_the_whole_history(seed):
    random = Random(seed)

    def faults(_point: str) -> None:
        drawn = random.random()
        if drawn < 0.02:
            raise Crash
        if drawn < 0.04:
            raise LogUnavailable("for now")

    happened = history(seed)
    world, crashes = World(happened, faults), 0
    while True:
        try:
            world.run()
            break
        except Crash:
            crashes += 1
    assert crashes
    assert written(world) == goal(happened)
    assert len(world.alerts()) + len(world.alerts("alerts.platform")) == len(goal(happened))
    check(standing(world), happened)


def standing(world: World) -> MatchingStanding:
    return CODEC.decode(world.broker.committed("matching")[-1].value, MatchingStanding)


def check(found: MatchingStanding, happened) -> None:
    """Nothing is counted twice or forgotten; several uses may be told by one alert."""
    told = Counter(it.rule for it in goal(happened).values())
    uses = [it for _, it in happened if isinstance(it, VaultUse)]
    assert found.alerts == dict(told)
    assert found.matched == matched(happened)
    assert sum(found.matched.values()) <= len(uses) - told[UNANNOUNCED]
    assert found.waiting == 0
    assert happened[-1][0] < found.judged_until <= found.vault_until < found.at


def test_undisturbed_it_tells_everything_once_and_each_project_its_own():
    happened = history(1)
    world = World(happened)
    world.run()
    told = [it for topic in ("alerts.demo", "alerts.platform") for it in world.alerts(topic)]
    assert {it.alert_id: it for it in told} == goal(happened)
    assert len(told) == len(goal(happened))
    assert {it.rule for it in told} == {UNANNOUNCED, KAFKA_DENIED, GUESSED}
    assert {it.details.get("identity") for it in world.alerts("alerts.platform")} == {"seal.platform", None}
    assert {it.details["identity"] for it in world.alerts()} == {"label.demo"}


def test_a_use_is_judged_though_nothing_else_ever_happens():
    world = World([(START, decrypt(START, 1))])
    world.run()
    assert [it.details["request"] for it in world.alerts()] == ["d1"]


def test_nothing_is_judged_while_the_shipper_is_away_and_all_of_it_when_it_is_back():
    happened = [(START, decrypt(START, 1))]
    world = World(happened, ships=False)
    world.run()
    assert [it.rule for it in written(world).values()] == [SILENT]
    world.ships, world.after = True, 0
    world.run()
    assert {name: it for name, it in written(world).items() if it.rule != SILENT} == goal(happened)


def silences(world: World) -> list[Alert]:
    return [it for it in world.alerts("alerts.platform") if it.rule == SILENT]


def test_each_silence_of_the_shipper_is_told_once_whoever_is_killed_meanwhile():
    world = World([(START, decrypt(START, 1))])
    for ships in (True, False, False, True, False):
        world.ships, world.after = ships, 0
        world.run()
    first, second = silences(world)
    assert {it.subject for it in (first, second)} == {"vault-log/shipper.platform"}
    assert first.at - first.since > WAITS.silence_ms
    assert first.since < second.since


def test_a_pause_of_the_matcher_itself_is_no_silence():
    world = World([(START, decrypt(START, 1))])
    world.run()
    world.broker.now += 100 * WAITS.silence_ms
    world.after = 0
    world.run()
    assert silences(world) == []


def test_a_pause_of_both_is_no_silence_while_the_shipper_starts():
    world = World([(START, decrypt(START, 1))])
    world.run()
    world.broker.now += 100 * WAITS.silence_ms
    world.ships, world.after = False, AFTERWARDS - WAITS.silence_ms // TICK_MS // 2
    world.run()
    world.ships, world.after = True, 0
    world.run()
    assert silences(world) == []


def test_a_shipper_that_nobody_ever_heard_is_silent_too():
    world = World([], ships=False)
    world.run()
    assert len(silences(world)) == 1


@pytest.mark.parametrize("whole", [True, False])
def test_a_process_that_has_started_and_of_which_vault_tells_nothing_shows_that_lines_are_kept_back(whole):
    at = START + 30_000
    started = event(EventType.PROCESS_STARTED, "label.demo", at)
    signed = VaultUse(at - 9, "label.demo", Operation.SIGN, "sign-label.demo", "s", Outcome.DONE)
    before = replace(signed, time=START - 90_000, identity="root", outcome=Outcome.FAILED)
    world = World([(START, before), (at, started), *([(at, signed)] if whole else [])])
    world.run()
    told = [(it.rule, it.severity, it.subject) for it in world.alerts()]
    assert told == ([] if whole else [(SILENT, Severity.CRITICAL, "vault-log/label.demo")])


@pytest.mark.parametrize(("name", "told"), [(NAME, True), ("tests-r20261201", False), ("older", False)])
def test_of_a_checkpoint_of_another_name_as_a_restore_writes_it_again_no_line_of_vault_is_due(name, told):
    root = VaultUse(START - 90_000, "root", Operation.ADMINISTER, "sys/policies/acl", "r", Outcome.FAILED)
    world = World([(root.time, root), (START + 30_000, None)])
    world.name = name
    world.run()
    assert [it.subject for it in silences(world)] == (["vault-log/seal.platform"] if told else [])


def test_an_honest_history_raises_no_alert():
    world = World([it for number in range(1, 9) for it in honest(number)])
    world.run()
    assert written(world) == {}


def test_an_event_may_come_as_late_as_its_transaction_may_last():
    at = START + WAITS.window_ms
    world = World([(START, decrypt(START, 1)), (at + WAITS.lateness_ms - 2_000, viewed(at, 1))])
    world.run()
    assert written(world) == {}


def honest(number: int):
    time = START + number * 7_000
    return [(time, viewed(time, number)), (time, read(time, number)), (time + 3, decrypt(time + 3, number))]


def test_what_is_no_event_is_passed_over():
    world = World([(START, decrypt(START, 1))])
    world.broker.append(Outgoing("audit.demo", b"slot", b"no event"))
    world.run()
    assert len(written(world)) == 1


@pytest.mark.parametrize("key", [USE, DENIED, READ_UP_TO, "something new"])
def test_what_the_shipper_says_and_nobody_can_read_is_told(key):
    world = World([])
    world.broker.append(Outgoing("vault-log", key.encode(), b"no use"))
    world.run()
    told = [(it.rule, it.subject) for it in written(world).values()]
    assert told == [(UNREADABLE, "vault/unknown/other/shipper/record")]


def test_the_key_of_a_longer_project_is_not_that_of_a_shorter_one():
    matching = Matching({"a": 1, "b-a": 1}, CODEC, NAME)
    use = replace(decrypt(START, 1), identity="", target="view-b-a")
    sides = TwoSided()
    sides.use(use)
    (alert,) = sides.judge(FOREVER, FOREVER)
    assert matching._topic(alert) == "alerts.b-a"


def test_what_was_taken_before_changes_nothing():
    matching = Matching({"demo": PARTITIONS}, CODEC, NAME)
    view = Message("audit.demo", 0, 0, b"", CODEC.encode(viewed(START, 1)))
    use = Message("vault-log", 0, 0, USE.encode(), CODEC.encode(decrypt(START, 1)))
    for message in (view, use, use):
        matching.take(message)
    assert matching.conclude() == []


def test_what_comes_on_a_topic_that_was_made_again_is_taken():
    matching = Matching({"demo": PARTITIONS}, CODEC, NAME)
    for at in range(3):
        matching.take(Message("vault-log", 0, at, USE.encode(), CODEC.encode(decrypt(START, at)), {}, START + at))
    anew = Message("vault-log", 0, 0, USE.encode(), CODEC.encode(decrypt(START + 60_000, 9)), {}, START + 60_000)
    matching.take(anew)
    matching.take(anew)
    assert [it.details["request"] for it in matching.conclude()] == ["d0", "d9"], "one for each minute"
    assert matching.positions()[TopicPartition("vault-log", 0)] == 1


@pytest.mark.parametrize(("window_ms", "kept"), [(WAITS.window_ms, True), (WAITS.window_ms + 1, False)])
def test_state_of_another_window_is_not_taken_over(window_ms, kept):
    world = World([(START, decrypt(START, 1))])
    world.run()
    matching = Matching({"demo": PARTITIONS}, CODEC, NAME, waits=replace(WAITS, window_ms=window_ms))
    matching.restore(MemoryLog(world.broker).read("matcher-state"))
    assert any(matching.positions().values()) == kept


def test_state_comes_back_as_it_was_and_an_idle_one_is_small():
    world = World(history(2))
    world.run()
    states = [CODEC.decode(it.value, WatchState) for it in world.broker.committed("matcher-state")]
    _, data = latest(states)["platform"]
    known = restored(data)
    assert known is not None
    assert to_bytes(known) == data
    assert len(data) < 2_000
