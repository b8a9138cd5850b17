from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deploy.supervise.restarts import FENCED, Course, Phase, RestartRule, exited, started, stopped

seconds = st.floats(min_value=0, max_value=1e6, allow_nan=False)
rules = st.builds(
    RestartRule,
    first_s=st.floats(0.01, 5),
    factor=st.floats(1, 4),
    ceiling_s=st.floats(5, 100),
    healthy_after_s=st.floats(1, 300),
)


@given(rules, st.integers(1, 10_000))
def test_delay_grows_with_failures_and_stays_under_the_ceiling(rule: RestartRule, failures: int):
    assert rule.first_s <= rule.delay(failures) <= rule.delay(failures + 1) <= rule.ceiling_s


@given(rules, st.lists(st.floats(0, 0.9), max_size=40))
def test_a_process_that_never_recovers_waits_longer_each_time(rule: RestartRule, lives: list[float]):
    course, now, last = Course(), 0.0, 0.0
    for life in lives:
        course = started(course, now)
        now += life  # below the smallest healthy_after_s
        course = exited(course, rule, 1, now)
        assert course.phase is Phase.WAITING
        assert course.due_at - now >= last - 1e-6
        last, now = course.due_at - now, course.due_at
    assert course.failures == len(lives)


@given(rules, st.integers(1, 50), seconds)
def test_a_healthy_life_clears_the_count_of_failures(rule: RestartRule, failures: int, now: float):
    course = started(Course(failures=failures), now)
    after = exited(course, rule, 1, now + rule.healthy_after_s + 1)
    assert after.failures == 1


@given(rules, st.lists(st.sampled_from(["start", "exit"]), max_size=20), seconds)
def test_after_a_stop_nothing_makes_another_start_due(rule: RestartRule, events: list[str], now: float):
    course = stopped(started(Course(), now))
    for event in events:
        if event == "exit":
            course = exited(course, rule, 0, now)
    assert course.phase is Phase.STOPPED


def test_restarts_count_every_start_but_the_first():
    course = started(Course(), 0)
    assert course.restarts == 0
    course = started(exited(course, RestartRule(), 1, 1), 2)
    assert course.restarts == 1


def test_leaving_with_code_zero_counts_as_a_failure():
    course = exited(started(Course(), 0), RestartRule(first_s=0.5), 0, 1)
    assert course.failures == 1
    assert course.due_at == 1.5


def fenced_in_a_row(rule: RestartRule, times: int, *, failures: int = 0, life_s: float = 0.0) -> list[Course]:
    course, now = Course(failures=failures), 0.0
    found = []
    for _ in range(times):
        now += life_s
        course = exited(started(course, now - life_s), rule, FENCED, now)
        found.append(course)
        now = course.due_at
    return found


@given(rules, st.integers(0, 20))
def test_fenced_is_an_ordinary_way_back_that_is_not_waited_for(rule: RestartRule, failures: int):
    (course,) = fenced_in_a_row(rule, 1, failures=failures)
    assert course.failures == failures
    assert course.due_at == rule.first_s
    assert course.last_exit == FENCED


@given(rules)
def test_one_that_is_fenced_again_and_again_waits_longer_each_time(rule: RestartRule):
    courses = fenced_in_a_row(rule, rule.fenced_most + 5)
    assert [one.failures for one in courses] == [0] * rule.fenced_most + [1, 2, 3, 4, 5]


@given(rules)
def test_a_healthy_life_makes_fencing_ordinary_again(rule: RestartRule):
    courses = fenced_in_a_row(rule, 3 * rule.fenced_most, life_s=rule.healthy_after_s + 1)
    assert {one.failures for one in courses} == {0}
