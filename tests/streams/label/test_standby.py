"""Standing by, on the in-memory log: what it sees and when it says that it is time."""

from __future__ import annotations

import threading

import pytest

from schemas.codec import Codec, FixedIds
from schemas.errors import LogUnavailable, VaultUnavailable
from schemas.states import OwnerState
from streams.engine.health import Condition, Health
from streams.engine.messages import Outgoing
from streams.engine.warm import WarmLog
from streams.label.owner import Instance, Probe
from streams.label.settings import StandbySettings
from streams.label.standby import Standby, StandbySeams
from streams.label.whereabouts import Place, Whereabouts
from tests.simulation.broker import Broker, MemoryLog
from tests.simulation.world import SimulatedClock

TOPIC, KEY = "label-state.demo", b"owner/label.demo.0"
SETTINGS = StandbySettings()
CODEC = Codec(FixedIds())
OTHER = OwnerState("label.demo.0/a", "http://127.0.0.1:1", "", 1, 0)


class Stand:
    """One that stands by, in a world that moves a tenth of a second each round."""

    def __init__(self, number=1):
        self.clock = SimulatedClock()
        self.broker = Broker({TOPIC: 2}, self._at)
        self.log = WarmLog(MemoryLog(self.broker))
        self.health = Health()
        self.whereabouts = Whereabouts()
        self.answer = Probe.ANSWERS
        self.probed = []
        self.down = None
        self.whole = True
        self.prepared = 0
        self.stop = threading.Event()
        self.rounds = 0
        self.script = {}
        seams = StandbySeams(
            self.log,
            self._follow,
            CODEC,
            self.clock,
            self.whereabouts,
            self._probe,
            self._prepare,
        )
        instance = Instance("label.demo.1/b", "http://127.0.0.1:2")
        self.standby = Standby("label.demo.0", TOPIC, instance, number, seams, SETTINGS)

    def owned_by(self, owner):
        self.broker.append(Outgoing(TOPIC, KEY, CODEC.encode(owner) if owner else None))

    def run(self, rounds=200, **script):
        """Run for so many rounds at most; `script` maps `r<round>` to what happens then. Whether it took over."""
        self.script = {int(name[1:]): act for name, act in script.items()}
        self.limit = self.rounds + rounds
        self.stop.clear()
        return self.standby.run(self.stop, self.health, self._keep_up)

    def _keep_up(self):
        self.rounds += 1
        self.clock.ms += 100
        if act := self.script.get(self.rounds):
            act()
        if self.rounds >= self.limit:
            self.stop.set()

    def _follow(self):
        follower = self.log.follow([TOPIC])
        passed = follower.passed
        follower.passed = lambda ends: self.whole and passed(ends)
        return follower

    def _probe(self, owner):
        self.probed.append(owner.instance)
        return self.answer

    def _prepare(self):
        self.prepared += 1
        if self.down is not None:
            raise self.down

    def _at(self, point):
        if self.down is not None and point == "follow":
            raise self.down


@pytest.fixture
def stand():
    return Stand()


def test_while_the_owner_answers_it_only_watches(stand):
    stand.owned_by(OTHER)
    assert not stand.run()
    assert stand.whereabouts.look().owner == OTHER
    assert stand.whereabouts.look().place is Place.STANDING_BY
    assert stand.health.read() == (Condition.STANDING_BY, "the queue is at http://127.0.0.1:1")
    assert len(stand.probed) > 50


def test_one_is_well_only_where_the_owner_has_been_heard_and_is_not_in_doubt(stand):
    """Else the start of one that is alone would be over before it has the queue."""
    stand.owned_by(OTHER)
    said = []

    def look():
        said.append(stand.health.read()[0])

    def turn(answer):
        look()
        stand.answer = answer

    stand.answer = Probe.SILENT
    silent, gone = (lambda: turn(Probe.ANSWERS)), (lambda: turn(Probe.GONE))
    assert stand.run(r5=silent, r10=gone, r13=look)
    assert said == [Condition.STARTING, Condition.STANDING_BY, Condition.STARTING]
    assert stand.health.read() == (Condition.STARTING, "taking over")


def test_one_that_is_alone_is_not_ready_before_it_has_the_queue():
    alone = Stand(number=1)
    assert not alone.run(rounds=int(10 * SETTINGS.first_turn_s) - 2)
    assert alone.health.read() == (Condition.STARTING, "nobody has the queue")
    assert alone.run()
    assert alone.health.read() == (Condition.STARTING, "taking over")


def test_owner_keeps_no_copy_of_what_it_has_restored(stand):
    stand.owned_by(OTHER)
    stand.broker.append(Outgoing(TOPIC, b"work/a", b"x"))
    assert stand.run(r20=lambda: stand.owned_by(None))
    assert [message.key for message in stand.log.read(TOPIC)] == [b"work/a"]
    assert list(stand.standby._copy.drain()) == []


def test_owner_that_is_gone_is_followed_within_two_seconds(stand):
    stand.owned_by(OTHER)

    def die():
        stand.answer = Probe.GONE

    assert stand.run(r20=die)
    assert stand.rounds <= 40
    assert stand.whereabouts.look().place is Place.ENTERING


