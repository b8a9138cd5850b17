"""From an alert to "contained": what is ordered, who has to acknowledge it, and what never happens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import cloudevents
from schemas.alerts import Alert, Severity, alert_id
from schemas.audit import AuditEvent, Decision, Event, EventType
from schemas.codec import Codec, FixedIds
from schemas.control import ControlKind, read_freeze, read_revocation
from schemas.errors import ConfigError, VaultUnavailable
from schemas.records import ControlState
from streams.engine.messages import Message, Outgoing
from streams.engine.processor import Batch, Slot
from streams.watch.contain.deciding import STALE_MS
from streams.watch.contain.ordering import Orders
from streams.watch.contain.processor import CASE_MS, ContainProcessor, Seams
from streams.watch.contain.rules import Action, Budget, Rules, RulesDocument, own_rules, packaged_rules, to_rules
from streams.watch.rules_document import packaged_rules as watched_rules
from topology.reading import parse

CODEC = Codec(FixedIds())
RULES = replace(packaged_rules(), budget=Budget(revocations=3, freezes=1, withdrawals=5))
NAMED = {f"ann-{number}" for number in range(20)} | {"ann", "triage-ui"}
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def alert(rule="enumeration", subject="person/ann", since=0, severity=Severity.CRITICAL) -> Alert:
    return Alert(alert_id(rule, subject, since), rule, severity, subject, since, since + 60_000)


@dataclass
class Room:
    """The stage with what it has committed; `ended`: up to which version people have ended what it has ordered."""

    now: int = 1_000_000
    ended: dict[str, int] = field(default_factory=dict)
    committed: list[Outgoing] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    vault: bool = True
    rules: Rules = RULES
    in_force: int = 3
    shown: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    sequence: int = 0

    def __post_init__(self) -> None:
        orders = Orders("demo", CODEC, self.sign, lambda key: self.ended.get(key, 0) + 1)
        holds = lambda order: order.version > self.ended.get(order.key, 0)  # noqa: E731 - as deploy has it
        shown = lambda who, since: [task for at, task in self.shown.get(who, []) if at >= since]  # noqa: E731
        names = (NAMED | {"olga"}).__contains__
        seams = Seams(self.rules, orders, holds, names, NAMED.__contains__, shown, lambda: self.in_force)
        self.processor = ContainProcessor("demo", CODEC, seams)
        self.restart()

    def sign(self, _: bytes) -> bytes:
        if not self.vault:
            raise VaultUnavailable("test")
        return b"s" * 64

    def restart(self) -> None:
        kept = [
            Message(one.topic, 0, at, one.key, one.value)
            for at, one in enumerate(self.committed)
            if one.topic == "contain-state.demo"
        ]
        self.processor.restore(Slot("contain.demo.0", 1, "contain.demo", "demo"), kept)

    def give(self, *records: Alert | AuditEvent | bytes | Message) -> None:
        self.now += 100
        plan = self.processor.process(Batch([self.message(one) for one in records], [], {}, self.now))
        self.committed += plan.outputs
        self.events += plan.events
        self.notice = plan.notice

    def give_platform(self, record: Alert | bytes) -> None:
        """On the platform's own topic of alerts."""
        self.give(replace(self.message(record), topic="alerts.platform"))

    def message(self, record: Alert | AuditEvent | bytes | Message) -> Message:
        self.sequence += 1
        if isinstance(record, Message):
            return record
        if isinstance(record, AuditEvent):
            headers = dict(cloudevents.headers(record))
            return Message("audit.demo", 0, self.sequence, b"k", CODEC.encode(record), headers)
        value = record if isinstance(record, bytes) else CODEC.encode(record)
        return Message("alerts.demo", 0, self.sequence, b"k", value)

    def says(self, slot: str, kind: EventType, **details: str) -> AuditEvent:
        process = slot.rpartition(".")[0]
        said = (f"slot/{slot}", "success", Decision.NONE, "", "", "", "", ())
        return AuditEvent(slot, 1, 1, b"\0" * 32, process, self.now, kind, *said, None, None, details)

    def start(self, *slots: str) -> None:
        self.give(*(self.says(slot, EventType.PROCESS_STARTED) for slot in slots))

    def obey(self, slot: str, order: ControlState) -> None:
        self.give(self.says(slot, EventType.CONTROL_APPLIED, key=order.key, version=str(order.version)))

    def shut_out(self, order: ControlState) -> None:
        """All who must obey a revocation have."""
        for slot in ("label.demo.0", "warden.platform.0"):
            self.obey(slot, order)

    def orders(self) -> list[ControlState]:
        return [CODEC.decode(one.value, ControlState) for one in self.committed if one.topic == "control"]

    def said(self, kind: EventType) -> list[Event]:
        return [event for event in self.events if event.type is kind]

    @property
    def reached(self) -> list[Event]:
        return self.said(EventType.CONTAINMENT_REACHED)


