"""What an operator finds in a real Jaeger: an installation of its own tells it, while Jaeger and Vault die."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from deploy.demo.canaries import Canary
from deploy.demo.search import CanarySearch
from deploy.up import Installation
from streams.engine.traces.ids import trace_of
from tests.support.jaeger.seen import Seen
from tests.support.jaeger.server import Jaeger
from tests.support.jaeger.watched import ANNOTATORS, PROJECT, Material, Watched, watching
from tests.support.waiting import wait_for
from topology.policies import parse_policy

pytestmark = pytest.mark.own_stack

POLICY = parse_policy(
    """
name: shown
version: 1
owner: the tests
review_by: 2036-12-31
fields: {customer.name: {category: PERSON, action: placeholder}, text: detect}
labels: {choices: {mood: [gloomy, sunny]}}
overlap: 2
""",
    "shown",
)
REDACT, JOIN = f"redact.{PROJECT}.0", f"join.{PROJECT}.0"
ORDER = ("raw", "redact", "label", "decide", "join")
SERVICES = {"veil-redact", "veil-label", "veil-decide", "veil-join"}
NAME, MAIL, SUBJECT = "Philippa Zwetschgen", "p.zwetschgen@example.com", "customer-zw-4711"
RECORD = {"customer": {"name": NAME}, "text": f"{NAME} wrote from {MAIL} that the samovar burst"}
ANSWER = {"mood": "gloomy"}
NEVER = (NAME, MAIL, SUBJECT, "zwetschgen", "samovar", "burst", "customer", "gloomy", "mood", "grace", "olga")
YEARS = timedelta(days=365)
LEFT_AS_IT_IS = "clock skew adjustment disabled;"
NO_PAGE = "ui assets not embedded"
"""Its page isn't in the module that it is built of."""


@pytest.fixture(scope="module")
def watched(tmp_path_factory) -> Iterator[Watched]:
    with watching(tmp_path_factory.mktemp("shown"), Material(POLICY, RECORD, SUBJECT, ANSWER)) as made:
        yield made


@dataclass(frozen=True)
class Found:
    """What Jaeger showed while nothing was broken; it forgets when it dies."""

    tasks: list[bytes]
    way: list[Seen]
    batches: dict[str, list[Seen]]
    everything: dict[str, list[list[Seen]]]
    by_operation: list[list[Seen]]
    services: set[str]
    operations: dict[str, set[tuple[str, str]]]
    dependencies: dict[tuple[str, str], int]
    unknown: list[Seen]
    remarks: list[str]
    complaints: list[str]


@pytest.fixture(scope="module")
def found(watched) -> Found:
    tasks = sorted(watched.publish(2))
    watched.answer(2)
    way, _ = [wait_for(lambda task=task: whole(watched.jaeger, task), "the whole trace") for task in tasks]
    linked = {trace for span in way for trace, _ in span.links}
    batches = {it: wait_for(lambda it=it: watched.jaeger.trace(it), "the trace of a batch") for it in linked}
    asked = watched.jaeger.ask
    return Found(
        tasks=tasks,
        way=way,
        batches=batches,
        everything={service: watched.jaeger.search(service) for service in SERVICES},
        by_operation=watched.jaeger.search("veil-redact", "redact"),
        services=set(asked("/api/services")["data"]),
        operations={service: operations(watched.jaeger, service) for service in SERVICES},
        dependencies=dependencies(watched.jaeger),
        unknown=watched.jaeger.trace("00" * 15 + "01"),
        remarks=[it for trace in (*batches, *map(hexed, tasks)) for it in watched.jaeger.remarks(trace)],
        complaints=watched.jaeger.complaints(),
    )


def hexed(task: bytes) -> str:
    """The trace of a task, as one pastes it into Jaeger's search."""
    return trace_of(task).hex()


