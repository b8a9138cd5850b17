"""While keeper's clock and Vault's differ nothing ends by time; all else goes on, and that too once they agree."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from schemas.audit import EventType
from schemas.errors import LogUnavailable
from schemas.records import SlotEpoch
from schemas.states import SegmentStage
from streams.engine.messages import TopicPartition
from streams.keeper.erasures import PATIENCE_MS
from streams.keeper.lifetimes import Lifetimes
from streams.keeper.processor import KeeperSettings
from streams.keeper.rewrapping import CHUNK, LOOK_MS
from tests.streams.keeper.making import SLOT, Progress, Rig, documents, index, joined
from tests.streams.keeper.test_erasing import ANN, erase, erased
from tests.streams.keeper.test_processor import state_of
from topology.readers import Reader
from vault.segments.document import Layer
from vault.segments.halves import HOUR_MS

DAY = 24 * HOUR_MS
MONTH = 31 * DAY
LIVES = Lifetimes()
START = 1_000 * DAY
WRONG = [MONTH, -MONTH, None]
"""Ahead, behind, and nothing to hold it against."""
HALF = f"half-a/{SLOT}/{START // HOUR_MS}/tag"


def keeper(off_ms: int | None = 0) -> Rig:
    """With all intervals of its own: a clock that was set back must not keep it waiting."""
    return Rig(KeeperSettings(), now_ms=START + (off_ms or 0), off_ms=off_ms)


def goes_wrong(rig: Rig, off_ms: int | None) -> None:
    rig.now_ms, rig.off_ms = rig.now_ms + (off_ms or 0), off_ms


def pass_by(rig: Rig, ms: int) -> None:
    """So much time, with rounds at its end: to take in, to decide, to do, to say."""
    rig.now_ms += ms
    for _ in range(3):
        rig.now_ms += rig.settings.scan_ms
        rig.round()


def segment(sequence: int, *tasks: str):
    """Of this moment, gone in thirty days."""
    return index(sequence, *tasks, created=START + sequence, expires=START + LIVES.hard_ttl_ms)


def holding(off_ms: int | None = 0) -> Rig:
    """A finished segment, one with an open task, and a half."""
    rig = keeper(off_ms)
    rig.write(segment(0, "a"))
    rig.write(segment(1, "b", "c"))
    rig.vault.create(HALF, b"wrapped")
    rig.tell(joined("a", f"{SLOT}/1/0"))
    pass_by(rig, 0)
    return rig


def left(rig: Rig) -> tuple[set[Layer], set[Layer], list[str]]:
    return rig.has(f"{SLOT}/1/0"), rig.has(f"{SLOT}/1/1"), rig.vault.names("half-a")


ALL = (set(Layer), set(Layer), [HALF])


def test_a_clock_a_month_ahead_takes_nothing_before_its_time():
    rig = holding()
    goes_wrong(rig, MONTH)
    pass_by(rig, 0)
    assert left(rig) == ALL
    assert rig.said() == []


@pytest.mark.parametrize("off_ms", WRONG)
def test_what_is_over_waits_until_the_clocks_agree_and_goes_by_itself_then(off_ms):
    rig = holding()
    pass_by(rig, -rig.now_ms + START + LIVES.hard_ttl_ms - HOUR_MS)  # the finished one has gone
    goes_wrong(rig, off_ms)
    pass_by(rig, 4 * HOUR_MS)
    assert left(rig) == (set(), set(Layer), [HALF])
    rig.set_right()
    pass_by(rig, 0)
    pass_by(rig, 0)
    assert left(rig) == (set(), set(), [])


@pytest.mark.parametrize("off_ms", WRONG)
def test_what_people_order_and_what_was_never_real_waits_for_no_clock(off_ms):
    rig = holding()
    rig.tell(SlotEpoch(SLOT, 1))
    rig.write(index(2, "d", "e", created=START + 2, expires=START + MONTH, of={"d": [ANN]}))
    rig.vault.create_all(documents(f"{SLOT}/1/3", "lost"))
    goes_wrong(rig, off_ms)
    rig.withdraw("b")
    erase(rig, ANN)
    rig.tell(SlotEpoch(SLOT, 2, 1))
    pass_by(rig, 0)
    pass_by(rig, 0)
    assert rig.tasks_in(f"{SLOT}/1/1", Layer.VALUES) == {"c"}
    assert rig.tasks_in(f"{SLOT}/1/2", Layer.VALUES) == {"e"}
    assert rig.has(f"{SLOT}/1/3") == set()
    assert erased(rig) == [(ANN, "1", "0")]
    assert left(rig) == ALL


def test_what_was_decided_while_they_agreed_is_done():
    rig = holding()
    rig.now_ms = START + LIVES.retention_ms + HOUR_MS
    rig.round()
    assert state_of(rig).segments.get(f"{SLOT}/1/0").stage is SegmentStage.DOOMED
    goes_wrong(rig, MONTH)
    rig.round()
    assert rig.said() == [("segment.destroyed", f"segment/{SLOT}/1/0", "finished")]


def test_what_is_noted_by_a_clock_that_is_behind_ends_no_earlier_for_it():
    rig = holding(-MONTH)
    rig.vault.create_all(documents("gone.demo.0/1/0", "x"))
    pass_by(rig, 0)
    rig.set_right()
    pass_by(rig, 0)
    assert left(rig) == ALL
    assert rig.has("gone.demo.0/1/0") == set(Layer)
    pass_by(rig, LIVES.retention_ms)
    assert left(rig) == (set(), set(Layer), [HALF])


def test_what_is_noted_by_a_clock_that_is_ahead_counts_from_when_it_is_set_right():
    rig = holding(MONTH)
    rig.vault.create_all(documents("gone.demo.0/1/0", "x"))
    pass_by(rig, 0)
    rig.set_right()
    pass_by(rig, 0)
    assert left(rig) == ALL
    pass_by(rig, LIVES.retention_ms)
    assert left(rig) == (set(), set(Layer), [HALF])
    pass_by(rig, LIVES.hard_ttl_ms - LIVES.retention_ms)
    assert rig.has("gone.demo.0/1/0") == set()


def test_an_order_to_withdraw_what_is_not_known_yet_is_not_forgotten_by_a_clock_that_is_wrong():
    rig = keeper()
    rig.withdraw("a")
    goes_wrong(rig, MONTH)
    pass_by(rig, 0)
    rig.write(segment(0, "a", "b"))
    pass_by(rig, 0)
    assert rig.tasks_in(f"{SLOT}/1/0", Layer.VIEW) == {"b"}


def test_an_order_that_comes_while_the_clock_is_behind_is_kept_for_its_time():
    rig = keeper(-MONTH)
    rig.withdraw("a")
    rig.set_right()
    pass_by(rig, 0)
    rig.write(segment(0, "a", "b"))
    pass_by(rig, 0)
    assert rig.tasks_in(f"{SLOT}/1/0", Layer.VIEW) == {"b"}


def test_an_erasure_that_came_while_the_clock_was_ahead_is_told_when_it_was_set_back():
    rig = keeper(MONTH)
    rig.tell(SlotEpoch(SLOT, 1))
    rig.write(index(0, "a", created=START, expires=START + MONTH, of={"a": [ANN]}))
    pass_by(rig, 0)
    erase(rig, ANN)
    rig.round()
    rig.set_right()
    pass_by(rig, PATIENCE_MS)
    pass_by(rig, PATIENCE_MS)
    assert erased(rig) == [(ANN, "1", "0")]


def test_no_pass_over_keys_begins_at_a_time_that_nobody_is_sure_of():
    """`veil keys retire` reckons with when one began."""
    rig = rotating()
    goes_wrong(rig, MONTH)
    rig.vault.rotate("view-demo")
    pass_by(rig, 0)
    assert rewrapped(rig) == []
    rig.set_right()
    pass_by(rig, 0)
    assert rewrapped(rig) == ["key/view-demo"] * 2


def test_a_pass_over_keys_that_was_begun_goes_on():
    rig = rotating()
    rig.vault.rotate("view-demo")
    rig.now_ms += LOOK_MS
    rig.round()
    goes_wrong(rig, MONTH)
    rig.round()
    assert rewrapped(rig) == ["key/view-demo"] * 2


def rotating() -> Rig:
    """With so many documents that a pass over them takes two rounds."""
    rig = keeper()
    rig.vault.store.clock = lambda: START
    for sequence in range(CHUNK + 1):
        rig.write(segment(sequence, f"t{sequence}"))
    pass_by(rig, 0)
    return rig


def rewrapped(rig: Rig) -> list[str]:
    return [it.resource for it in rig.events if it.type is EventType.KEY_REWRAPPED]


def test_who_reads_too_late_is_looked_for_again_after_a_clock_was_set_back():
    progress, place = Progress(), TopicPartition("raw.demo", 0)
    rig = keeper(MONTH)
    rig.offsets, rig.readers = progress, (Reader("redact.demo", "raw.demo", DAY),)
    rig.start()
    pass_by(rig, 0)
    rig.set_right()
    progress.read["redact.demo", "raw.demo"], progress.written["raw.demo"] = {place: 0}, {place: [START - DAY]}
    pass_by(rig, 0)
    assert [it.resource for it in rig.events] == ["message/raw.demo/0/0"]


@pytest.mark.parametrize(
    ("off_ms", "said"),
    [
        (MONTH, "this machine's clock is 31 days ahead of Vault's"),
        (-MONTH, "this machine's clock is 31 days behind Vault's"),
        (None, "Vault's answers tell no time"),
    ],
)
def test_it_says_why_nothing_ends_and_no_longer_when_it_does(off_ms, said):
    rig = keeper(off_ms)
    notice = rig.round().notice
    assert said in notice
    assert "nothing is destroyed" in notice
    assert (shown("veil_ending_waits"), shown("veil_clock_ahead_seconds")) == (
        1,
        None if off_ms is None else off_ms / 1000,
    )
    rig.set_right()
    assert rig.round().notice == ""
    assert (shown("veil_ending_waits"), shown("veil_clock_ahead_seconds")) == (0, 0)


def shown(name: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"project": "demo"})


def test_who_cannot_be_asked_how_far_they_have_read_is_told_beside_it():
    rig = keeper(MONTH)
    rig.offsets, rig.readers = Unasked(), (Reader("redact.demo", "raw.demo", DAY),)
    rig.start()
    notice = rig.round().notice
    assert "ahead of Vault's" in notice
    assert "how far redact.demo has read" in notice


class Unasked(Progress):
    def read_up_to(self, group, topic):
        raise LogUnavailable("away")