@pytest.fixture
def room() -> Room:
    found = Room()
    found.start("redact.demo.0", "redact.demo.1", "label.demo.0", "join.demo.0", "warden.platform.0")
    return found


# -- what is ordered


def test_an_alert_shuts_its_person_out_and_is_contained_when_label_and_warden_have_obeyed(room):
    found = alert()
    room.give(found)
    (order,) = room.orders()
    assert (order.key, order.signer) == ("revoke/demo/ann/contain.demo", "contain.demo")
    assert read_revocation(order.body) == "stolen_account"
    (ordered,) = room.said(EventType.REVOCATION_ORDERED)
    assert (ordered.details, ordered.parents) == ({"revoked": "ann"}, (f"alert/{found.alert_id}",))
    (begun,) = room.said(EventType.CONTAINMENT_BEGUN)
    assert begun.parents == (f"control/{order.key}", "person/ann")
    room.obey("join.demo.0", order)
    assert room.reached == []
    assert "waiting for label.demo.0, warden.platform.0" in room.notice
    room.obey("label.demo.0", order)
    assert room.reached == []
    room.obey("warden.platform.0", order)
    (reached,) = room.reached
    assert (reached.resource, reached.details) == (
        f"alert/{found.alert_id}",
        {"rule": "enumeration", "took_ms": "300"},
    )
    assert room.notice == ""


def test_a_freeze_is_contained_when_every_process_that_releases_has_obeyed(room):
    room.give(alert("reports"))
    (order,) = room.orders()
    assert (order.key, order.kind) == ("freeze/demo/contain.demo", ControlKind.FREEZE)
    assert read_freeze(order.body).stages == {"redact", "label"}
    for slot in ("label.demo.0", "redact.demo.1", "label.demo.0"):
        room.obey(slot, order)
        assert room.reached == []
    room.obey("redact.demo.0", order)
    assert len(room.reached) == 1


@pytest.mark.parametrize(
    "found", [alert(severity=Severity.WARNING), alert("skips"), alert("unusual-hours"), alert("no-such-rule")]
)
def test_what_no_rule_acts_on_waits_for_a_person(room, found):
    room.give(found)
    assert (room.orders(), room.events) == ([], [])


@pytest.mark.parametrize("subject", ["person/olga", "person/eve", "app/nobody", "task/" + "0" * 32])
def test_nobody_is_shut_out_whom_the_project_does_not_name_or_who_could_undo_it(room, subject):
    room.give(alert(subject=subject))
    assert room.orders() == []
    (held,) = room.said(EventType.CONTAINMENT_HELD)
    assert (held.reason, held.details) == ("not_ours", {"rule": "enumeration", "action": "revoke"})
    assert room.said(EventType.CONTAINMENT_BEGUN) == []


@pytest.mark.parametrize("value", [b"", b"\0\0\0\0\1x"])
def test_what_is_no_alert_is_refused_and_the_next_one_is_acted_on(room, value):
    room.give(value, alert(), replace(alert(), subject="nonsense", alert_id="0" * 32))
    assert len(room.said(EventType.RECORD_REFUSED)) == 2
    assert len(room.orders()) == 1


def test_every_rule_here_is_one_of_watchs_and_can_fire_at_its_severity():
    watched = {rule.name: rule for rule in watched_rules()}
    for name in packaged_rules().by_name:
        rule = watched[name]
        assert packaged_rules().of(Alert("0", name, rule.severity, "person/a", 0, 0)) is not None


@pytest.mark.parametrize(
    "entry",
    ["{least: critical, do: []}", "{least: critical, do: [revoke, revoke]}", "{least: critical, do: [erase]}"],
)
def test_a_rule_that_makes_no_sense_is_refused(entry):
    text = (
        f"rules:\n  x: {entry}\nbudget: {{revocations_an_hour: 1, freezes_an_hour: 1, withdrawals_an_hour: 1}}\n"
    )
    with pytest.raises(ConfigError):
        to_rules(parse(text, "test", RulesDocument))