def whole(asked: Jaeger, task: bytes) -> list[Seen] | None:
    """The task's trace once all is there. Each process sends its own spans when it comes to it, in order: label's
    last is the fourth, which closes the task.
    """
    spans = asked.trace(hexed(task))
    names = Counter(it.name for it in spans)
    known = {it.parent for it in spans} - {None} <= {it.id for it in spans}
    return spans if known and names.keys() == {*ORDER} and names["label"] == len(ANNOTATORS) + 2 else None


def root_of(trace: Sequence[Seen]) -> Seen:
    """The span that came of no other; there is one."""
    (found,) = [it for it in trace if it.parent is None]
    return found


def operations(asked: Jaeger, service: str) -> set[tuple[str, str]]:
    return {(it["name"], it["spanKind"]) for it in asked.ask("/api/operations", service=service)["data"]}


def dependencies(asked: Jaeger) -> dict[tuple[str, str], int]:
    hour = {"endTs": round((datetime.now(UTC) + timedelta(minutes=1)).timestamp() * 1_000), "lookback": 3_600_000}
    found = asked.ask("/api/dependencies", **hour)["data"]
    return {(it["parent"], it["child"]): it["callCount"] for it in found}


def test_services_are_there_by_our_names_and_no_others(found):
    assert found.services == SERVICES


def test_a_task_s_trace_is_whole_and_starts_on_raw(found):
    """It was taken, answered twice and closed; decide may have taken both labels at once."""
    names = Counter(it.name for it in found.way)
    assert names.pop("decide") in (1, 2)
    assert names == {"raw": 1, "redact": 1, "label": 4, "join": 1}
    assert [it.name for it in found.way[:3]] == ["raw", "redact", "label"]
    assert root_of(found.way).name == "raw"


def test_join_came_of_decide_and_that_of_a_label_that_of_redact_and_that_of_raw(found):
    by_id = {it.id: it for it in found.way}
    (span,) = [it for it in found.way if it.name == "join"]
    names = [span.name]
    while span.parent is not None:
        span = by_id[span.parent]
        names.append(span.name)
    assert names == [*reversed(ORDER)]


def test_each_service_tells_its_own_part(found):
    assert {(it.service, it.name) for it in found.way} == {
        ("veil-redact", "raw"), ("veil-redact", "redact"), ("veil-label", "label"),
        ("veil-decide", "decide"), ("veil-join", "join"),
    }  # fmt: skip
    assert {pair for pair in found.dependencies if pair[0] != pair[1]} == {
        ("veil-redact", "veil-label"), ("veil-label", "veil-decide"), ("veil-decide", "veil-label"),
        ("veil-decide", "veil-join"),
    }  # fmt: skip


def test_nothing_begins_before_what_it_came_of(found):
    by_id = {it.id: it for it in found.way}
    for span in found.way:
        assert span.began <= span.ended
        if span.parent is not None:
            assert by_id[span.parent].began <= span.began
            assert by_id[span.parent].ended <= span.ended


def test_jaeger_has_nothing_to_remark_on_any_span(found):
    """It would on each whose clock it takes for wrong, or whose parent it hasn't. Of its two APIs its page still
    asks the older one, which takes no two clocks for the same, and remarks that it leaves them as they are.
    """
    assert found.remarks == []
    told = [span for traces in found.everything.values() for trace in traces for span in trace]
    assert [it for span in told for it in span.warnings if not it.startswith(LEFT_AS_IT_IS)] == []
    assert [it for it in found.complaints if NO_PAGE not in it] == []


def test_a_span_says_how_it_ended_and_who_told_it(found):
    for span in found.way:
        assert span.tags["veil.outcome"] == "committed"
        assert span.tags["otel.status_code"] == "OK"
        assert span.tags["otel.scope.name"] == "veilstream"
        assert "error" not in span.tags
        assert span.process["veil.project"] == PROJECT
        assert span.process["service.instance.id"] == f"{span.service.removeprefix('veil-')}.{PROJECT}.0"


def test_what_takes_records_consumes_and_an_answer_is_produced(found):
    kinds = {(span.name, bool(span.events), span.tags["span.kind"]) for span in found.way}
    assert kinds == {
        ("raw", True, "internal"), ("redact", True, "consumer"), ("label", True, "consumer"),
        ("label", False, "producer"), ("decide", True, "consumer"), ("join", True, "consumer"),
    }  # fmt: skip
    of_label = {("label", "consumer"), ("label", "producer"), ("label batch", "internal")}
    assert of_label <= found.operations["veil-label"]


