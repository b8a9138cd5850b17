"""What is said is on the log once the caller is told so, in chains that hold, whatever the broker does."""

from __future__ import annotations

import threading

import pytest

from schemas.audit import AuditEvent, Event, EventType
from schemas.codec import Codec, FixedIds
from schemas.errors import Abortable, CommitInDoubt, LogUnavailable, VeilError
from streams.audit.chain import Chains
from streams.console.diary import Diary, DiarySeams
from streams.engine.clock import SystemClock
from streams.engine.health import Condition, Health
from tests.simulation.broker import Broker, MemoryLog
from tests.streams.audit.generate import role_key
from topology.identity import Identity

CODEC = Codec(FixedIds())
IDENTITY = Identity("console", "platform")


@pytest.fixture
def broker():
    return Broker({"audit.platform": 1})


@pytest.fixture
def written(broker):
    """A diary that is being written, and how to end it."""
    diary = Diary(seams(broker), Health(), pending=100)
    stop = threading.Event()
    thread = threading.Thread(target=diary.run, args=[stop], daemon=True)
    thread.start()

    def end():
        stop.set()
        thread.join(60)

    yield diary, end
    end()


def seams(broker):
    key = role_key("console.platform")
    return DiarySeams(IDENTITY, "audit.platform", MemoryLog(broker), CODEC, SystemClock(), key.sign)


def look(number):
    return Event(EventType.CONSOLE_LOOKED, f"project/p{number}", person="iris")


def events(broker):
    found = MemoryLog(broker).read("audit.platform")
    return [CODEC.decode(message.value, AuditEvent) for message in found]


def checked(found):
    chains = Chains({"console.platform": role_key("console.platform").public_key().public_bytes_raw()})
    faults = [fault for event in found for fault in chains.add(event)]
    return faults + chains.end()


def test_what_is_said_is_committed_before_the_caller_hears_so(written, broker):
    diary, _ = written
    diary.say(look(1)).result(60)
    assert [event.resource for event in events(broker)][1:] == ["project/p1"]


def test_a_life_is_one_chain_that_begins_with_its_key_and_ends_in_order(written, broker):
    diary, end = written
    for done in [diary.say(look(number)) for number in range(20)]:
        done.result(60)
    end()
    found = events(broker)
    assert checked(found) == []
    assert len({event.slot for event in found}) == 1
    assert [event.type for event in (found[0], found[-1])] == [
        EventType.PROCESS_STARTED,
        EventType.PROCESS_STOPPED,
    ]
    assert len(found) == 22


@pytest.mark.parametrize("error", [Abortable, CommitInDoubt, LogUnavailable])
@pytest.mark.parametrize("point", ["open", "begin", "produce", "before commit", "after commit"])
def test_a_failure_is_told_and_the_next_one_goes_on_in_a_chain_that_holds(broker, error, point):
    failing = [point]

    def faults(at):
        if failing == [at]:
            failing.clear()
            raise error("a test's")

    broker.faults = faults
    diary = Diary(seams(broker), Health(), pending=10)
    stop = threading.Event()
    thread = threading.Thread(target=diary.run, args=[stop], daemon=True)
    thread.start()
    first = diary.say(look(1))
    failed = first.exception(10)
    assert not failing
    assert isinstance(failed, VeilError)
    diary.say(look(2)).result(60)
    stop.set()
    thread.join(60)
    found = events(broker)
    assert checked(found) == []
    assert "project/p2" in {event.resource for event in found}


def test_after_the_end_nothing_is_taken(written):
    diary, end = written
    end()
    with pytest.raises(VeilError, match="ending"):
        diary.say(look(1)).result(60)


def test_more_than_may_wait_is_refused_at_once(broker):
    diary = Diary(seams(broker), Health(), pending=2)
    waiting = [diary.say(look(number)) for number in range(3)]
    with pytest.raises(VeilError, match="can't be written"):
        waiting[2].result(0)


def test_while_it_can_t_be_written_health_says_why_nothing_is_shown(broker):
    """Else whoever runs the console sees one that works, while nobody is shown anything."""

    def unwritable(at):
        if at == "begin":
            raise LogUnavailable("a test's")

    health, stop = Health(), threading.Event()
    health.set(Condition.WORKING)
    diary = Diary(seams(broker), health, pending=10)
    thread = threading.Thread(target=diary.run, args=[stop], daemon=True)
    thread.start()
    broker.faults = unwritable
    assert diary.say(look(1)).exception(60) is not None
    assert health.read() == (Condition.WORKING, "the audit can't be written, so nothing is shown: a test's")
    broker.faults = lambda _: None
    diary.say(look(2)).result(60)
    assert health.read() == (Condition.WORKING, "")
    stop.set()
    thread.join(60)