# -- what the platform's alerts are about


@pytest.mark.parametrize("subject", ["person/ann", "app/triage-ui"])
def test_an_alert_of_the_platform_about_somebody_of_the_project_shuts_them_out(room, subject):
    found = alert(subject=subject)
    room.give_platform(found)
    room.give_platform(found)
    (order,) = room.orders()
    assert order.key == f"revoke/demo/{subject.partition('/')[2]}/contain.demo"
    room.shut_out(order)
    assert len(room.reached) == 1


@pytest.mark.parametrize(
    "subject",
    [
        "person/eve",
        "app/other",
        "message/control/0/7",
        "vault/person.ann/decrypt/view-demo",
        "person.ann",
        "person/",
    ],
)
def test_an_alert_of_the_platform_about_nobody_of_the_project_is_left_to_others(room, subject):
    room.give_platform(alert(subject=subject))
    assert (room.orders(), room.events) == ([], [])


def test_an_alert_of_the_platform_about_who_could_undo_it_is_for_a_person(room):
    room.give_platform(alert(subject="person/olga"))
    assert room.orders() == []
    (held,) = room.said(EventType.CONTAINMENT_HELD)
    assert held.reason == "not_ours"


# -- once


def test_the_same_alert_again_does_nothing_also_after_a_restart(room):
    room.give(alert(), alert())
    room.restart()
    room.give(alert())
    assert len(room.orders()) == 1
    assert len(room.said(EventType.CONTAINMENT_BEGUN)) == 1


def test_an_alert_that_is_told_again_after_it_was_forgotten_undoes_nothing_that_people_have_decided(room):
    found = alert("reports")
    room.give(found)
    (order,) = room.orders()
    room.ended[order.key] = order.version
    room.now += CASE_MS + DAY_MS
    room.give()
    room.give(found, found)
    assert room.orders() == [order]
    (held,) = room.said(EventType.CONTAINMENT_HELD)
    assert (held.resource, held.reason, held.details) == (
        f"alert/{found.alert_id}",
        "stale",
        {"rule": "reports", "action": "freeze"},
    )


def test_who_knows_nothing_yet_acts_on_no_alert_of_long_ago(withdrawing):
    withdrawing.now = 400 * DAY_MS
    old = alert("app-views-without-labels", "app/triage-ui", since=20), alert("reports")
    withdrawing.give(*old)
    assert withdrawing.orders() == []
    held = [(it.reason, it.details["action"]) for it in withdrawing.said(EventType.CONTAINMENT_HELD)]
    assert held == [("stale", "revoke"), ("stale", "withdraw"), ("stale", "freeze"), ("stale", "minimum")]
    assert withdrawing.said(EventType.CONTAINMENT_BEGUN) == []


@pytest.mark.parametrize(("late", "orders"), [(0, 1), (1, 0)])
def test_an_alert_is_acted_on_for_some_hours_after_it_happened(room, late, orders):
    found = alert()
    room.now = found.at + STALE_MS + late - 100  # the next batch is 100 ms later
    room.give(found)
    assert len(room.orders()) == orders


def test_another_alert_about_the_same_shares_the_order_and_its_acknowledgement(room):
    room.give(alert(), alert(since=60_000))
    (order,) = room.orders()
    room.shut_out(order)
    assert len(room.reached) == 2
    room.give(alert(since=120_000))
    assert len(room.orders()) == 1
    assert len(room.reached) == 3, "it holds already, and all have said so"


def test_after_people_have_let_somebody_in_a_new_alert_shuts_them_out_again(room):
    room.give(alert())
    (first,) = room.orders()
    room.shut_out(first)
    room.ended[first.key] = first.version + 1_000_000_000
    room.give(alert(since=60_000))
    second = room.orders()[1]
    assert second.version > room.ended[first.key]
    room.shut_out(first)
    assert len(room.reached) == 1, "what was said of the first order does not count for the second"
    room.shut_out(second)
    assert len(room.reached) == 2


