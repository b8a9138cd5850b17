"""Calls that wait for a task, over a real socket: woken by what comes, ended by what ends them, and nobody
else's.
"""

from __future__ import annotations

import socket
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from schemas.audit import EventType
from streams.label.commands import EndSession
from streams.label.forms import suppressed
from streams.label.settings import ApiSettings
from tests.support.waiting import wait_for
from topology.jobs import Job

LEASES = "/v1/projects/demo/leases"
WAIT = f"{LEASES}?wait=30"


@pytest.fixture
def pool():
    with ThreadPoolExecutor(40) as threads:
        yield threads


def waiting(api, count):
    wait_for(lambda: len(api.loop.requests.waiters) == count, f"{count} calls wait")


def status(future):
    return future.result(60).status_code


def test_without_a_wait_the_answer_is_at_once_that_there_is_none(api):
    assert api.call(LEASES).status_code == 204


def test_who_waits_gets_a_task_that_comes_without_asking_again(api, pool, make_task):
    call = pool.submit(api.call, WAIT)
    waiting(api, 1)
    api.loop.give(make_task(1))
    assert call.result(60).json()["task_id"] == f"{1:032x}"


def test_one_new_task_goes_to_one_of_32_and_the_others_wait_on_unasked(api, pool, make_task):
    people = [f"ann-{number}" for number in range(32)]
    calls = [pool.submit(api.call, WAIT, person=person) for person in people]
    waiting(api, 32)
    asked: list[object] = []
    take = api.loop.requests.take

    def counting(limit):
        taken = take(limit)
        asked.extend(one.command for one in taken)
        return taken

    api.loop.requests.take = counting
    for number in range(1, 4):
        api.loop.give(make_task(number))
        done, left = wait(calls, 10, FIRST_COMPLETED)
        assert [status(one) for one in done] == [200]
        waiting(api, 32 - number)
        calls = list(left)
        assert len(asked) == number, "only who was woken has asked"
    viewed = [one for one in api.loop.events if one.type is EventType.TASK_VIEWED]
    assert len({one.resource for one in viewed}) == len({one.person for one in viewed}) == 3

    api.loop.give(*(make_task(number) for number in range(4, 33)))
    assert {status(one) for one in calls} == {200}
    viewed = [one.resource for one in api.loop.events if one.type is EventType.TASK_VIEWED]
    assert len(viewed) == len(set(viewed)) == 32


def test_a_task_goes_to_who_can_although_others_came_before(api, pool, make_task):
    api.loop.skills["bob"] = frozenset({"de"})
    ada = pool.submit(api.call, WAIT, person="ada")
    waiting(api, 1)
    bob = pool.submit(api.call, WAIT, person="bob")
    waiting(api, 2)
    api.loop.give(make_task(1, skills=("de",)))
    assert status(bob) == 200
    waiting(api, 1)
    api.loop.give(make_task(2))
    assert status(ada) == 200


def test_a_task_that_somebody_gives_back_wakes_who_waits(api, pool, make_task):
    api.loop.give(make_task(1))
    mine = api.lease("ada")
    call = pool.submit(api.call, WAIT, person="bob")
    waiting(api, 1)
    body = {"fencing_token": mine["fencing_token"], "reason": "break"}
    api.call(f"/v1/leases/{mine['lease_id']}/release", body)
    assert call.result(60).json()["task_id"] == f"{1:032x}"


def test_a_lease_that_expires_wakes_who_waits(api, pool, make_task):
    api.loop.give(make_task(1))
    api.lease("ada")
    call = pool.submit(api.call, WAIT, person="bob")
    waiting(api, 1)
    api.clock.ms += 300_000
    assert status(call) == 200


@pytest.mark.parametrize("what", ["paused_by", "frozen_by"])
def test_a_pause_or_freeze_ends_the_waiting_and_who_waits_through_one_gets_the_first_task_after(
    api, pool, make_task, what
):
    call = pool.submit(api.call, WAIT)
    waiting(api, 1)
    setattr(api.loop, what, ("olga",) if what == "frozen_by" else "olga")
    api.loop.control("pause/demo/project")
    assert status(call) == 204

    api.loop.give(make_task(1))
    call = pool.submit(api.call, WAIT)
    waiting(api, 1)
    setattr(api.loop, what, () if what == "frozen_by" else "")
    api.loop.control("pause/demo/project")
    api.clock.ms += 1_000
    assert status(call) == 200


def test_who_waited_is_shown_a_task_under_the_job_of_the_moment(api, pool, make_task):
    api.project = replace(api.project, job=Job(1, b"1", "a" * 64, signed=True))
    call = pool.submit(api.call, WAIT)
    waiting(api, 1)
    api.project = replace(api.project, job=Job(2, b"2", "b" * 64, signed=True))
    api.loop.give(make_task(1))
    assert status(call) == 200
    (view,) = [event for event in api.loop.events if event.type is EventType.TASK_VIEWED]
    assert view.details["job"] == "b" * 16


def test_a_session_that_ends_ends_its_persons_waiting(api, pool):
    call = pool.submit(api.call, WAIT)
    waiting(api, 1)
    ended = EndSession("ada", "s", "signed_out", api.clock.ms, releases=True, purpose="labeling", batch="")
    api.loop.requests.ask(ended)
    assert status(call) == 204


def test_a_token_that_ran_out_while_its_holder_waited_opens_nothing(api, pool, make_task):
    call = pool.submit(api.call, WAIT)
    waiting(api, 1)
    api.clock.ms += 3_700_000
    api.loop.give(make_task(1))
    assert status(call) == 401
    assert EventType.TASK_VIEWED not in api.loop.types()


