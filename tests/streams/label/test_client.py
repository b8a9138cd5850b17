from __future__ import annotations

import itertools
import threading
from pathlib import Path

import httpx
import pytest

from schemas.errors import AccessDenied, Reason, Refused
from schemas.records import LabelSpan
from streams.engine.clock import SystemClock
from streams.label import client as client_module
from streams.label.answering import ChoiceRule, ErrorRates, Lexicon
from streams.label.calls import CALLS
from streams.label.client import Denied, LabelClient, QueueUnavailable, Unreasoned, Wanted
from streams.label.commands import ReleaseReason, ReportReason, SkipReason
from streams.label.robots import RobotSpec, run_robots
from streams.label.settings import QueueSettings
from tests.streams.notify.making import Received, receiving

SPAN = LabelSpan("text", 0, 10, "NAME")
LEXICON = Lexicon({"a": "COMPLAINT"}, {"PERSON": "NAME"})
RULES = (ChoiceRule("tone", "calm", {"[PERSON_1]": "angry"}),)


def client_of(api, person="ada", **options):
    return LabelClient(api.url, "demo", lambda: api.token(person), **options)


@pytest.fixture
def client(api):
    with client_of(api) as made:
        yield made


def test_every_call(api, client, make_task):
    assert client.lease() is None
    api.loop.give(*(make_task(number) for number in range(5)))
    lease = client.lease()
    assert lease.fields == {"text": "[PERSON_1] a"}
    assert "PERSON_1" not in repr(lease)
    assert client.heartbeat(lease).fencing_token == lease.fencing_token
    assert client.label(lease, [SPAN], {"tone": "calm"}, key="k").label_id == lease.lease_id
    assert client.label(lease, [SPAN], {"tone": "calm"}, key="k").label_id == lease.lease_id
    assert client.skip(client.lease(), SkipReason.UNCLEAR).outcome == "skip"
    assert client.release(client.lease(), ReleaseReason.BREAK).outcome == "release"
    assert client.report(client.lease(), ReportReason.SECRET, [SPAN]).outcome == "report"
    assert client.me().person == "ada"
    assert client.stats().available is None


def test_a_proxy_of_the_environment_is_not_asked(api, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with client_of(api, retries=0) as client:
        assert client.me().person == "ada"


@pytest.mark.parametrize("answer", [{"text": "<html>"}, {"json": {}}, {"json": []}, {"text": "[" * 100_000}])
def test_an_answer_that_is_none_of_the_api_is_no_answer(answer):
    transport = httpx.MockTransport(lambda _: httpx.Response(200, **answer))
    client = LabelClient("http://x", "demo", lambda: "t", transport=transport)
    with client, pytest.raises(QueueUnavailable, match="answers otherwise"):
        client.lease()


@pytest.mark.parametrize(("status", "body"), [(404, "<html>"), (413, ""), (400, "{}")])
def test_an_error_without_a_reason_is_told_from_a_refusal_of_the_api(status, body):
    transport = httpx.MockTransport(lambda _: httpx.Response(status, text=body))
    client = LabelClient("http://x", "demo", lambda: "t", transport=transport)
    with client, pytest.raises(Unreasoned, match=str(status)):
        client.heartbeat(_lease_view())


def test_a_reason_that_is_unheard_of_is_one():
    answer = httpx.Response(409, json={"error": {"reason": "made_up_tomorrow"}})
    client = LabelClient("http://x", "demo", lambda: "t", transport=httpx.MockTransport(lambda _: answer))
    with client, pytest.raises(Refused) as caught:
        client.lease()
    assert type(caught.value) is Refused


def test_an_answer_that_can_not_be_unpacked_is_no_answer():
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip"))

    client = LabelClient("http://x", "demo", lambda: "t", retries=0, transport=httpx.MockTransport(answer))
    with client, pytest.raises(QueueUnavailable):
        client.lease()


def test_refusals_carry_the_reason(api, client, make_task):
    api.loop.give(make_task(1))
    lease = client.lease()
    with pytest.raises(Refused) as caught:
        client.label(lease, [LabelSpan("text", 0, 99, "NAME")], {})
    assert caught.value.reason is Reason.SPAN_OUT_OF_RANGE
    with pytest.raises(AccessDenied), LabelClient(api.url, "demo", lambda: "bad") as stranger:
        stranger.me()


def test_unavailable_is_retried_with_the_same_words(make_task):
    seen, waits = [], []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers["idempotency-key"], request.content))
        if len(seen) == 1:
            raise httpx.ReadTimeout("late")
        if len(seen) < 4:
            return httpx.Response(
                503 if len(seen) == 2 else 429, json={"error": {"reason": "in_doubt", "message": ""}}
            )
        ended = {"lease_id": "x-1", "task_id": "x", "outcome": "label", "ended_at": 1, "label_id": "x-1"}
        return httpx.Response(200, json=ended)

    transport = httpx.MockTransport(answer)
    with LabelClient("http://x", "demo", lambda: "t", wait=waits.append, transport=transport) as client:
        lease = _lease_view()
        assert client.label(lease, [SPAN], {}).label_id == "x-1"
    assert len(seen) == 4
    assert len(set(seen)) == 1
    assert waits == [0.1, 0.2, 0.4]


def test_it_gives_up_after_its_retries():
    transport = httpx.MockTransport(lambda _: httpx.Response(503))
    with (
        LabelClient(
            "http://x", "demo", lambda: "t", retries=2, wait=lambda _: None, transport=transport
        ) as client,
        pytest.raises(QueueUnavailable),
    ):
        client.lease()


