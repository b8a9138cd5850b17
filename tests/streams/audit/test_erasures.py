"""How far an erasure is, from the audit, and the signed report that says so."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.audit import AuditEvent, Decision, EventType
from schemas.control import ControlKind, control_message
from schemas.erasure import ErasureReason, erasure_body, erasure_key
from schemas.records import ControlState
from streams.audit.erasure_report import (
    REPORT,
    SIGNATURE,
    Told,
    check_report,
    orders_in,
    report_file,
    report_message,
)
from streams.audit.erasures import Erasure, Erasures
from streams.audit.remains import remains
from tests.streams.audit.memory_audit import MemoryStore
from tests.topology.test_control import PINS, private_key
from topology.loading import load_topology
from topology.topics import CLEANER_MS

ANN, BEN = "a1" * 32, "be" * 32
OF_ANN = f"control/erase/demo/{ANN}"
SLOTS = ("redact.demo.0", "label.demo.0", "decide.demo.0", "join.demo.0", "join.demo.1")
TASK, OTHER = "0" * 31 + "a", "0" * 31 + "b"


def said(slot: str, kind: EventType, resource: str, time: int, **rest) -> AuditEvent:
    process = ".".join(slot.split(".")[:2])
    told = {"parents": (), "person": "", "reason": "", "details": {}} | rest
    return AuditEvent(
        slot=slot,
        epoch=1,
        sequence=1,
        previous=b"",
        process=process,
        time=time,
        type=kind,
        resource=resource,
        outcome="success",
        decision=Decision.NONE,
        purpose="",
        bundle="",
        batch=None,
        certificate=None,
        **told,
    )


def started(slot: str, time: int = 1) -> AuditEvent:
    return said(slot, EventType.PROCESS_STARTED, f"slot/{slot}", time)


def applied(slot: str, task: str | None = None) -> AuditEvent:
    concern = f"withdraw/demo/{task}" if task else f"erase/demo/{ANN}"
    key = f"{concern}/{'keeper.demo' if task else 'grace'}"
    return said(slot, EventType.CONTROL_APPLIED, f"control/{concern}", 6, details={"key": key, "version": "1"})


def ordered(task: str, time: int, slot: str = "keeper.demo.0") -> AuditEvent:
    parents = (f"control/withdraw/demo/{task}/keeper.demo", OF_ANN)
    return said(slot, EventType.WITHDRAWAL_ORDERED, f"task/{task}", time, parents=parents)


def out(task: str, time: int) -> AuditEvent:
    parents = ("segment/redact.demo.0/1/1",)
    return said("keeper.demo.0", EventType.TASK_WITHDRAWN, f"task/{task}", time, parents=parents)


def erased(time: int, slot: str = "keeper.demo.0") -> AuditEvent:
    return said(slot, EventType.SUBJECT_ERASED, OF_ANN, time, details={"tasks": "1", "unsettled": "2"})


def signed(person: str) -> AuditEvent:
    resource = f"{OF_ANN}/{person}"
    return said(f"person.{person}.x", EventType.ERASURE_ORDERED, resource, 2, person=person, reason="unlawful")


WHOLE = [
    *map(started, SLOTS),
    signed("olga"),
    signed("grace"),
    ordered(TASK, 5),
    out(TASK, 7),
    erased(8),
    *(applied(slot) for slot in SLOTS),
    *(applied(slot, TASK) for slot in SLOTS[1:]),
]


def found(events: list[AuditEvent], subject: str = ANN) -> Erasure:
    erasures = Erasures("demo")
    for event in events:
        erasures.add(event)
    return erasures.find(subject)


def test_it_is_over_when_keeper_has_said_so_and_everybody_has_let_go():
    one = found(WHOLE)
    assert one.is_over
    assert (one.erased, one.unsettled, one.waiting) == (8, 2, ())
    assert [(task.task_id, task.segment_id, task.out) for task in one.tasks] == [(TASK, "redact.demo.0/1/1", 7)]
    assert [(it.person, it.reason) for it in one.signed] == [("grace", "unlawful"), ("olga", "unlawful")]


@pytest.mark.parametrize(
    ("without", "waiting"),
    [
        (applied("redact.demo.0"), ("redact.demo.0",)),
        (applied("label.demo.0", TASK), ("label.demo.0",)),
        (applied("join.demo.1", TASK), ("join.demo.1",)),
        (applied("decide.demo.0", TASK), ("decide.demo.0",)),
        (started("label.demo.0"), ("label.demo",)),
    ],
)
def test_who_has_not_said_so_is_waited_for(without, waiting):
    assert found([event for event in WHOLE if event != without]).waiting == waiting


def laid_out(kind: EventType, time: int) -> AuditEvent:
    return said("opener.demo.0", kind, "segment/redact.demo.0/1/1", time, parents=(f"task/{TASK}",))


def test_opener_is_waited_for_where_it_laid_the_text_out_and_not_taken_it_back_even_if_it_has_stopped():
    opened = [laid_out(EventType.TEXTS_OPENING, 2), laid_out(EventType.TEXTS_OPENED, 3)]
    stopped = said("opener.demo.0", EventType.PROCESS_STOPPED, "slot/opener.demo.0", 4)
    assert found([*opened, stopped, *WHOLE]).waiting == ("opener.demo",)
    assert found([*opened, *WHOLE, laid_out(EventType.TEXTS_RETRACTED, 9)]).is_over
    assert found([stopped, *WHOLE]).is_over, "a text that never lay there needs no taking back"


def test_an_opener_that_works_is_waited_for_since_it_may_be_opening_the_text_just_now():
    works = [started("opener.demo.0"), *WHOLE]
    assert found(works).waiting == ("opener.demo.0",)
    assert found([*works, applied("opener.demo.0", TASK)]).is_over


def test_who_has_stopped_is_not_and_who_starts_again_is():
    events = [event for event in WHOLE if event != applied("join.demo.1", TASK)]
    stopped = said("join.demo.1", EventType.PROCESS_STOPPED, "slot/join.demo.1", 9)
    assert found([*events, stopped]).is_over
    assert found([*events, stopped, started("join.demo.1", 10)]).waiting == ("join.demo.1",)


def test_a_task_that_came_up_later_is_waited_for_until_it_is_said_again():
    later = [*WHOLE, ordered(OTHER, 9)]
    assert (found(later).erased, found(later).is_over) == (0, False)
    rest = [out(OTHER, 10), erased(11), *(applied(slot, OTHER) for slot in SLOTS[1:])]
    assert found([*later, *rest]).is_over


def test_what_is_not_its_writers_to_say_counts_for_nothing():
    forged = [
        erased(8, "label.demo.0"),
        ordered(OTHER, 9, "contain.demo.0"),
        replace(signed("olga"), person="eve"),
    ]
    honest = [event for event in WHOLE if event.type is not EventType.SUBJECT_ERASED]
    assert found([*honest, *forged]).erased == 0
    assert [task.task_id for task in found([*honest, *forged]).tasks] == [TASK]
    assert {it.person for it in found([*honest, *forged]).signed} == {"olga", "grace"}


def test_who_puts_the_orders_of_others_back_has_signed_nothing():
    back = said("person.eve.x", EventType.ERASURE_ORDERED, OF_ANN, 20, person="eve", reason="reapplied")
    assert found([*WHOLE, back]) == found(WHOLE)


def test_nothing_is_known_of_another_subject_and_another_project():
    assert not found(WHOLE, BEN).is_over
    elsewhere = Erasures("alpha")
    for event in WHOLE:
        elsewhere.add(event)
    assert elsewhere.find(ANN).tasks == ()


@given(st.permutations(range(len(WHOLE))))
def test_only_the_order_within_a_slot_matters(order):
    """Partitions of the audit are read in any order; a slot's events stand in one."""
    rank = {
        event.slot: min(i for i, j in zip(order, WHOLE, strict=True) if j.slot == event.slot) for event in WHOLE
    }
    assert found(sorted(WHOLE, key=lambda event: rank[event.slot])) == found(WHOLE)


