from __future__ import annotations

from streams.engine.health import Condition, Health


def test_a_process_that_works_tells_its_notice():
    health = Health()
    health.note("frozen by olga")
    health.set(Condition.WORKING)
    assert health.read() == (Condition.WORKING, "frozen by olga")
    health.note("")
    assert health.read() == (Condition.WORKING, "")


def test_why_a_process_waits_comes_before_its_notice_and_the_notice_stays():
    health = Health()
    health.note("frozen by olga")
    health.set(Condition.WAITING, "no broker answers")
    assert health.read() == (Condition.WAITING, "no broker answers")
    health.set(Condition.WORKING)
    assert health.read() == (Condition.WORKING, "frozen by olga")