def test_heartbeats_in_the_background_tell_when_the_lease_is_lost(api, client, make_task):
    api.loop.give(make_task(1))
    lease = client.lease()
    with client.heartbeats(lease, every_s=0.01) as lost:
        api.clock.ms += QueueSettings().lease_ms
        assert lost.wait(60)


def test_a_heartbeat_is_not_repeated_at_once_so_that_leaving_waits_for_one_call_at_most():
    second, left = threading.Event(), threading.Event()
    calls = itertools.count(1)

    def answer(_: Received) -> int:
        if next(calls) == 2:
            second.set()
            left.wait()
        return 503

    with receiving(answer) as api, LabelClient(api.url.removesuffix("/veil"), "demo", lambda: "t") as client:
        with client.heartbeats(_lease_view(), every_s=0.01) as lost:
            assert second.wait(60)
            assert not lost.is_set()
            threading.Timer(0.1, left.set).start()
        assert [it.path for it in api.seen] == ["/v1/leases/x-1/heartbeat"] * 2


def _lease_view():
    from streams.label.forms import LabelsView, LeaseView  # noqa: PLC0415 - for this one test

    labels = LabelsView(spans=["NAME"], choices={})
    return LeaseView(
        lease_id="x-1", fencing_token=1, expires_at=1, task_id="x", fields={}, placeholders={}, labels=labels
    )


def test_robots_label_everything_once_each_and_a_perfect_one_is_right(api, make_task):
    api.loop.give(*(make_task(number, overlap=3) for number in range(20)))
    wrong = ErrorRates(miss=0.5, shift=0.5, wrong_label=0.5, wrong_choice=0.5, skip=0.2, release=0.2)
    specs = [
        RobotSpec("ada", LEXICON, RULES, ErrorRates(), 1),
        RobotSpec("bob", LEXICON, RULES, wrong, 2),
        RobotSpec("eve", LEXICON, RULES, wrong, 3),
    ]
    reports = run_robots(specs, lambda person: client_of(api, person), SystemClock(), threading.Event(), 0.3)
    assert reports[0].labeled == 20
    labels = api.loop.labels()
    perfect = [label for label in labels if label.person == "ada"]
    assert {label.spans for label in perfect} == {(SPAN, LabelSpan("text", 11, 12, "COMPLAINT"))}
    assert {label.choices["tone"] for label in perfect} == {"angry"}
    assert len({(label.task_id, label.person) for label in labels}) == len(labels)
    assert sum(report.labeled + report.skipped for report in reports) == len(labels)


def test_robots_stop_when_told(api):
    stop = threading.Event()
    stop.set()
    spec = RobotSpec("ada", LEXICON, RULES, ErrorRates(), 1)
    (report,) = run_robots([spec], lambda person: client_of(api, person), SystemClock(), stop, 60.0)
    assert report.labeled == 0


def test_the_client_has_every_call_of_the_api():
    assert {call.answer.__name__ for call in CALLS} <= set(dir(LabelClient))


def test_the_next_task_comes_with_the_answer_and_can_be_waited_for(api, client, make_task):
    api.loop.give(*(make_task(number) for number in (1, 2)))
    first = client.lease(Wanted(reserve=True))
    assert first.reserved
    second = client.label(first, [SPAN], {"tone": "calm"}, then=Wanted()).next
    assert second.task_id == f"{2:032x}"
    assert client.skip(second, SkipReason.UNCLEAR, then=Wanted()).next is None
    giving = threading.Timer(0.1, api.loop.give, [make_task(3)])
    giving.start()
    assert client.lease(Wanted(wait_s=20)).task_id == f"{3:032x}"
    giving.join()


def test_only_tasks_of_the_batch_that_was_asked_for(api, client, make_task):
    api.loop.give(make_task(1), make_task(2, batch="week-48"))
    assert client.lease(Wanted(batch="week-48")).batch == "week-48"
    assert {it.name for it in client.batches().batches} == {"", "week-48"}


def test_the_guide_and_practice(api, client):
    guide = client.guide()
    assert guide.labels.spans == ["NAME", "COMPLAINT"]
    task = guide.onboarding[0]
    spans = [LabelSpan(it.field, it.start, it.end, it.label) for it in task.spans]
    assert client.practise(task.id, spans, task.choices).right
    with pytest.raises(Refused):
        client.practise("0" * 32, [], {})


def test_a_denial_says_why_and_is_no_value_of_a_proxy():
    def answering(body: bytes) -> LabelClient:
        transport = httpx.MockTransport(lambda _: httpx.Response(403, content=body))
        return LabelClient("http://x", "demo", lambda: "t", transport=transport)

    for body, reason in (
        (b'{"error": {"reason": "not_trained"}}', "not_trained"),
        (b"<html>Jane", ""),
        (b"[]", ""),
    ):
        with answering(body) as denied, pytest.raises(Denied) as caught:
            denied.me()
        assert caught.value.reason == reason
        assert "Jane" not in str(caught.value)


def test_the_example_of_the_readme_runs(api, make_task):
    readme = (Path(client_module.__file__).parent / "README.md").read_text(encoding="utf-8")
    example = readme.partition("```python\n")[2].partition("```")[0].replace("wait_s=20", "wait_s=0")
    api.loop.give(*(make_task(number) for number in (1, 2, 3)))
    names = {
        "LabelClient": LabelClient,
        "LabelSpan": LabelSpan,
        "Wanted": Wanted,
        "url": api.url,
        "token": lambda: api.token("ada"),
        "look": lambda text: [(0, 10, "NAME")],
    }
    exec(example, names)  # noqa: S102 - our own README
    assert len(api.loop.labels()) == 3