def test_where_vault_does_not_sign_nothing_is_remembered_and_the_alert_is_tried_again(room):
    room.vault = False
    with pytest.raises(VaultUnavailable):
        room.give(alert())
    room.restart()
    room.vault = True
    room.give(alert())
    assert len(room.orders()) == 1


# -- how much


def test_a_flood_of_alerts_shuts_out_no_more_than_the_budget_and_says_what_it_held(room):
    room.give(*(alert(subject=f"person/ann-{number}") for number in range(10)))
    assert len(room.orders()) == 3
    held = room.said(EventType.CONTAINMENT_HELD)
    assert [event.reason for event in held] == ["budget"] * 7
    room.now += HOUR_MS
    room.give(alert(subject="person/ann-9", since=60_000))
    assert len(room.orders()) == 4


def test_a_project_is_frozen_once_and_not_again_within_the_hour_after_people_let_it_go_on(room):
    room.give(*(alert("reports", f"person/ann-{number}") for number in range(5)))
    (first,) = room.orders()
    assert room.said(EventType.CONTAINMENT_HELD) == []
    room.ended[first.key] = first.version
    room.give(alert("reports", since=1))
    assert len(room.orders()) == 1
    (held,) = room.said(EventType.CONTAINMENT_HELD)
    assert held.details["action"] == "freeze"
    room.now += HOUR_MS
    room.give(alert("reports", since=2))
    assert len(room.orders()) == 2


# -- what rules of one's own may also do

OWN = """
rules:
  app-views-without-labels: {least: critical, do: [revoke, withdraw], revocation: leaking_app, withdrawal: secret}
  reports: {least: critical, do: [freeze, minimum], freeze: leak}
budget: {revocations_an_hour: 3, freezes_an_hour: 1, withdrawals_an_hour: 5}
"""
TASKS = ["a" * 32, "b" * 32]


@pytest.fixture
def withdrawing() -> Room:
    rules = to_rules(parse(OWN, "test", RulesDocument))
    room = Room(rules=rules, shown={"triage-ui": [(1, "9" * 32), *((50, task) for task in TASKS)]})
    room.start("redact.demo.0", "label.demo.0", "join.demo.0", "keeper.demo.0", "warden.platform.0")
    return room


def test_tasks_that_an_app_was_shown_since_the_alert_began_are_withdrawn_and_all_must_let_go(withdrawing):
    found = alert("app-views-without-labels", "app/triage-ui", since=20)
    withdrawing.give(found, found)
    revoke, *withdrawals = withdrawing.orders()
    assert [one.key for one in withdrawals] == [f"withdraw/demo/{task}/contain.demo" for task in TASKS]
    assert {one.body for one in withdrawals} == {b'{"reason":"secret"}'}
    said = withdrawing.said(EventType.WITHDRAWAL_ORDERED)
    assert [event.resource for event in said] == [f"task/{task}" for task in TASKS]
    assert said[0].parents == (f"control/{withdrawals[0].key}", f"alert/{found.alert_id}")
    for slot in ("label.demo.0", "warden.platform.0"):
        withdrawing.obey(slot, revoke)
    for slot in ("label.demo.0", "join.demo.0", "keeper.demo.0"):
        assert withdrawing.reached == []
        for order in withdrawals:
            withdrawing.obey(slot, order)
    assert len(withdrawing.reached) == 1


def test_past_the_budget_no_task_is_withdrawn_and_a_person_decides(withdrawing):
    withdrawing.shown["triage-ui"] = [(50, f"{number:032x}") for number in range(6)]
    withdrawing.give(alert("app-views-without-labels", "app/triage-ui", since=20))
    assert [one.kind for one in withdrawing.orders()] == ["revoke"]
    (held,) = withdrawing.said(EventType.CONTAINMENT_HELD)
    assert (held.reason, held.details["action"]) == ("budget", "withdraw")


def test_where_nothing_is_open_nothing_is_withdrawn_and_nothing_held(withdrawing):
    withdrawing.shown.clear()
    withdrawing.give(alert("app-views-without-labels", "app/triage-ui", since=20))
    assert len(withdrawing.orders()) == 1
    assert withdrawing.said(EventType.CONTAINMENT_HELD) == []


def test_orders_about_tasks_are_forgotten_with_their_alert(withdrawing):
    withdrawing.give(alert("app-views-without-labels", "app/triage-ui", since=20))
    withdrawing.now += CASE_MS
    withdrawing.give()
    withdrawing.restart()
    assert [key for key, _ in withdrawing.processor._orders.items()] == ["revoke/demo/triage-ui/contain.demo"]