def test_each_record_leads_to_its_batch_whose_trace_exists_and_leads_back(found):
    for span in found.way[1:]:
        (batch,) = [trace for trace, _ in span.links if trace != hexed(found.tasks[0])]
        named = root_of(found.batches[batch])
        assert named.name == f"{span.name} batch"
        assert (batch, named.id) in span.links
        assert (hexed(found.tasks[0]), span.id) in named.links
        assert f"{span.name} process" in {it.name for it in found.batches[batch] if it.parent == named.id}


def test_a_search_for_redact_finds_each_task_once_and_nothing_else(found):
    assert len(found.by_operation) == len(found.tasks)
    assert {trace[0].name for trace in found.by_operation} == {"raw"}


def test_redact_s_batch_shows_its_steps_what_it_took_and_how_often_it_asked_vault(found):
    (trace,) = {trace for trace, _ in found.way[1].links}
    batch = root_of(found.batches[trace])
    steps = [it for it in found.batches[trace] if it is not batch]
    assert {it.name for it in steps} == {"redact process", "redact documents to Vault", "redact transaction"}
    assert {it.parent for it in steps} == {batch.id}
    assert {it["veil.topic"] for it in batch.events} == {"raw"}
    assert not [key for event in batch.events for key in event if "offset" in key]
    (process,) = [it for it in steps if it.name == "redact process"]
    assert {"veil.vault_calls", "veil.vault_ms"} <= process.tags.keys()


def test_a_trace_that_nobody_told_is_unknown(found):
    assert found.unknown == []


@contextmanager
def held(installation: Installation, *processes: str) -> Iterator[None]:
    """These stand still meanwhile: what comes for them waits."""
    held = [psutil.Process(installation.status(it).pid) for it in processes]
    for one in held:
        one.suspend()
    try:
        yield
    finally:
        for one in held:
            one.resume()


AWAY = {"veil.outcome": "vault unavailable"}


@dataclass(frozen=True)
class Broken:
    """What it showed of batches that met no Vault. `task`: one that lay before join then; `way`: its trace."""

    task: bytes
    by_outcome: dict[str, list[list[Seen]]]
    committed: list[list[Seen]]
    way: list[Seen]


@pytest.fixture(scope="module")
def broken(watched, found) -> Broken:
    installation = watched.installation
    (task,) = watched.publish()
    verdicts = watched.count("verdicts")
    with held(installation, REDACT, JOIN):
        watched.answer()
        wait_for(lambda: watched.count("verdicts") > verdicts, "the verdict")
        watched.publish_only()
        installation.stack.kill("vault")
    for service in ("veil-redact", "veil-join"):
        wait_for(lambda it=service: watched.jaeger.search(it, **AWAY), f"what failed in {service}")
    installation.stack.restart("vault")
    installation.wait_healthy()
    way = wait_for(lambda: whole(watched.jaeger, task), "the whole trace")
    watched.answer()
    return Broken(
        task=task,
        by_outcome={it: watched.jaeger.search(it, **AWAY) for it in ("veil-redact", "veil-join")},
        committed=watched.jaeger.search("veil-join", "join batch", **{"veil.outcome": "committed"}),
        way=way,
    )


@pytest.mark.parametrize("stage", ["redact", "join"])
def test_what_failed_is_found_by_its_outcome_and_shown_as_an_error(broken, stage):
    batches = [root_of(trace) for trace in broken.by_outcome[f"veil-{stage}"]]
    assert {it.name for it in batches} == {f"{stage} batch"}
    assert {(it.tags["otel.status_code"], it.tags["error"]) for it in batches} == {("ERROR", True)}
    assert {it.id for it in batches}.isdisjoint(root_of(trace).id for trace in broken.committed)