def test_who_hangs_up_gets_nothing_and_the_task_goes_to_the_next(api, pool, make_task):
    url = urlsplit(api.url)
    head = f"POST {WAIT} HTTP/1.1\r\nHost: {url.netloc}\r\nAuthorization: Bearer {api.token('ada')}\r\n\r\n"
    with socket.create_connection((url.hostname, url.port)) as caller:
        caller.sendall(head.encode())
        waiting(api, 1)
    waiting(api, 0)
    call = pool.submit(api.call, WAIT, person="bob")
    waiting(api, 1)
    api.loop.give(make_task(1))
    assert status(call) == 200
    assert {one.person for one in api.loop.events if one.type is EventType.TASK_VIEWED} == {"bob"}


def test_waiting_takes_no_place_among_the_requests_of_others(api_with, pool, make_task):
    api = api_with(ApiSettings(pending_requests=1))
    calls = []
    for number in range(8):
        calls.append(pool.submit(api.call, WAIT, person=f"ann-{number}"))
        waiting(api, number + 1)
    assert api.call("/v1/projects/demo/stats", method="GET").status_code == 200
    api.loop.requests.close()
    assert {status(one) for one in calls} == {204}


def test_the_wait_is_over_after_so_many_seconds(api, pool):
    call = pool.submit(api.call, f"{LEASES}?wait=1")
    waiting(api, 1)
    assert status(call) == 204
    waiting(api, 0)


@pytest.mark.parametrize("query", ["wait=31", "wait=-1", "wait=x", "wait=1.5", "wait=999999999999", "wait=%D9%A1"])
def test_a_wait_out_of_bounds_is_refused(api, query):
    answer = api.call(f"{LEASES}?{query}")
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "wait is 0 to 30, in seconds")


@pytest.mark.parametrize("query", ["batch=Ada%20Lovelace", "batch=" + "x" * 41, "reserve=yes", "reserve=1"])
def test_a_query_that_is_not_understood_is_refused_and_not_quoted(api, query):
    answer = api.call(f"{LEASES}?{query}")
    assert answer.status_code == 400
    assert "Ada" not in answer.text


def test_an_unknown_batch_is_said_to_be_none(api):
    answer = api.call(f"{LEASES}?batch=week-50")
    assert (answer.status_code, answer.json()["error"]["reason"]) == (404, "unknown_batch")


def test_the_next_task_comes_with_the_answer_to_this_one(api, make_task):
    api.loop.give(make_task(1), make_task(2, batch="week-48"), make_task(3))
    first = api.call(f"{LEASES}?reserve=true").json()
    assert (first["reserved"], first["batch"]) == (True, "")
    assert api.opened == [f"{1:032x}"], "what is reserved is not opened"
    body = {"fencing_token": first["fencing_token"], "result": {"spans": [], "choices": {"tone": "calm"}}}
    path = f"/v1/leases/{first['lease_id']}/label?next=true&reserve=true"
    ended = api.call(path, body, Idempotency_Key="k").json()
    assert (ended["label_id"], ended["next"]["task_id"]) == (first["lease_id"], f"{2:032x}")
    assert (ended["next"]["batch"], ended["next"]["reserved"]) == ("week-48", True)
    assert ended["next"]["fields"] == {"text": "[PERSON_1] a"}
    assert api.opened == [f"{1:032x}", f"{2:032x}"]
    again = api.call(path, body, Idempotency_Key="k").json()
    assert again == ended


def test_a_next_task_that_does_not_open_takes_nothing_from_the_answer(api, make_task):
    api.loop.give(make_task(1), make_task(2))
    first = api.lease()
    content, api.content = api.content, lambda _: {"text": "odd"}
    body = {"fencing_token": first["fencing_token"], "result": {"spans": [], "choices": {"tone": "calm"}}}
    ended = api.call(f"/v1/leases/{first['lease_id']}/label?next=true", body, Idempotency_Key="k")
    assert (ended.status_code, ended.json()["next"]) == (200, None)
    assert len(api.loop.labels()) == 1
    api.content = content
    assert api.call(LEASES).status_code == 204, "nobody else is sent to it"


def test_batches_are_told_with_small_cells_and_what_would_tell_them_suppressed(api, make_task):
    api.loop.give(
        *(make_task(number, batch="week-48") for number in range(1, 13)),
        *(make_task(number, batch="week-49") for number in range(20, 41)),
        *(make_task(number) for number in range(50, 53)),
    )
    api.loop.paused_batches = frozenset({"week-49"})
    told = api.call("/v1/projects/demo/batches", method="GET").json()
    assert told["suppressed_below"] == 10
    assert [(one["name"], one["available"], one["paused"]) for one in told["batches"]] == [
        ("", None, False),
        ("week-48", None, False),
        ("week-49", 21, True),
    ]


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([3, 12, 21], [None, None, 21]),
        ([9, 9, 500, 600], [None, None, None, 600]),  # 18 in both would tell each
        ([0, 0, 500, 600], [None, None, None, 600]),
        ([10, 12], [10, 12]),
        ([3], [None]),
    ],
)
def test_no_small_count_follows_from_the_sum_of_all(counts, told):
    assert suppressed(counts, sum_known=True) == told


def test_projects_other_than_this_one_have_no_batches_here(api):
    assert api.call("/v1/projects/other/batches", method="GET").status_code == 403
