from __future__ import annotations

import dataclasses

import httpx
import pytest

from schemas.audit import EventType
from schemas.errors import Refused
from schemas.records import FieldShape, LabelOutcome, LabelSpan, PlaceholderSpan
from streams.label.client import Denied, LabelClient
from streams.label.forms import LabelsView, LeaseView, PlaceholderView
from streams.label.second_reader import Answer, Report, Skip, main, read, work
from topology.switches import Excluded

CHIPS = {"PERSON": "NAME"}
CHIP = "[PERSON_1]"


def lease(text: str) -> LeaseView:
    at = text.find(CHIP)
    chips = [PlaceholderView(start=at, end=at + len(CHIP), category="PERSON")] if at >= 0 else []
    return LeaseView(
        lease_id="x-1",
        fencing_token=1,
        expires_at=1,
        task_id="x",
        fields={"text": text},
        placeholders={"text": chips},
        labels=LabelsView(spans=["NAME"], choices={}),
    )


@pytest.mark.parametrize(
    ("text", "exposed"),
    [
        ("write to jane@example.org please", "jane@example.org"),
        (f"{CHIP} has +49 30 901820 now", "+49 30 901820"),
        ("😀 call 030-901820-11", "030-901820-11"),
    ],
)
def test_what_looks_exposed_is_reported_at_its_place(text: str, exposed: str) -> None:
    decided = read(lease(text), CHIPS)
    assert decided == Report((LabelSpan("text", text.index(exposed), text.index(exposed) + len(exposed), ""),))


def test_chips_are_labeled_and_their_digits_are_not_taken_for_numbers() -> None:
    assert read(lease(f"{CHIP} is late by 20 minutes"), CHIPS) == Answer((LabelSpan("text", 0, 10, "NAME"),))
    assert read(lease(f"{CHIP} is late"), {}) == Answer(())


def test_a_text_without_a_word_is_skipped() -> None:
    assert read(lease(f"{CHIP} !! 12"), CHIPS) == Skip()


@pytest.fixture
def reading(api, make_task):
    """The API, with tasks whose texts a test gives."""
    texts: dict[str, str] = {}
    api.content = lambda task: {"text": texts[task.task_id]}

    def give(*given: str) -> None:
        for number, text in enumerate(given, start=1):
            at = text.find(CHIP)
            chips = (PlaceholderSpan(at, at + len(CHIP), "PERSON"),) if at >= 0 else ()
            task = dataclasses.replace(make_task(number), fields=(FieldShape("text", len(text), chips),))
            texts[task.task_id] = text
            api.loop.give(task)

    return api, give


def test_it_signs_in_takes_tasks_as_a_person_of_its_own_and_ends_each(reading, tmp_path, capsys) -> None:
    api, give = reading
    give(f"{CHIP} is late", "write to jane@example.org", "!!!")
    token = tmp_path / "token"
    token.write_text(api.token("reader") + "\n")
    assert main(["--url", api.url, "--token", str(token), "--chip", "PERSON=NAME", "--idle", "0.5"]) == 0
    assert capsys.readouterr().out == "label=1 report=1 skip=1\n"
    found = {it.outcome: it for it in api.loop.labels()}
    assert {it.person for it in found.values()} == {"reader"}
    assert found[LabelOutcome.LABEL].spans == (LabelSpan("text", 0, 10, "NAME"),)
    assert found[LabelOutcome.REPORT].reason == "personal_data"
    kinds = api.loop.types()
    assert kinds.count(EventType.TASK_VIEWED) == 3
    assert EventType.TASK_REPORTED in kinds


def test_a_lease_that_is_lost_meanwhile_is_no_error(reading) -> None:
    api, give = reading
    give("a text")
    opened = api.content

    def withdrawn(task):
        api.loop.withdrawn.add(task.task_id)
        api.loop.control(f"withdraw/demo/{task.task_id}/label.demo")
        return opened(task)

    api.content = withdrawn
    with LabelClient(api.url, "demo", lambda: api.token("reader")) as client:
        assert work(client, CHIPS) == "lost"


def test_a_task_taken_from_it_meanwhile_is_no_error(reading, monkeypatch) -> None:
    api, give = reading
    give("a text")

    def excluded(given, chips):
        api.loop.excluded["reader"] = Excluded(tasks=frozenset({given.task_id}))
        api.loop.control("exclude/demo/reader/cleo")
        return read(given, chips)

    monkeypatch.setattr("streams.label.second_reader.read", excluded)
    with LabelClient(api.url, "demo", lambda: api.token("reader")) as client:
        assert work(client, CHIPS) == "lost"


def test_a_task_that_will_never_open_is_no_error_and_the_next_one_is_read(reading) -> None:
    api, give = reading
    give("a text", "another")
    opened = api.content
    api.content = lambda task: {"text": "no such length"} if task.task_id == f"{1:032x}" else opened(task)
    with LabelClient(api.url, "demo", lambda: api.token("reader")) as client:
        assert [work(client, CHIPS) for _ in range(3)] == ["lost", "label", None]


def answering(status: int, reason: str) -> LabelClient:
    content = {"error": {"reason": reason, "message": ""}}
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=content))
    return LabelClient("http://x", "demo", lambda: "t", transport=transport)


def test_while_its_person_is_paused_there_is_nothing_to_do() -> None:
    with answering(403, "person_paused") as client:
        assert work(client, CHIPS) is None
    with answering(403, "not_trained") as client, pytest.raises(Denied):
        work(client, CHIPS)


def test_an_answer_of_its_own_that_is_wrong_ends_it(reading) -> None:
    api, give = reading
    give(f"{CHIP} is late")
    with LabelClient(api.url, "demo", lambda: api.token("reader")) as client, pytest.raises(Refused):
        work(client, {"PERSON": "UNHEARD"})
    with answering(404, "no word of ours") as client, pytest.raises(Refused):
        work(client, CHIPS)