def order(signer: str, subject: str = ANN) -> ControlState:
    key, body = erasure_key("demo", subject, signer), erasure_body(ErasureReason.UNLAWFUL)
    signature = private_key(signer).sign(control_message(key, 3, ControlKind.ERASE, body))
    return ControlState(key, 3, ControlKind.ERASE, body, signer, signature, 3)


def report(*orders: ControlState, signer: str = "olga") -> MemoryStore:
    left = remains(load_topology(), "demo", 8)
    data = report_file(Told("demo", "olga", 12, found(WHOLE), orders, left, ("text@1",)))
    store = MemoryStore()
    store.put(REPORT, data)
    store.put(SIGNATURE, private_key(signer).sign(report_message(data)).hex().encode() + b"\n")
    return store


def test_a_report_holds_and_gives_its_orders_back_as_they_are():
    states = (order("olga"), order("grace"))
    store = report(*states)
    checked = check_report(store, PINS.keys)
    assert (checked.findings, checked.subject, checked.person, checked.over) == ((), ANN, "olga", True)
    assert orders_in(store, PINS.keys) == states
    content = json.loads(store.get(REPORT))
    assert (content["segments"], content["policies_without_subject"]) == (["redact.demo.0/1/1"], ["text@1"])


@pytest.mark.parametrize(
    "spoilt",
    [
        report(),
        report(order("olga"), signer="grace"),
        report(order("olga", BEN)),
        report(replace(order("olga"), signature=order("grace").signature)),
        report(replace(order("olga"), signer="grace")),
        MemoryStore(),
    ],
)
def test_a_report_without_orders_or_with_others_or_another_signature_does_not_hold(spoilt):
    assert not check_report(spoilt, PINS.keys).holds
    with pytest.raises(ValueError, match=r"erasure\.(json|sig)"):
        orders_in(spoilt, PINS.keys)


@pytest.mark.parametrize("version", [float("inf"), float("nan"), "9" * 5_000, None])
def test_a_version_that_is_no_number_is_a_finding_and_no_exception(version):
    store = report(order("olga"))
    content = json.loads(store.get(REPORT))
    content["orders"][0]["version"] = version
    store.put(REPORT, json.dumps(content).encode())
    found = [str(it) for it in check_report(store, PINS.keys).findings]
    assert "erasure.json: order 0 is none about this subject [evidence]" in found


@given(st.data())
def test_whatever_is_changed_in_a_report_is_noticed(data):
    store = report(order("olga"), order("grace"))
    name = data.draw(st.sampled_from([REPORT, SIGNATURE]))
    content = bytearray(store.get(name))
    content[data.draw(st.integers(0, len(content) - 2))] ^= data.draw(st.integers(1, 255))
    store.put(name, bytes(content))
    assert not check_report(store, PINS.keys).holds or bytes(content).lower() == report(
        order("olga"), order("grace")
    ).get(name)


def test_every_topic_that_could_hold_something_is_told_with_a_time():
    topology = load_topology()
    told = {one.place: one for one in remains(topology, "demo", 1_000)}
    for kind in ("raw", "quarantine", "tasks", "labels", "verdicts", "joined", "label-state", "segments", "audit"):
        assert told[f"{kind}.demo"].until > 1_000
    assert told["raw.demo"].until == 1_000 + 86_400_000 * 5 // 4 + CLEANER_MS
    assert told["control"].until == told["backups and snapshots"].until == 0
