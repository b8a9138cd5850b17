"""Each rule is told of what it is about, and of no honest day."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import MAX_EVIDENCE, Severity
from schemas.audit import Decision, EventType
from schemas.errors import ConfigError, Reason
from schemas.resources import (
    control_resource,
    lease_resource,
    message_resource,
    project_resource,
    slot_resource,
    task_resource,
)
from streams.watch.habits import DAYS, Habit, hour_of
from streams.watch.listening import LISTENERS
from streams.watch.rules_document import RulesDocument, packaged_rules
from streams.watch.windows import Arrival
from tests.streams.watch.month import (
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    SECOND,
    Person,
    Writing,
    alerts,
    day_of,
    month,
    platform,
)
from topology.reading import parse

RULES = packaged_rules()
NINE = MONDAY + 9 * HOUR
ADA = "person/ada"
APP = "app/triage-ui"


class Doing:
    """What one person does, one deed after the other."""

    def __init__(self) -> None:
        self.label, self.time, self.number, self.arrivals = Writing("label.demo"), NINE, 0, []

    def _say(self, kind, resource, **more) -> None:
        event = self.label.event(kind, resource, self.time, person="ada", **more)
        self.arrivals.append(Arrival(0, len(self.arrivals), self.time, event))

    def task(self, ending: EventType | None, seconds: float, client="browser") -> None:
        self.number += 1
        task, lease = task_resource(f"t{self.number}"), lease_resource(f"t{self.number}-1")
        self._say(EventType.TASK_VIEWED, task, parents=(lease,), details={"client": client})
        self.time += int(seconds * SECOND)
        if ending is EventType.LABEL_SUBMITTED:
            self._say(ending, f"label/t{self.number}-1", parents=(lease, task))
        elif ending:
            self._say(ending, task, parents=(lease,))

    def tasks(self, count, ending=EventType.LABEL_SUBMITTED, seconds=20.0, client="browser") -> None:
        for _ in range(count):
            self.task(ending, seconds, client)

    def denied(
        self, count, resource=lambda _: project_resource("demo"), kind=EventType.ACCESS_DENIED, **details
    ) -> None:
        for number in range(count):
            self.time += SECOND
            self._say(kind, resource(number), details=details)

    def copies(self, count, times) -> None:
        for _ in range(count):
            self.time += 10 * SECOND
            self._say(
                EventType.COPY_ATTEMPTED, task_resource("t1"), details={"taking": "copy", "times": str(times)}
            )

    def hints(self, count, again="false") -> None:
        for number in range(count):
            self.time += 30 * SECOND
            details = {"placeholder": f"[LOCATION_{number}]", "again": again, "client": "browser"}
            self._say(EventType.HINT_SHOWN, task_resource("t1"), parents=("lease/t1-1",), details=details)

    def refused(self, reason, offset=7, written=NINE) -> None:
        """A stage refuses a record of `control`."""
        self.time += SECOND
        said = {"outcome": "refused", "decision": Decision.DENY, "reason": reason.value}
        resource, details = message_resource("control", 0, offset), {"written": str(written)}
        event = self.label.event(EventType.CONTROL_REFUSED, resource, self.time, details=details, **said)
        self.arrivals.append(Arrival(0, len(self.arrivals), self.time, event))

    def at_a_place(self, kind, process, **details) -> None:
        """A stage says something of a place on a topic."""
        self.time += SECOND
        resource = message_resource("raw.demo", 1, 7)
        event = Writing(process).event(kind, resource, self.time, details=details)
        self.arrivals.append(Arrival(0, len(self.arrivals), self.time, event))

    def checked(self, **details) -> None:
        """Somebody has looked what is kept."""
        self.time += SECOND
        event = Writing("inspector.platform").event(
            EventType.RETENTION_CHECKED, project_resource("demo"), self.time, details=details
        )
        self.arrivals.append(Arrival(0, len(self.arrivals), self.time, event))

    def slot(self, kind) -> None:
        event = self.label.event(kind, slot_resource(f"{self.label.process}.0"), self.time)
        self.arrivals.append(Arrival(0, len(self.arrivals), self.time, event))

    def asks(self, count, about=lambda number: number) -> None:
        """What is held of so many people."""
        asking = Writing("person.ada")
        for number in range(count):
            self.time += SECOND
            resource = control_resource(f"erase/demo/{about(number):064x}")
            event = asking.event(EventType.SUBJECT_REPORTED, resource, self.time, person="ada")
            self.arrivals.append(Arrival(0, len(self.arrivals), self.time, event))

    def told(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for alert in alerts(iter(self.arrivals), RULES):
            found.setdefault(alert.rule, set()).add(alert.subject)
        return found


def _pace(doing):
    doing.tasks(100, seconds=5)


def _app_pace(doing):
    doing.tasks(700, seconds=0.5, client="app triage-ui")


def _views_without_labels(doing):
    doing.tasks(5)
    doing.tasks(20, ending=None)


def _app_views_without_labels(doing):
    doing.tasks(70, ending=None, client="app triage-ui")


def _unusual_hours(doing):
    for _ in range(12):
        doing.tasks(5)
        doing.time += DAY
    doing.time += 14 * HOUR
    doing.tasks(3)


def _skips(doing):
    doing.tasks(15)
    doing.tasks(15, ending=EventType.TASK_SKIPPED)


def _reports(doing):
    doing.tasks(15)
    doing.tasks(8, ending=EventType.TASK_REPORTED)


def _repeated_denials(doing):
    doing.denied(2, suppressed="6")


def _enumeration(doing):
    doing.denied(6, resource=lambda number: lease_resource(f"of-others-{number}"))


def _view_and_release(doing):
    doing.tasks(12, ending=EventType.TASK_RELEASED)


def _copy_attempts(doing):
    doing.task(None, 1)
    doing.copies(3, times=4)


def _many_subjects(doing):
    doing.asks(6)


def _hints_many(doing):
    doing.hints(20)


def _control_forged(doing):
    doing.label = Writing("seal.platform")
    doing.refused(Reason.BAD_SIGNATURE)


def _control_refused(doing):
    doing.label = Writing("seal.platform")
    doing.refused(Reason.TOMBSTONE_IGNORED)


def _login_stolen(doing):
    doing.label = Writing("starter.platform")
    doing.time += SECOND
    event = doing.label.event(EventType.LOGIN_STOLEN, slot_resource("redact.demo.0"), doing.time)
    doing.arrivals.append(Arrival(0, len(doing.arrivals), doing.time, event))


def _record_lost(doing):
    doing.at_a_place(EventType.RECORD_LOST, "redact.demo", next="9")


def _reading_late(doing):
    doing.at_a_place(EventType.READING_LATE, "keeper.demo", group="redact.demo")


def _kept_too_long(doing):
    doing.checked(overdue="1", unlike="0", late="0")


WRONG = {
    "pace": (_pace, ADA),
    "app-pace": (_app_pace, APP),
    "views-without-labels": (_views_without_labels, ADA),
    "app-views-without-labels": (_app_views_without_labels, APP),
    "unusual-hours": (_unusual_hours, ADA),
    "skips": (_skips, ADA),
    "reports": (_reports, ADA),
    "repeated-denials": (_repeated_denials, ADA),
    "enumeration": (_enumeration, ADA),
    "view-and-release": (_view_and_release, ADA),
    "copy-attempts": (_copy_attempts, ADA),
    "many-subjects": (_many_subjects, ADA),
    "hints-many": (_hints_many, ADA),
    "control-forged": (_control_forged, "message/control/0/7"),
    "control-refused": (_control_refused, "message/control/0/7"),
    "login-stolen": (_login_stolen, "slot/redact.demo.0"),
    "record-lost": (_record_lost, "message/raw.demo/1/7"),
    "reading-late": (_reading_late, "message/raw.demo/1/7"),
    "kept-too-long": (_kept_too_long, "project/demo"),
}


def test_every_rule_is_tried():
    assert set(WRONG) == {rule.name for rule in RULES}


@pytest.mark.parametrize("rule", WRONG)
def test_a_rule_is_told_of_what_it_is_about(rule):
    wrong, subject = WRONG[rule]
    doing = Doing()
    wrong(doing)
    assert subject in doing.told().get(rule, set())


@pytest.fixture(scope="module")
def honest():
    return {alert.rule for it in (month(11, days=3), platform(11)) for alert in alerts(it, RULES)}


@pytest.mark.parametrize("rule", [rule.name for rule in RULES if rule.name != "skips"])
def test_a_rule_is_not_told_of_honest_days(honest, rule):
    """Of twelve people in three days and a platform in twenty; `skips` is told of whoever gets a batch they can't
    do (README).
    """
    assert rule not in honest


def test_a_check_that_finds_nothing_kept_too_long_is_told_to_nobody():
    doing = Doing()
    doing.checked(overdue="0", unlike="0", late="2")
    assert "kept-too-long" not in doing.told()


def test_a_place_that_is_not_set_as_ordered_is_told_like_one_that_keeps_too_long():
    doing = Doing()
    doing.checked(overdue="0", unlike="3", late="0")
    assert doing.told()["kept-too-long"] == {"project/demo"}


def test_a_hint_asked_for_again_is_none_more():
    doing = Doing()
    doing.hints(15)
    doing.hints(30, again="true")
    assert "hints-many" not in doing.told()


def test_a_hint_does_not_end_what_an_app_does_under_its_lease():
    doing = Doing()
    for _ in range(70):
        doing.task(None, 1, client="app triage-ui")
        details = {"again": "false", "client": "app triage-ui"}
        doing._say(EventType.HINT_SHOWN, task_resource("t1"), parents=("lease/t1-1",), details=details)
        doing._say(
            EventType.TASK_SKIPPED, task_resource(f"t{doing.number}"), parents=(f"lease/t{doing.number}-1",)
        )
    assert "app-views-without-labels" not in doing.told()


def test_skips_are_not_told_of_a_day_without_a_batch_nobody_can_do():
    person = Person("ada", "", 8.0, 30, 0.06, 0.01, 0.02)
    random = Random(0)
    calm = [it for it in day_of(person, 0, Writing("label.demo"), random) if it.time % DAY // HOUR < 9]
    arrivals = [Arrival(0, at, it.time, it) for at, it in enumerate(calm)]
    assert "skips" not in {alert.rule for alert in alerts(iter(arrivals), RULES)}


@pytest.mark.parametrize(("count", "about"), [(5, lambda number: number), (50, lambda number: number % 5)])
def test_few_people_may_be_asked_about_as_often_as_one_likes(count, about):
    doing = Doing()
    doing.asks(count, about)
    assert doing.told() == {}


def test_a_spell_is_told_once_and_again_after_it_was_over():
    doing = Doing()
    doing.denied(30)
    doing.time += HOUR
    doing.denied(30)
    told = [it for it in alerts(iter(doing.arrivals), RULES) if it.rule == "repeated-denials"]
    assert len(told) == 2
    assert len({it.alert_id for it in told}) == 2


def told_at(doing: Doing, rule: str) -> list[int]:
    """In which minutes since nine."""
    return [(it.at - NINE) // MINUTE for it in alerts(iter(doing.arrivals), RULES) if it.rule == rule]


def test_what_goes_on_is_told_again_each_hour_of_deeds_that_no_alert_rested_on():
    doing = Doing()
    doing.tasks(10 * 60, ending=None, seconds=60, client="app triage-ui")
    assert told_at(doing, "app-views-without-labels") == list(range(60, 10 * 60, 61))


def test_a_rule_of_a_short_window_is_not_told_again_before_an_hour_is_over():
    doing = Doing()
    for _ in range(12):
        doing.tasks(5)
        doing.time += DAY
    doing.time += 14 * HOUR
    doing.tasks(4 * 60, seconds=60)
    assert len(told_at(doing, "unusual-hours")) == 4


def test_an_app_that_was_let_in_again_and_goes_on_copying_is_told_again():
    doing = Doing()
    doing.tasks(3 * 70, ending=None, seconds=60 / 70, client="app triage-ui")
    doing.time = NINE + 33 * MINUTE
    doing.tasks(20 * 60, ending=None, seconds=3, client="app triage-ui")
    assert told_at(doing, "app-views-without-labels") == [1, 62]


def test_an_app_that_was_let_in_again_and_brings_answers_is_not_told_again():
    doing = Doing()
    doing.tasks(2 * 70, ending=None, seconds=60 / 70, client="app triage-ui")
    doing.time = NINE + 33 * MINUTE
    doing.tasks(20 * 60, seconds=3, client="app triage-ui")
    assert len(told_at(doing, "app-views-without-labels")) == 1


def test_an_alert_says_on_what_it_rests():
    doing = Doing()
    doing.denied(30)
    (alert,) = [it for it in alerts(iter(doing.arrivals), RULES) if it.rule == "repeated-denials"]
    assert 0 < len(alert.evidence) <= MAX_EVIDENCE
    assert alert.evidence[0] == "label.demo.0/1"
    assert alert.details["playbook"] == "stolen-account"
    assert alert.since < NINE < alert.at


def test_an_alert_says_when_it_happened_also_where_the_log_was_written_again_later():
    doing = Doing()
    doing.denied(30)
    restored = [replace(it, appended=NINE + 9 * DAY + at) for at, it in enumerate(doing.arrivals)]
    (alert,) = [it for it in alerts(iter(restored), RULES) if it.rule == "repeated-denials"]
    assert alert.since == doing.arrivals[0].event.time
    assert alert.at - alert.since == 600 * SECOND


def test_refusals_at_the_console_count_and_at_five_projects_are_a_search():
    doing = Doing()
    doing.label = Writing("console.platform")
    doing.denied(5, lambda number: project_resource(f"p{number}"), EventType.CONSOLE_DENIED, suppressed="1")
    assert doing.told() == {"repeated-denials": {ADA}, "enumeration": {ADA}}


def test_refusals_at_the_console_that_it_has_not_said_itself_count_nothing():
    doing = Doing()
    doing.denied(30, kind=EventType.CONSOLE_DENIED)
    assert doing.told() == {}


@pytest.mark.parametrize(
    ("reason", "rule"),
    [
        (Reason.UNSIGNED, "control-forged"),
        (Reason.BAD_SIGNATURE, "control-forged"),
        (Reason.UNKNOWN_SIGNER, "control-forged"),
        (Reason.SIGNER_NOT_ALLOWED, "control-forged"),
        (Reason.STALE_VERSION, "control-refused"),
        (Reason.TOMBSTONE_IGNORED, "control-refused"),
        (Reason.BAD_REQUEST, "control-refused"),
        (Reason.UNDECODABLE, "control-refused"),
    ],
)
def test_a_record_that_stages_refuse_is_told_once_whoever_says_it_and_however_often(reason, rule):
    doing = Doing()
    for _ in range(3):
        for process in sorted(LISTENERS):
            doing.label = Writing(process)
            doing.slot(EventType.PROCESS_STARTED)
            doing.refused(reason)
        doing.time += HOUR
    (alert,) = alerts(iter(doing.arrivals), RULES)
    assert (alert.rule, alert.subject) == (rule, "message/control/0/7")
    assert alert.severity is (Severity.CRITICAL if rule == "control-forged" else Severity.WARNING)


def test_two_refused_records_are_two_alerts():
    doing = Doing()
    doing.label = Writing("warden.platform")
    doing.refused(Reason.UNSIGNED, 7)
    doing.refused(Reason.UNSIGNED, 8)
    assert doing.told() == {"control-forged": {"message/control/0/7", "message/control/0/8"}}


@pytest.mark.parametrize("process", ["label.demo", "contain.demo", "console.platform"])
def test_of_a_record_that_all_refuse_the_stages_of_the_platform_tell_alone(process):
    doing = Doing()
    doing.label = Writing(process)
    doing.refused(Reason.UNSIGNED)
    assert doing.told() == {}


def test_an_order_that_counted_until_its_signer_left_is_no_forgery():
    doing = Doing()
    doing.label = Writing("seal.platform")
    doing.slot(EventType.PROCESS_STARTED)
    written = doing.time + SECOND
    doing.time += HOUR
    doing.slot(EventType.PROCESS_STOPPED)
    doing.time += DAY
    for process in ("warden.platform", "seal.platform"):
        doing.label = Writing(process)
        doing.slot(EventType.PROCESS_STARTED)
        doing.refused(Reason.SIGNER_NOT_ALLOWED, written=written)
    assert doing.told() == {}


def test_what_was_written_while_no_stage_worked_is_told_at_the_next_start():
    doing = Doing()
    for hours in (1, 3):
        doing.label = Writing("seal.platform")
        doing.slot(EventType.PROCESS_STARTED)
        if hours == 3:
            doing.refused(Reason.BAD_SIGNATURE, written=doing.time - HOUR)
        doing.time += hours * HOUR
        doing.slot(EventType.PROCESS_STOPPED)
        doing.time += 2 * HOUR
    assert doing.told() == {"control-forged": {"message/control/0/7"}}


def test_what_another_role_says_of_a_person_counts_nothing():
    doing = Doing()
    doing.label = Writing("decide.demo")
    doing.denied(30)
    assert doing.told() == {}


@given(st.lists(st.integers(0, 40 * DAY), max_size=60), st.integers(0, 23))
def test_a_habit_is_the_share_of_earlier_days(times, hour):
    habit = Habit()
    for time in sorted(times):
        habit.at_work(time)
    days: dict[int, set[int]] = {}
    for time in times:
        days.setdefault(time // DAY, set()).add(hour_of(time))
    before = [days[day] for day in sorted(days)][:-1][-DAYS:]
    around = {(hour + by) % 24 for by in (-1, 0, 1)}
    assert habit.days == len(before)
    without = sum(1 for hours in before if not hours & around)
    assert habit.share_of_days_without(hour) == (without / len(before) if before else 0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"window_minutes": "0"}, "window_minutes"),
        ({"measure": "unusual_hour", "of": "app"}, "hours are those of persons"),
        ({"measure": "forged_orders"}, "are of messages"),
        ({"of": "message"}, "are of messages"),
        ({"severity": "loud"}, "severity"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_rule_that_is_none_is_refused_and_its_place_named(change, says):
    entry = {
        "title": "A title of a rule",
        "why": "A reason for the rule",
        "of": "person",
        "measure": "denials",
        "window_minutes": "10",
        "least": "1",
        "above": "1",
        "severity": "notice",
        "playbook": "odd",
    }
    lines = [f"    {name}: {value}" for name, value in (entry | change).items()]
    with pytest.raises(ConfigError, match=says):
        parse("\n".join(["rules:", "  one:", *lines]), "rules.yaml", RulesDocument)