def test_a_batch_that_failed_leads_to_its_records_traces_in_which_the_repetition_stands(broken):
    (link, *_) = [link for trace in broken.by_outcome["veil-join"] for link in root_of(trace).links]
    assert link[0] == hexed(broken.task)
    assert link[1] in {it.id for it in broken.way}
    assert [it.tags["veil.outcome"] for it in broken.way if it.name == "join"] == ["committed"]


@dataclass(frozen=True)
class Gone:
    """What came of Jaeger's death. `lost`: the trace of a task that was made meanwhile; `later`: of the next."""

    unsent: float
    restarts: dict[str, int]
    lost: list[Seen]
    later: list[Seen]


@pytest.fixture(scope="module")
def gone(watched, broken) -> Gone:
    restarts, unsent = restarted(watched), watched.spans(REDACT, "unsent")
    watched.jaeger.kill()
    (lost,) = watched.publish()
    wait_for(lambda: watched.spans(REDACT, "unsent") > unsent, "spans that nobody took")
    watched.jaeger.start()
    (later,) = watched.publish()
    watched.answer(2)
    after = wait_for(lambda: whole(watched.jaeger, later), "the whole trace")
    wait_for(lambda: "join" in {it.name for it in watched.jaeger.trace(hexed(lost))}, "the rest of the trace")
    return Gone(
        unsent=watched.spans(REDACT, "unsent") - unsent,
        restarts={name: number - restarts[name] for name, number in restarted(watched).items()},
        lost=watched.jaeger.trace(hexed(lost)),
        later=after,
    )


def restarted(watched: Watched) -> dict[str, int]:
    return {it.name: it.restarts for it in watched.installation.statuses()}


def test_a_killed_jaeger_costs_the_spans_of_that_time_and_no_process(gone):
    assert gone.unsent > 0
    assert set(gone.restarts.values()) == {0}
    assert "redact" not in {it.name for it in gone.lost}
    assert "join" in {it.name for it in gone.lost}


def test_once_it_is_back_later_traces_are_whole(gone):
    assert root_of(gone.later).name == "raw"
    assert {it.name for it in gone.later} == {*ORDER}


def test_no_value_subject_person_or_key_is_in_what_jaeger_answers_or_prints(watched, found, broken, gone):
    ask_everything(watched.jaeger)
    told = watched.jaeger.told
    search = CanarySearch([Canary("planted", text, tuple(text.split())) for text in (*NEVER, *ANNOTATORS)])
    assert search.in_bytes(NAME.upper().encode(), "here")
    assert b"Trace ID" in told  # what it takes it prints, whole
    assert search.in_bytes(told, "jaeger") == set()
    for message in (*watched.pipeline.messages("raw"), *watched.pipeline.messages("tasks")):
        for form in forms(message.key):
            assert form not in told


def forms(key: bytes) -> Sequence[bytes]:
    return key, key.hex().encode(), base64.b64encode(key)


def ask_everything(asked: Jaeger) -> None:
    """Whatever its query API has of us, in both versions."""
    now = datetime.now(UTC)
    times = {"query.start_time_min": (now - YEARS).isoformat(), "query.start_time_max": (now + YEARS).isoformat()}
    services = asked.ask("/api/services")["data"]
    assert {*asked.ask("/api/v3/services")["services"]} == {*services} == SERVICES
    dependencies(asked)
    for service in services:
        operations(asked, service)
        asked.ask(f"/api/services/{service}/operations")
        asked.ask("/api/v3/operations", service=service)
        asked.ask("/api/v3/traces", **{"query.service_name": service, "query.num_traces": 1_000, **times})
        for trace in asked.ask("/api/traces", service=service, limit=1_000)["data"]:
            asked.ask(f"/api/traces/{trace['traceID']}", raw="true")
            asked.ask(f"/api/v3/traces/{trace['traceID']}")


def test_it_leaves_nothing_but_what_it_has_said(watched, gone):
    assert psutil.Process(watched.jaeger.process.pid).children() == []
    assert {it.name for it in watched.jaeger.folder.iterdir()} == {"config.json", "said.log"}