def test_the_policy_in_force_is_ruled_out_once_and_redact_must_obey(withdrawing):
    withdrawing.give(alert("reports"), alert("reports", since=60_000))
    freeze, minimum = withdrawing.orders()
    assert (minimum.key, minimum.kind) == ("minimum/demo/4/contain.demo", ControlKind.MINIMUM)
    (ordered,) = withdrawing.said(EventType.MINIMUM_ORDERED)
    assert (ordered.resource, ordered.details) == (f"control/{minimum.key}", {"minimum": "4"})
    for slot in ("label.demo.0", "redact.demo.0"):
        withdrawing.obey(slot, freeze)
    assert withdrawing.reached == []
    withdrawing.obey("redact.demo.0", minimum)
    assert len(withdrawing.reached) == 2


@pytest.mark.parametrize(("in_force", "why"), [(0, "no_policy"), (7, "budget")])
def test_without_a_policy_or_twice_within_the_hour_no_minimum_is_ordered(withdrawing, in_force, why):
    withdrawing.give(alert("reports"))
    withdrawing.in_force = in_force
    withdrawing.give(alert("reports", since=60_000))
    (held,) = withdrawing.said(EventType.CONTAINMENT_HELD)
    assert (held.reason, held.details["action"]) == (why, "minimum")


def test_to_redact_again_is_held_for_two_people_and_the_rest_is_done():
    text = OWN.replace("do: [freeze, minimum]", "do: [freeze, reredact]")
    room = Room(rules=to_rules(parse(text, "test", RulesDocument)))
    room.start("redact.demo.0", "label.demo.0")
    room.give(alert("reports"))
    (freeze,) = room.orders()
    assert freeze.kind == ControlKind.FREEZE
    (held,) = room.said(EventType.CONTAINMENT_HELD)
    assert (held.reason, held.details["action"]) == ("two_people", "reredact")
    for slot in ("redact.demo.0", "label.demo.0"):
        room.obey(slot, freeze)
    assert len(room.reached) == 1


def test_no_packaged_rule_does_what_cannot_be_undone():
    done = {action for rule in packaged_rules().by_name.values() for action in rule.actions}
    assert done == {Action.REVOKE, Action.FREEZE}


def test_a_file_of_rules_is_read_instead_and_one_that_is_none_is_refused(tmp_path):
    path = tmp_path / "demo.yaml"
    path.write_text(OWN)
    assert own_rules(path).budget == Budget(3, 1, 5)
    for content in (b"rules: {}\n", b"\xff\xfe"):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=r"demo\.yaml"):
            own_rules(path)
    with pytest.raises(ConfigError, match="can't be read"):
        own_rules(tmp_path / "none.yaml")


# -- who has to obey


def test_a_role_that_was_never_heard_is_waited_for():
    room = Room()
    room.give(alert())
    (order,) = room.orders()
    assert "waiting for label.demo, warden.platform" in room.notice
    room.start("label.demo.0", "warden.platform.0")
    assert room.reached == []
    room.shut_out(order)
    assert len(room.reached) == 1


def test_a_process_that_stops_in_order_is_not_waited_for_and_one_that_starts_meanwhile_is(room):
    room.give(alert("reports"))
    (order,) = room.orders()
    room.start("redact.demo.2")
    room.give(room.says("redact.demo.0", EventType.PROCESS_STOPPED))
    for slot in ("redact.demo.1", "label.demo.0"):
        room.obey(slot, order)
    assert "redact.demo.2" in room.notice
    room.obey("redact.demo.2", order)
    assert len(room.reached) == 1


def test_who_has_stopped_before_is_not_waited_for_and_a_crashed_one_is_until_it_is_back(room):
    room.give(room.says("redact.demo.1", EventType.PROCESS_STOPPED), alert("reports"))
    (order,) = room.orders()
    room.obey("redact.demo.0", order)
    room.restart()
    room.give()
    assert "label.demo.0" in room.notice
    room.start("label.demo.0")
    room.obey("label.demo.0", order)
    assert len(room.reached) == 1