def test_owner_that_left_in_order_is_followed_at_its_word(stand):
    stand.owned_by(OTHER)
    assert stand.run(r20=lambda: stand.owned_by(None))
    assert stand.rounds <= 20 + 10 * SETTINGS.turn_s + 2


def test_where_nobody_ever_was_the_first_comes_at_once():
    first = Stand(number=0)
    assert first.run()
    assert first.rounds <= 2


def test_one_that_came_before_is_noticed_at_the_last_look(stand):
    """The record of its successor arrives after the owner was given up, before the process acts."""
    stand.owned_by(OTHER)
    successor = OwnerState("label.demo.2/c", "http://127.0.0.1:3", "", 2, 1)

    def die():
        stand.answer = Probe.GONE

    def come():
        stand.owned_by(successor)
        stand.answer = Probe.ANSWERS

    assert not stand.run(r20=die, r25=come)
    assert stand.whereabouts.look().owner == successor


def test_owner_that_still_writes_has_not_gone_however_silent_it_is(stand):
    stand.owned_by(OTHER)

    def busy(point):
        if point == "follow":
            stand.broker.append(Outgoing(TOPIC, b"work/a", b"x"))

    def fall_silent():
        stand.answer, stand.broker.faults = Probe.SILENT, busy

    assert not stand.run(r20=fall_silent)
    stand.broker.faults = lambda _: None
    assert stand.run()


@pytest.mark.parametrize("error", [LogUnavailable("away"), VaultUnavailable("away")])
def test_while_log_or_vault_are_away_nobody_is_challenged(stand, error):
    stand.owned_by(OTHER)

    def fail():
        stand.down, stand.answer = error, Probe.GONE

    assert not stand.run(rounds=100, r20=fail)
    assert stand.health.read() == (Condition.WAITING, "away")
    stand.down = None
    assert stand.run()


def test_owner_that_was_not_asked_for_long_is_not_given_up_at_one_miss():
    """The log was away, or this process slept: what it did not ask nobody could answer."""
    stand = Stand(number=0)
    stand.owned_by(OTHER)

    def sleep():
        stand.clock.ms += 20_000
        stand.answer = Probe.SILENT

    def hear():
        stand.answer = Probe.ANSWERS

    assert not stand.run(r20=sleep, r24=hear)


def test_transaction_that_is_open_hides_who_has_the_queue(stand):
    stand.owned_by(OTHER)
    entry = stand.broker.append(Outgoing(TOPIC, KEY, b"x"), owner="somebody")
    stand.answer = Probe.GONE
    assert not stand.run(rounds=50)
    assert stand.probed == []
    entry.owner, entry.aborted = None, True
    assert stand.run()


def test_topic_that_is_written_all_the_time_is_caught_up_with(stand):
    stand.owned_by(OTHER)
    write = stand.broker.faults

    def busy(point):
        write(point)
        if point == "follow":
            stand.broker.append(Outgoing(TOPIC, b"work/a", b"x"))

    stand.broker.faults = busy
    assert not stand.run(rounds=30)
    assert stand.health.read()[0] is Condition.STANDING_BY


def test_before_it_has_read_the_whole_log_it_challenges_nobody(stand):
    stand.owned_by(OTHER)
    stand.answer, stand.whole = Probe.GONE, False
    assert not stand.run(rounds=50)
    assert stand.probed == []
    stand.whole = True
    assert stand.run()


def test_copy_that_missed_too_much_is_made_anew(stand):
    stand.owned_by(OTHER)

    def sleep():
        stand.clock.ms += SETTINGS.stale_copy_ms + 1
        for entries in stand.broker.partitions.values():
            entries.clear()  # removed, and the removal forgotten: nothing on the log says so any more

    assert stand.run(r20=sleep)
    assert stand.whereabouts.look().place is Place.ENTERING


def test_owner_that_was_where_this_process_is_now_gets_no_calls(stand):
    """A process that was killed and started again reads its own old record first."""
    stand.owned_by(OwnerState("label.demo.1/a", "http://127.0.0.1:2", "", 1, 0))
    assert not stand.run(rounds=5)
    assert stand.whereabouts.look().owner is None


def test_records_say_who_comes_and_that_nobody_is_left(stand):
    stand.owned_by(OTHER)
    assert stand.run(r20=lambda: setattr(stand, "answer", Probe.GONE))
    (entering,) = stand.standby.entering()
    assert (entering.topic, entering.key) == (TOPIC, KEY)
    said = CODEC.decode(entering.value, OwnerState)
    assert (said.instance, said.url, said.taken_at) == ("label.demo.1/b", "http://127.0.0.1:2", stand.clock.now())
    (leaving,) = stand.standby.leaving()
    assert (leaving.key, leaving.value) == (KEY, None)


def test_told_to_stop_it_does_not_take_over(stand):
    stand.stop.set()
    assert not stand.standby.run(stand.stop, stand.health, lambda: None)
