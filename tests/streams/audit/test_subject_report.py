"""What is held of one subject, from the index that names their tasks and from the audit."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.audit import AuditEvent, BatchCoverage, EventType, OffsetOutcome, RawOutcome
from schemas.records import SegmentEntry, SegmentIndex
from streams.audit.erasures import Erasure, Erasures, Signed, Taken
from streams.audit.subject_facts import SubjectFacts, TaskFacts, subject_facts
from streams.audit.subject_report import FORMAT, Asked, Held, SubjectReport, report
from tests.streams.audit.test_erasures import ANN, BEN, OF_ANN, said
from topology.flow import Cleanup, Scope
from topology.loading import load_topology
from topology.topics import compacted_ms, kept_ms, topics

TOPOLOGY = load_topology()
FLOW = TOPOLOGY.flow
SPECS = {
    kind.name: spec
    for kind in FLOW.topics.values()
    for spec in topics(TOPOLOGY)
    if kind.scope is Scope.PROJECT and spec.name == kind.topic("demo")
}
COMPACTED = compacted_ms(SPECS["joined"])
DAY_MS = 86_400_000
AT = 1_700_000_000_000
POLICY = "ab" * 32
FIRST, SECOND, ANOTHERS = (letter * 32 for letter in "abc")
NOTHING = Erasure(ANN, (), (), 0, 0, ())


def batch(*outcomes: OffsetOutcome, at: int = AT, role: str = "redact") -> AuditEvent:
    event = said(
        f"{role}.demo.0", EventType.BATCH_REDACTED, "batch/raw.demo/0/0/9", at, details={"policy": POLICY}
    )
    return replace(event, batch=BatchCoverage("raw.demo", 0, 0, 9, outcomes))


def task(task_id: str, offset: int, revision: int = 1) -> OffsetOutcome:
    return OffsetOutcome(offset, RawOutcome.TASK, task_id, "", revision)


def labeled(task_id: str, at: int) -> AuditEvent:
    return said("label.demo.0", EventType.LABEL_SUBMITTED, f"label/{at}", at, parents=(f"task/{task_id}",))


def history() -> list[AuditEvent]:
    """Two tasks of Ann's, one of somebody else's. Of the first three labels, a verdict, and more."""
    return [
        batch(task(FIRST, 1), task(ANOTHERS, 2), task(SECOND, 3)),
        *(said("label.demo.0", EventType.TASK_VIEWED, f"task/{FIRST}", AT + n) for n in (1, 2, 3)),
        *(labeled(FIRST, AT + n) for n in (11, 12, 13)),
        labeled(ANOTHERS, AT + 14),
        said("decide.demo.0", EventType.VERDICT_REACHED, f"verdict/{FIRST}", AT + 20),
        said("label.demo.0", EventType.TASK_CLOSED, f"task/{FIRST}", AT + 21),
        said("join.demo.0", EventType.LABEL_JOINED, "raw/raw.demo/0/1/1", AT + 30, parents=(f"verdict/{FIRST}",)),
        said("person.olga.1", EventType.LABELS_EXPORTED, "project/demo", AT + 40, person="olga"),
        said("label.demo.0", EventType.TASK_REPORTED, f"task/{SECOND}", AT + 50),
        said("notify.demo.0", EventType.WEBHOOK_DELIVERED, "webhook/x", AT + 60, parents=(f"task/{FIRST}",)),
        batch(OffsetOutcome(3, RawOutcome.QUARANTINED, "", "risk_too_high", 2), at=AT + 70),
        said("person.olga.2", EventType.SUBJECT_REPORTED, OF_ANN, AT + 80, person="olga"),
    ]


def index(*tasks: str, created: int = AT, expires: int = AT + 30 * DAY_MS) -> SegmentIndex:
    entries = tuple(SegmentEntry(it, (bytes.fromhex(ANN),)) for it in tasks)
    return SegmentIndex("redact.demo.0/1/1", "redact.demo.0", 1, 1, "cd" * 32, created, expires, entries)


def asked(
    facts: SubjectFacts, named: tuple[str, ...] = (), erasure: Erasure = NOTHING, unreadable: int = 0
) -> Asked:
    return Asked(
        project="demo",
        subject=ANN,
        named=[(index(*named), it) for it in named],
        unreadable=unreadable,
        facts=facts,
        erasure=erasure,
        flow=FLOW,
        specs=SPECS,
        policies={POLICY: "demo@3"},
        blind=["demo@1"],
    )


def found(now: int = AT + 100, events: list[AuditEvent] | None = None) -> SubjectReport:
    facts = subject_facts(events or history(), "demo", {FIRST, SECOND}, OF_ANN)
    return report(asked(facts, (FIRST, SECOND)), now)


def test_a_text_in_clear_is_held_until_it_was_taken_back_and_compacted_and_its_readers_are_not_known() -> None:
    segment, parents = "segment/redact.demo.0/1/1", (f"task/{FIRST}", f"task/{ANOTHERS}")
    events = [*history(), said("opener.demo.0", EventType.TEXTS_OPENED, segment, AT + 81, parents=parents)]
    places = by_place(found(events=events))
    assert [(it.count, it.since, it.until) for it in places["open.demo"]] == [(1, AT + 81, 0)]
    assert [(it.count, it.until) for it in places["readers of texts in clear"]] == [(1, 0)]
    events.append(said("opener.demo.0", EventType.TEXTS_RETRACTED, segment, AT + 90, parents=parents))
    gone = AT + 90 + compacted_ms(SPECS["open"])
    assert [it.until for it in by_place(found(events=events))["open.demo"]] == [gone]
    assert "open.demo" not in by_place(found(gone, events))


def test_what_could_not_be_opened_is_held_nowhere_in_clear() -> None:
    refused = said(
        "opener.demo.0", EventType.TEXTS_OPENED, "segment/redact.demo.0/1/1", AT + 81, parents=(f"task/{FIRST}",)
    )
    assert "open.demo" not in by_place(found(events=[*history(), replace(refused, outcome="refused")]))


def test_a_project_that_keeps_mappings_on_topics_is_told_of_these_too() -> None:
    facts = subject_facts(history(), "demo", {FIRST, SECOND}, OF_ANN)
    places = by_place(report(replace(asked(facts, (FIRST, SECOND)), is_apart=True), AT + 100))
    for kind in ("geometry", "values"):
        (held,) = places[f"{kind}.demo"]
        assert (held.count, held.until) == (2, AT + kept_ms(SPECS[kind]))
        assert f"{kind}.demo" not in by_place(found())


def by_place(it: SubjectReport) -> dict[str, list[Held]]:
    places: dict[str, list[Held]] = {}
    for held in it.held:
        places.setdefault(held.place, []).append(held)
    return places


def test_each_place_tells_how_much_since_when_until_when_and_under_which_policy() -> None:
    places = by_place(found())
    count = {place: [it.count for it in held] for place, held in places.items()}
    assert count == {
        "raw.demo": [2],
        "quarantine.demo": [1],
        "segments.demo": [2],
        "tasks.demo": [2],
        "label-state.demo": [1],
        "finds.demo": [1],
        "labels.demo": [3],
        "verdicts.demo": [1],
        "joined.demo": [1],
        "audit.demo": [13, 1],
        "Vault veil-demo": [2],
        "exports": [1],
        "webhooks": [1],
        "who labels": [3],
    }
    (labels,), (raw,), (vault,) = places["labels.demo"], places["raw.demo"], places["Vault veil-demo"]
    assert (labels.since, labels.until) == (AT + 11, AT + 13 + kept_ms(SPECS["labels"]))
    assert (raw.since, raw.until) == (AT, AT + kept_ms(SPECS["raw"]))
    assert (vault.since, vault.until) == (AT, AT + 30 * DAY_MS)
    assert {it.policies for it in found().held if it.what != places["audit.demo"][1].what} == {("demo@3",)}
    assert {it.until for it in (*places["joined.demo"], *places["exports"], *places["webhooks"])} == {0}


def test_places_stand_in_the_order_in_which_a_record_passes_them() -> None:
    order = [it.place.partition(".")[0] for it in found().held if it.place.endswith(".demo")]
    assert order == sorted(order, key=list(FLOW.topics).index)


def test_somebody_elses_and_what_is_not_its_writers_to_say_is_not_counted() -> None:
    forged = [
        said("label.demo.0", EventType.VERDICT_REACHED, f"verdict/{SECOND}", AT),
        said("join.demo.0", EventType.LABEL_SUBMITTED, "label/x", AT, parents=(f"task/{SECOND}",)),
        said("label.demo.0", EventType.TASK_WITHDRAWN, f"task/{SECOND}", AT, parents=()),
        batch(task(SECOND, 8), role="label"),
    ]
    facts = subject_facts([*forged, *history()], "demo", {SECOND}, OF_ANN).tasks[SECOND]
    assert (facts.verdict, facts.labels, facts.out) == (0, [], 0)
    assert facts.raw is not None
    assert facts.raw.offset == 3


def test_nobody_reads_like_one_of_whom_nothing_is_held_and_is_told_what_it_cannot_know() -> None:
    nobody = report(asked(subject_facts([], "demo", set(), OF_ANN)), AT)
    assert (nobody.held, nobody.tasks) == ((), {})
    assert nobody.unknown == found().unknown
    places = " ".join(it.place for it in nobody.unknown)
    for word in ("spellings", "no task", "ended segments", "without subject", "backups", "others took out"):
        assert word in places
    unread = report(asked(subject_facts([], "demo", set(), OF_ANN), unreadable=2), AT)
    assert [it.why for it in unread.unknown if it.place == "segments.demo"] == [
        "2 segments' indexes that can't be read"
    ]


def test_after_an_erasure_vault_holds_nothing_and_what_is_taken_back_has_an_end() -> None:
    gone = [
        *history(),
        *(said("keeper.demo.0", EventType.TASK_WITHDRAWN, f"task/{it}", AT + 90) for it in (FIRST, SECOND)),
    ]
    taken = tuple(Taken(it, AT + 85, "s", AT + 90) for it in (FIRST, SECOND))
    signed = (Signed("olga", AT + 82, "subject_request"), Signed("grace", AT + 83, "subject_request"))
    erasure = Erasure(ANN, signed, taken, AT + 91, 0, ())
    facts = subject_facts(gone, "demo", {FIRST, SECOND}, OF_ANN)
    over = report(asked(facts, (), erasure), AT + 100)
    places = by_place(over)
    assert "Vault veil-demo" not in places
    assert "segments.demo" not in places
    assert places["joined.demo"][0].until == AT + 90 + COMPACTED
    assert places["label-state.demo"][0].until == AT + 90 + COMPACTED
    assert (places["control"][0].count, places["control"][0].until) == (2, 0)
    told = over.as_json()
    assert told["format"] == FORMAT
    assert json.loads(json.dumps(told))["erasure"]["erased_at"] == AT + 91
    later = by_place(report(asked(facts, (), erasure), AT + 91 + COMPACTED))
    assert "joined.demo" not in later
    assert "control" in later


@given(st.randoms(use_true_random=False))
def test_the_order_of_events_changes_nothing(random: Random) -> None:
    events = history()
    random.shuffle(events)
    facts = subject_facts(events, "demo", {FIRST, SECOND}, OF_ANN)
    for one in facts.tasks.values():
        for times in (one.labels, one.seen, one.reported):
            times.sort()
    assert report(asked(facts, (FIRST, SECOND)), AT + 100) == found()


TIMES = st.integers(min_value=AT, max_value=AT + 400 * DAY_MS)


@given(
    st.lists(
        st.builds(
            TaskFacts,
            redacted=TIMES,
            verdict=st.just(0) | TIMES,
            joined=st.just(0) | TIMES,
            out=st.just(0) | TIMES,
            labels=st.lists(TIMES, max_size=3),
            reported=st.lists(TIMES, max_size=2),
            quarantined=st.lists(TIMES, max_size=2),
        ),
        max_size=5,
    ),
    TIMES,
)
def test_nothing_is_told_whose_time_is_over_and_nothing_is_missed_whose_time_is_not(
    tasks: list[TaskFacts], now: int
) -> None:
    held = by_place(report(asked(SubjectFacts({str(n): it for n, it in enumerate(tasks)})), now))
    came = {
        "raw": [it.redacted for it in tasks],
        "tasks": [it.redacted for it in tasks],
        "labels": [at for it in tasks for at in it.labels],
        "finds": [at for it in tasks for at in it.reported],
        "quarantine": [at for it in tasks for at in it.quarantined],
        "verdicts": [it.verdict for it in tasks if it.verdict],
    }
    for kind, times in came.items():
        assert FLOW.topics[kind].cleanup is Cleanup.DELETE
        alive = [at for at in times if at + kept_ms(SPECS[kind]) > now]
        (one,) = held.get(f"{kind}.demo") or (Held("", "", 0, 0, 0, ()),)
        assert one.count == len(alive)
        assert one.until == max((at + kept_ms(SPECS[kind]) for at in alive), default=0)
        assert one.since == min(alive, default=0)
    standing = [it for it in tasks if it.joined and not 0 < it.out <= now - COMPACTED]
    (joined,) = held.get("joined.demo") or (Held("", "", 0, 0, 0, ()),)
    assert joined.count == len(standing)


@pytest.mark.parametrize(("subject", "count"), [(ANN, 2), (BEN, 0)])
def test_the_audit_tells_the_tasks_of_who_is_erased_though_no_index_names_them_any_more(
    subject: str, count: int
) -> None:
    erasures = Erasures("demo")
    for one in (FIRST, SECOND):
        parents = (f"control/withdraw/demo/{one}/keeper.demo", OF_ANN)
        erasures.add(said("keeper.demo.0", EventType.WITHDRAWAL_ORDERED, f"task/{one}", AT, parents=parents))
    assert len(erasures.find(subject).tasks) == count
