from __future__ import annotations

import pytest

from streams.console.seals import Checkpoint, Seals
from streams.engine.messages import Message

LOG = "veil/audit.demo/2"


def one(size, root=1, origin=LOG):
    return Checkpoint(origin, size, bytes([root]) * 32)


def state(seals, now=10_000):
    (found,) = seals.of("audit.demo", now)
    return found


def event(seals, at):
    seals.event(Message("audit.demo", 2, at, b"", b"", {}, at))


def test_a_log_that_grows_holds():
    seals = Seals()
    for size in (5, 9, 9, 30):
        seals.take(LOG, one(size, size), size)
    found = state(seals)
    assert (found["size"], found["fault"], found["checked"], found["partition"]) == (30, None, 4, 2)


@pytest.mark.parametrize(
    ("later", "fault"),
    [
        ((one(4), LOG), "shrunk"),
        ((one(9, 2), LOG), "forked"),
        ((None, LOG), "unreadable"),
        ((one(12, origin="veil/audit.demo/3"), LOG), "unreadable"),
    ],
)
def test_what_contradicts_is_a_fault_and_stays_one(later, fault):
    seals = Seals()
    seals.take(LOG, one(9), 1)
    seals.take(later[1], later[0], 2)
    assert state(seals)["fault"] == fault
    seals.take(LOG, one(50), 3)
    assert state(seals)["fault"] == fault


def test_events_wait_until_a_checkpoint_was_written_after_them():
    seals = Seals()
    seals.take(LOG, one(1), 1_000)
    event(seals, 900)
    assert state(seals)["waiting"] == 0
    for at in (2_000, 3_000, 4_000):
        event(seals, at)
    assert (state(seals)["waiting"], state(seals)["behind_ms"]) == (3, 8_000)
    seals.take(LOG, one(3), 3_500)
    assert (state(seals)["waiting"], state(seals)["behind_ms"]) == (1, 6_000)


def test_logs_of_other_topics_are_told_apart():
    seals = Seals()
    for topic in ("audit.demo", "audit.demo-2", "audit.platform"):
        origin = f"veil/{topic}/0"
        seals.take(origin, one(1, origin=origin), 1)
    assert [it["origin"] for it in seals.of("audit.demo", 0)] == ["veil/audit.demo/0"]


def test_a_log_of_which_nothing_was_ever_sealed_waits_while_others_are():
    """Whoever seals could leave one out: that it has no checkpoint is not that nothing is wrong with it."""
    seals = Seals()
    event(seals, 900)
    assert seals.of("audit.demo", 10_000) == []  # its checkpoint may lie before where reading began
    seals.take("veil/audit.platform/0", one(1, origin="veil/audit.platform/0"), 1_000)
    assert seals.of("audit.demo", 10_000) == []
    event(seals, 2_000)
    found = state(seals)
    assert (found["partition"], found["size"], found["at"], found["fault"]) == (2, None, None, None)
    assert (found["waiting"], found["behind_ms"], found["checked"]) == (1, 8_000, 0)
    seals.take(LOG, one(2), 3_000)
    assert (state(seals)["origin"], state(seals)["waiting"]) == (LOG, 0)
