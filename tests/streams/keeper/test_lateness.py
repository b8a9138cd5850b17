"""Who reads too late is told once a spell, by keeper, and who may expect to be late is not."""

from __future__ import annotations

import pytest

from schemas.audit import EventType
from schemas.errors import LogUnavailable
from streams.engine.messages import TopicPartition
from streams.keeper.lateness import LOOK_EVERY_MS, Lateness, late
from tests.streams.keeper.making import Progress, Rig, index
from topology.loading import load_topology
from topology.readers import Reader, readers

DAY, HOUR = 86_400_000, 3_600_000
RAW = Reader("redact.demo", "raw.demo", DAY)
FIRST, SECOND = TopicPartition("raw.demo", 0), TopicPartition("raw.demo", 1)
NOW = 10 * DAY


def told(lateness: Lateness, now: int) -> list[str]:
    return [event.resource for event in lateness.look(now)]


@pytest.fixture
def progress() -> Progress:
    """Records of 13 hours and of an hour ago, in two partitions."""
    times = [NOW - 13 * HOUR, NOW - 13 * HOUR, NOW - HOUR]
    return Progress({}, {"raw.demo": {FIRST: times, SECOND: times}})


def test_who_is_behind_by_half_of_the_retention_is_told_of_with_what_it_reads_next(progress):
    progress.read["redact.demo", "raw.demo"] = {FIRST: 1, SECOND: 2}
    (event,) = Lateness(progress, [RAW]).look(NOW)
    assert (event.type, event.resource) == (EventType.READING_LATE, "message/raw.demo/0/1")
    assert event.details == {"group": "redact.demo", "retention": str(DAY)}


def test_who_has_read_everything_is_never_late_however_old_it_is(progress):
    progress.read["redact.demo", "raw.demo"] = {FIRST: 3, SECOND: 3}
    assert told(Lateness(progress, [RAW]), NOW + 100 * DAY) == []


def test_a_group_without_a_position_is_passed_over(progress):
    assert told(Lateness(progress, [RAW]), NOW) == []


def test_it_is_told_once_a_spell_and_again_when_somebody_is_late_again(progress):
    progress.read["redact.demo", "raw.demo"] = {FIRST: 1, SECOND: 3}
    lateness = Lateness(progress, [RAW])
    assert told(lateness, NOW) == ["message/raw.demo/0/1"]
    assert told(lateness, NOW + LOOK_EVERY_MS - 1) == []
    progress.read["redact.demo", "raw.demo"][SECOND] = 0
    assert told(lateness, NOW + LOOK_EVERY_MS) == ["message/raw.demo/1/0"]
    progress.read["redact.demo", "raw.demo"] = {FIRST: 3, SECOND: 3}
    assert told(lateness, NOW + 2 * LOOK_EVERY_MS) == []
    progress.read["redact.demo", "raw.demo"][FIRST] = 2
    assert told(lateness, NOW + DAY) == ["message/raw.demo/0/2"]


def test_what_was_told_in_a_transaction_that_failed_is_told_again(progress):
    progress.read["redact.demo", "raw.demo"] = {FIRST: 1}
    lateness = Lateness(progress, [RAW])
    assert told(lateness, NOW) == ["message/raw.demo/0/1"]
    lateness.forget()
    assert told(lateness, NOW) == []
    assert told(lateness, NOW + LOOK_EVERY_MS) == ["message/raw.demo/0/1"]


def test_keeper_says_so_and_a_restarted_one_once_more(progress):
    progress.read["redact.demo", "raw.demo"] = {FIRST: 1}
    rig = Rig(now_ms=NOW, readers=(RAW,), offsets=progress)
    rig.round()
    rig.round()
    assert [it.resource for it in rig.events if it.type is EventType.READING_LATE] == ["message/raw.demo/0/1"]
    rig.start()
    rig.round()
    assert len([it for it in rig.events if it.type is EventType.READING_LATE]) == 2


class Silent(Progress):
    """Answers nothing of some topics."""

    def __init__(self, *of: str) -> None:
        super().__init__({("redact.demo", "raw.demo"): {FIRST: 1}}, {"raw.demo": {FIRST: [0, 0]}})
        self.of, self.asked = of, []

    def read_up_to(self, group: str, topic: str) -> dict[TopicPartition, int]:
        self.asked.append(topic)
        if topic in self.of:
            raise LogUnavailable("asking for positions: _TIMED_OUT")
        return super().read_up_to(group, topic)


TASKS, LABELS = Reader("label.demo", "tasks.demo", DAY), Reader("decide.demo", "labels.demo", DAY)


def test_a_question_that_is_not_answered_is_said_and_nobody_else_is_asked_for_now():
    silent = Silent("tasks.demo")
    lateness = Lateness(silent, [TASKS, RAW, LABELS])
    assert told(lateness, NOW) == []
    assert silent.asked == ["tasks.demo"]
    assert lateness.notice.startswith("how far label.demo has read tasks.demo can't be told: asking for positions")


def test_the_next_time_all_others_are_asked_first():
    silent = Silent("tasks.demo")
    lateness = Lateness(silent, [TASKS, RAW, LABELS])
    lateness.look(NOW)
    assert told(lateness, NOW + LOOK_EVERY_MS) == ["message/raw.demo/0/1"]
    assert silent.asked[1:] == ["raw.demo", "labels.demo", "tasks.demo"]
    silent.of = ()
    lateness.look(NOW + 2 * LOOK_EVERY_MS)
    assert lateness.notice == ""


def test_keeper_goes_on_where_somebody_can_t_be_asked_for():
    rig = Rig(now_ms=NOW, readers=(TASKS,), offsets=Silent("tasks.demo"))
    segment = index(0, "task-0")
    rig.write(segment)
    rig.round()
    assert rig.keeper._holdings.segments.get(segment.segment_id) is not None


def test_partitions_that_nobody_knows_a_time_of_are_not_late():
    assert late({FIRST: 0}, {}) == {}


def test_every_stage_that_reads_what_expires_is_measured_and_nobody_else():
    found = readers(load_topology(), "demo")
    assert {it.group for it in found} == {
        f"{role}.demo"
        for role in ("replay", "redact", "opener", "label", "decide", "notify", "join", "keeper", "contain")
    }
    assert RAW in found
    assert not {it.topic for it in found} & {"geometry.demo", "values.demo"}, "nobody reads these in order"
    assert all(it.retention_ms > 0 for it in found)
