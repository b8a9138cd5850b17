from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deploy.neighbours import Most, Neighbours

MOST = Most(at_once=2, altogether=5, often=3, window_s=10.0)
HERE, THERE = "192.0.2.1", "192.0.2.2"


def test_an_address_has_so_many_connections_at_once_and_another_one_its_own() -> None:
    known = Neighbours(MOST)
    assert [known.takes(HERE, 0.0) for _ in range(3)] == [True, True, False]
    assert known.takes(THERE, 0.0)
    known.gone(HERE)
    assert known.takes(HERE, 0.0)


def test_an_address_is_answered_so_often_in_a_while_and_another_one_all_the_same() -> None:
    known = Neighbours(MOST)
    for now in (0.0, 4.0, 5.0):
        assert known.takes(HERE, now)
        known.gone(HERE)
    assert not known.takes(HERE, 9.9)
    assert known.takes(THERE, 9.9)
    assert known.takes(HERE, 10.0)


def test_who_was_refused_is_not_counted() -> None:
    known = Neighbours(MOST)
    for _ in range(MOST.often):
        assert known.takes(HERE, 0.0)
        known.gone(HERE)
    assert not any(known.takes(HERE, 9.0) for _ in range(10))
    assert all(known.takes(HERE, 10.0) for _ in range(MOST.at_once))


def test_without_a_rate_an_address_is_answered_as_often_as_it_likes() -> None:
    known = Neighbours(Most(at_once=1))
    for _ in range(100):
        assert known.takes(HERE, 0.0)
        known.gone(HERE)


@given(st.lists(st.tuples(st.sampled_from([f"192.0.2.{n}" for n in range(9)]), st.booleans()), max_size=200))
def test_however_they_come_and_go_no_bound_is_passed(steps: list[tuple[str, bool]]) -> None:
    known, there = Neighbours(MOST), dict[str, int]()
    for now, (address, goes) in enumerate(steps):
        if goes and there.get(address, 0):
            known.gone(address)
            there[address] -= 1
        elif not goes and known.takes(address, float(now)):
            there[address] = there.get(address, 0) + 1
        assert sum(there.values()) <= MOST.altogether
        assert all(number <= MOST.at_once for number in there.values())
