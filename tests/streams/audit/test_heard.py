from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.audit.heard import MINUTE_MS, Heard

WINDOW_MS = 60_000
START = 1_700_000_040_000
END = 10**15


def heard(expected, lines, since: int = START - 10 * MINUTE_MS) -> Heard:
    found = Heard(WINDOW_MS)
    found.known_from(since)
    for who, time in expected:
        found.expect(who, time)
    for who, time in lines:
        found.line(who, time)
    return found


def test_who_was_there_and_has_no_line_is_missing_once_a_minute():
    expected = [("a", START), ("a", START + 1), ("a", START + MINUTE_MS), ("b", START)]
    assert heard(expected, [("b", START)]).missing(END) == [("a", START), ("a", START + MINUTE_MS)]


def test_a_line_within_the_window_explains_it_and_none_of_somebody_else():
    for delay in (-WINDOW_MS, 0, WINDOW_MS):
        assert heard([("a", START + 30_000)], [("a", START + 30_000 + delay)]).missing(END) == []
    assert heard([("a", START)], [("b", START)]).missing(END) == [("a", START)]
    assert heard([("a", START)], [("a", START + MINUTE_MS + WINDOW_MS + 1)]).missing(END) == [("a", START)]


def test_of_times_before_the_log_is_known_nothing_is_said():
    assert heard([("a", START)], [], since=START).missing(END) == []
    assert heard([("a", START)], [], since=START + 50_000).missing(END) == []
    assert Heard(WINDOW_MS, expected=heard([("a", START)], []).expected).missing(END) == []


def test_nothing_is_said_before_a_line_could_have_come():
    one = heard([("a", START)], [])
    assert one.missing(START + MINUTE_MS + WINDOW_MS - 1) == []
    assert one.missing(START + MINUTE_MS + WINDOW_MS) == [("a", START)]
    assert one.missing(END) == []


def test_an_event_that_comes_after_its_minute_was_judged_is_passed_over():
    one = heard([], [("a", START)])
    assert one.missing(START + 10 * MINUTE_MS) == []
    one.expect("a", START)
    assert one.missing(END) == []


TIMES = st.integers(0, 20).map(lambda it: START + it * 25_000)
SAID = st.lists(st.tuples(st.sampled_from("ab"), TIMES), max_size=12)


@given(SAID, SAID, st.data())
def test_the_order_and_how_often_is_asked_change_nothing(expected, lines, data):
    said = [(True, *it) for it in expected] + [(False, *it) for it in lines]
    one, found = heard([], []), []
    for at, (is_expected, who, time) in enumerate(order := data.draw(st.permutations(said))):
        (one.expect if is_expected else one.line)(who, time)
        rest = [time for _, _, time in order[at + 1 :]]
        found += one.missing(min(rest, default=END) - 1)
    assert sorted(found + one.missing(END)) == sorted(heard(expected, lines).missing(END))


@given(SAID, SAID)
def test_memory_is_given_back(expected, lines):
    one = heard(expected, lines)
    one.missing(END)
    assert not one.expected
    assert not one.lines