def test_a_warden_that_stops_before_it_has_ended_credentials_is_waited_for(room):
    room.give(alert())
    (order,) = room.orders()
    room.obey("label.demo.0", order)
    room.give(room.says("warden.platform.0", EventType.PROCESS_STOPPED))
    assert not room.reached
    assert "warden.platform.0" in room.notice
    room.start("warden.platform.0")
    room.obey("warden.platform.0", order)
    assert len(room.reached) == 1


def test_a_keeper_that_stops_is_waited_for_until_it_has_taken_the_withdrawals_up(withdrawing):
    withdrawing.give(alert("app-views-without-labels", "app/triage-ui", since=20))
    revoke, *withdrawals = withdrawing.orders()
    withdrawing.shut_out(revoke)
    for order in withdrawals:
        withdrawing.obey("label.demo.0", order)
    withdrawing.give(
        *(withdrawing.says(slot, EventType.PROCESS_STOPPED) for slot in ("join.demo.0", "keeper.demo.0"))
    )
    assert not withdrawing.reached
    assert withdrawing.notice.endswith("waiting for keeper.demo.0")
    for order in withdrawals:
        withdrawing.obey("keeper.demo.0", order)
    assert len(withdrawing.reached) == 1


def test_an_opener_that_is_known_is_waited_for_at_a_freeze_unless_it_stops(room):
    room.start("opener.demo.0")
    room.give(alert("reports"))
    (order,) = room.orders()
    for slot in ("redact.demo.0", "redact.demo.1", "label.demo.0"):
        room.obey(slot, order)
    assert room.notice.endswith("waiting for opener.demo.0")
    room.give(room.says("opener.demo.0", EventType.PROCESS_STOPPED))
    assert len(room.reached) == 1


def test_an_opener_that_is_known_is_waited_for_at_a_withdrawal_even_if_it_stops(withdrawing):
    withdrawing.start("opener.demo.0")
    withdrawing.give(alert("app-views-without-labels", "app/triage-ui", since=20))
    revoke, *withdrawals = withdrawing.orders()
    withdrawing.shut_out(revoke)
    for slot in ("label.demo.0", "join.demo.0", "keeper.demo.0"):
        for order in withdrawals:
            withdrawing.obey(slot, order)
    withdrawing.give(withdrawing.says("opener.demo.0", EventType.PROCESS_STOPPED))
    assert withdrawing.notice.endswith("waiting for opener.demo.0")
    for order in withdrawals:
        withdrawing.obey("opener.demo.0", order)
    assert len(withdrawing.reached) == 1


SLOTS = ("redact.demo.0", "redact.demo.1", "label.demo.0", "warden.platform.0")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("alert"), st.sampled_from(["enumeration", "reports", "app-pace"]), st.integers(0, 4)),
        st.tuples(st.just("obey"), st.sampled_from(SLOTS), st.integers(0, 6)),
        st.tuples(st.sampled_from(["crash", "end"]), st.just(""), st.integers(0, 6)),
    ),
    max_size=25,
)


@given(STEPS)
def test_nothing_is_contained_before_all_have_obeyed_and_nothing_is_said_twice(steps):
    room = Room()
    room.start(*SLOTS)
    obeyed = set()
    for kind, name, number in steps:
        orders = room.orders()
        order = orders[number % len(orders)] if orders else None
        if kind == "alert":
            subject = "app/triage-ui" if name == "app-pace" else f"person/ann-{number}"
            room.give(alert(name, subject, since=number))
        elif kind == "crash":
            room.restart()
        elif order is not None and kind == "obey":
            obeyed.add((name, order.key, order.version))
            room.obey(name, order)
        elif order is not None:
            room.ended[order.key] = order.version
    cases = [event.resource for event in room.said(EventType.CONTAINMENT_BEGUN)]
    reached = [event.resource for event in room.reached]
    assert len(set(cases)) == len(cases)
    assert len(set(reached)) == len(reached)
    assert set(reached) <= set(cases)
    for event in room.reached:
        for key in (one.removeprefix("control/") for one in event.parents):
            must = SLOTS[:3] if key.startswith("freeze/") else SLOTS[2:]
            assert all(any(who == slot and key == what for who, what, _ in obeyed) for slot in must)
    assert len({one.key for one in room.orders() if one.key.startswith("revoke/")}) <= RULES.budget.revocations
    assert sum(one.key.startswith("freeze/") for one in room.orders()) <= RULES.budget.freezes
