"""Comments on a task: who may write and read them, what others see, how many; gone with the task."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.audit import EventType
from schemas.errors import Reason, Refused, VaultUnavailable
from schemas.hidden import SecretBytes
from schemas.records import Note, NoteOutcome, Order, WorkOrder
from schemas.states import CommentStanding, CommentState
from streams.label.askers import People
from streams.label.commands import Draft, Held, Lead, LeaseTask, ListThreads, ReadComments, WriteComment
from streams.label.comment_desk import CommentDesk
from streams.label.comments import Comments
from streams.label.hourly import HOUR_MS, Later
from streams.label.settings import CommentLimits
from tests.streams.label.conftest import PROJECT, TinyLoop
from tests.streams.label.site import error
from tests.streams.label.test_paused import standing
from topology.project import Persons
from topology.switches import Excluded

CANARY = "canary Zebulon Quackenbush"
MASKED = "canary ***** *****"
PERSONS = Persons(("author",), ("approver",), ("issuer",), ("ada", "bob"), ("judy",))


@pytest.fixture
def api(api_with, make_task):
    api = api_with()
    api.project = replace(PROJECT, persons=PERSONS)
    api.loop.adjudicators = ("judy",)
    api.loop.give(make_task(1, overlap=2))
    return api


def write(api, lease, text=CANARY, person="ada", key="c-1"):
    body = {"fencing_token": lease["fencing_token"], "text": text}
    return api.call(f"/v1/leases/{lease['lease_id']}/comments", body, person, Idempotency_Key=key)


def read(api, lease, person="ada"):
    path = f"/v1/leases/{lease['lease_id']}/comments?fencing_token={lease['fencing_token']}"
    return api.call(path, person=person, method="GET")


def thread(api, lease, person="judy"):
    return api.call(f"/v1/projects/demo/tasks/{lease['task_id']}/comments", person=person, method="GET")


def reply(api, lease, text="it is one name", person="judy", key="r-1"):
    path = f"/v1/projects/demo/tasks/{lease['task_id']}/comments"
    return api.call(path, {"text": text}, person, Idempotency_Key=key)


def told(answer):
    assert answer.status_code == 200, answer.text
    return [(it["mine"], it["lead"], it["standing"], it["text"]) for it in answer.json()["comments"]]


def events(api, kind):
    return [event for event in api.loop.events if event.type is kind]


# -- the way of a comment


def test_who_has_the_task_and_who_leads_read_each_others_comments_once_they_are_redacted(api):
    lease = api.lease()
    assert told(write(api, lease)) == [(True, False, "waiting", None)]
    assert [api.loop.typed(it) for it in api.loop.comments()] == [CANARY]
    api.loop.redact(MASKED)
    assert told(read(api, lease)) == [(True, False, "shown", MASKED)]
    assert told(thread(api, lease)) == [(False, False, "shown", MASKED)]
    api.clock.ms += 1
    assert told(reply(api, lease))[1:] == [(True, True, "waiting", None)]
    api.loop.redact("it is one name")
    both = [(True, False, "shown", MASKED), (False, True, "shown", "it is one name")]
    assert told(read(api, lease)) == both
    other = api.lease("bob")
    assert told(read(api, other, "bob")) == [(False, False, *both[0][2:]), both[1]]


def test_what_was_typed_is_nowhere_but_in_the_sealed_comment(api):
    lease = api.lease()
    answers = [write(api, lease), read(api, lease), thread(api, lease)]
    api.loop.redact(MASKED)
    answers += [read(api, lease), thread(api, lease)]
    assert not [answer.text for answer in answers if "Zebulon" in answer.text]
    assert b"Zebulon" not in b"".join(one.value or b"" for one in api.loop.committed)
    assert "Zebulon" not in repr(api.loop.events)


def test_nobody_but_the_writer_is_told_of_a_comment_that_cannot_be_shown(api):
    lease = api.lease()
    write(api, lease)
    api.loop.redact(None)
    (mine,) = read(api, lease).json()["comments"]
    assert (mine["standing"], mine["reason"], mine["text"]) == ("refused", "nothing_left", None)
    assert told(thread(api, lease)) == []
    assert told(read(api, api.lease("bob"), "bob")) == []
    assert api.call("/v1/projects/demo/comments", person="judy", method="GET").json() == {"threads": []}


def test_threads_say_which_tasks_await_the_lead(api):
    lease = api.lease()
    write(api, lease)
    api.loop.redact(MASKED)

    def threads():
        found = api.call("/v1/projects/demo/comments", person="judy", method="GET").json()["threads"]
        return [(it["task_id"], it["comments"], it["awaits"]) for it in found]

    assert threads() == [(lease["task_id"], 1, True)]
    api.clock.ms += 1
    reply(api, lease)
    api.loop.redact("yes")
    assert threads() == [(lease["task_id"], 2, False)]


def test_each_look_is_on_record_before_the_key_is_used(api):
    lease = api.lease()
    read(api, lease)
    assert not events(api, EventType.COMMENTS_VIEWED), "nothing is there to open"
    write(api, lease)
    (begun,) = events(api, EventType.COMMENTS_VIEWED)
    segment = "segment/redact.demo.0/1/1"
    assert (begun.person, begun.parents) == ("ada", (f"lease/{lease['lease_id']}", segment))
    (written,) = events(api, EventType.COMMENT_WRITTEN)
    assert written.resource == f"comment/{api.loop.comments()[0].comment_id}"
    assert written.parents == (f"task/{lease['task_id']}", f"lease/{lease['lease_id']}")
    assert written.details["length"] == str(len(CANARY))
    api.loop.redact(MASKED)
    thread(api, lease)
    seen = events(api, EventType.COMMENTS_VIEWED)[-1]
    assert (seen.person, seen.parents, seen.details["comments"]) == ("judy", (segment,), "1")
    assert seen.details["lead"] == "true"


# -- who may not


def test_nobody_without_the_lease_reads_or_writes(api):
    lease = api.lease()
    write(api, lease)
    api.loop.redact(MASKED)
    for answer in (read(api, lease, "bob"), write(api, lease, person="bob")):
        assert error(answer) == (403, "not_permitted")
    for answer in (thread(api, lease, "ada"), reply(api, lease, person="ada")):
        assert error(answer) == (403, "not_permitted")
    assert api.call("/v1/projects/demo/comments", method="GET").status_code == 403
    assert len(api.loop.comments()) == 1


def test_a_lease_that_has_ended_shows_and_takes_nothing(api):
    lease = api.lease()
    write(api, lease)
    api.loop.redact(MASKED)
    assert api.label(lease, choices={"tone": "calm"}).status_code == 200
    assert error(read(api, lease)) == (409, "already_submitted")
    assert error(write(api, lease, key="c-2")) == (409, "already_submitted")
    stale = api.lease("bob") | {"fencing_token": 99}
    assert error(read(api, stale, "bob")) == (409, "stale_token")


def test_a_stopped_project_shows_and_takes_nothing(api):
    lease = api.lease()
    api.loop.frozen_by = ("olga",)
    for answer in (read(api, lease), write(api, lease), thread(api, lease)):
        assert error(answer) == (403, "comments_stopped")


@pytest.mark.parametrize("text", ["", "   \n", "x" * 1001, 5, None])
def test_what_is_no_short_text_is_refused_without_quoting_it(api, text):
    lease = api.lease()
    answer = write(api, lease, text)
    assert error(answer) == (400, "bad_request")
    assert not api.loop.comments()


def test_half_a_character_is_refused(api):
    lease = api.lease()
    body = f'{{"fencing_token": {lease["fencing_token"]}, "text": "\\ud800"}}'
    path = f"/v1/leases/{lease['lease_id']}/comments"
    assert error(api.call(path, body, Idempotency_Key="c-1")) == (400, "bad_utf8")


def test_a_comment_needs_a_key_and_reading_a_token(api):
    lease = api.lease()
    assert write(api, lease, key="").status_code == 400
    assert api.call(f"/v1/leases/{lease['lease_id']}/comments", method="GET").status_code == 400


def test_where_the_projects_file_has_no_comments_nobody_writes_or_reads_any(api):
    api.project = replace(PROJECT, persons=PERSONS, comments=False)
    lease = api.lease()
    answers = [write(api, lease), read(api, lease), thread(api, lease), reply(api, lease)]
    answers.append(api.call("/v1/projects/demo/comments", person="judy", method="GET"))
    assert [error(answer) for answer in answers] == [(403, "not_permitted")] * 5


def threads_of(api, person="judy"):
    found = api.call("/v1/projects/demo/comments", person=person, method="GET")
    assert found.status_code == 200, found.text
    return [it["task_id"] for it in found.json()["threads"]]


def test_who_leads_sees_nothing_of_tasks_that_an_operator_keeps_them_from(api):
    lease = api.lease()
    write(api, lease)
    api.loop.redact(MASKED)
    assert threads_of(api) == [lease["task_id"]]
    api.loop.excluded["judy"] = Excluded(tasks=frozenset({lease["task_id"]}))
    assert threads_of(api) == []
    for answer in (thread(api, lease), reply(api, lease)):
        assert error(answer) == (404, "unknown_task")


def test_who_leads_a_batch_sees_nothing_of_another(tiny, make_task):
    tiny.adjudicators = ("judy",)
    tiny.give(replace(make_task(1), batch="one"), replace(make_task(2), batch="two"))
    held = leased(tiny)
    task_id = f"{1:032x}"
    tiny.ask(WriteComment(held, Draft("c" * 32, task_id, b"d", 1, "", "", b"")))
    tiny.give(replace(refusal(tiny.comments()[0]), outcome=NoteOutcome.SHOWN, sealed=b"x"))
    assert [it.task_id for it in tiny.ask(ListThreads("judy"))] == [task_id]
    assert [it.task_id for it in tiny.ask(ListThreads("judy", "one"))] == [task_id]
    assert tiny.ask(ListThreads("judy", "two")) == []
    assert tiny.ask(ReadComments(Lead("judy", task_id, "one"))).task.task_id == task_id
    with pytest.raises(Refused) as refused:
        tiny.ask(ReadComments(Lead("judy", task_id, "two")))
    assert refused.value.reason is Reason.UNKNOWN_TASK


def test_who_is_paused_sees_and_writes_nothing(tiny, make_task):
    tiny.adjudicators = ("judy",)
    tiny.give(make_task(1))
    held = leased(tiny)
    tiny.batch([standing("ada", paused=True), standing("judy", paused=True)])
    for asked in (ReadComments(held), ReadComments(Lead("judy", f"{1:032x}")), ListThreads("judy")):
        with pytest.raises(Refused) as refused:
            tiny.ask(asked)
        assert refused.value.reason is Reason.PERSON_PAUSED


# -- once, and not too often


def test_the_same_call_again_is_the_same_comment_after_a_restart_too(api):
    lease = api.lease()
    first = told(write(api, lease))
    assert told(write(api, lease)) == first
    with api.loop.turn:
        api.loop.restart()
    assert told(write(api, lease)) == first
    assert len(api.loop.comments()) == len(events(api, EventType.COMMENT_WRITTEN)) == 1
    api.loop.redact(MASKED)
    assert told(write(api, lease)) == [(True, False, "shown", MASKED)]


def test_another_text_under_the_same_key_is_refused(api):
    lease = api.lease()
    write(api, lease)
    answer = write(api, lease, "something else")
    assert error(answer) == (409, "idempotency_conflict")


def test_another_persons_key_of_the_same_name_is_their_own(api):
    lease, other = api.lease(), api.lease("bob")
    assert len(told(write(api, lease))) == len(told(write(api, other, "mine", "bob"))) == 1
    assert len(api.loop.comments()) == 2


def test_a_vault_that_is_away_loses_nothing_and_shows_nothing(api):
    lease = api.lease()

    def away(_):
        raise VaultUnavailable("away")

    api.key_of = away
    answer = write(api, lease)
    assert error(answer) == (503, "vault_unavailable")
    assert not api.loop.comments()
    api.key_of = lambda _: SecretBytes(b"k" * 32)
    assert write(api, lease).status_code == 200


def test_a_task_whose_key_is_gone_takes_no_comment(api):
    def gone(_):
        raise Refused(Reason.WITHDRAWN, "gone")

    api.key_of = gone
    answer = write(api, api.lease())
    assert error(answer) == (410, "withdrawn")


# -- the end


@pytest.mark.parametrize("how", ["closed", "withdrawn", "reported"])
def test_comments_go_with_their_task(api, how):
    lease = api.lease()
    write(api, lease)
    api.loop.redact(MASKED)
    late = api.loop.note(api.loop.comments()[0], "late")
    if how == "closed":
        api.loop.give(WorkOrder(lease["task_id"], Order.CLOSE))
    elif how == "withdrawn":
        api.loop.withdrawn.add(lease["task_id"])
        api.loop.control(f"withdraw/demo/{lease['task_id']}/olga")
    else:
        body = {"fencing_token": lease["fencing_token"], "reason": "personal_data"}
        assert api.call(f"/v1/leases/{lease['lease_id']}/report", body).status_code == 200
    assert error(thread(api, lease)) == (404, "unknown_task")
    api.loop.give(late)
    state = {one.key: one.value for one in api.loop.committed if one.topic == "label-state.demo"}
    assert [value for key, value in state.items() if key.startswith(b"comment/")] == [None]


# -- the pure core


def state(number, person="ada", task_id="t", at=0):
    return CommentState(f"c{number}", task_id, person, False, b"d", at)


def test_a_task_takes_so_many_comments_and_a_person_so_many_an_hour():
    comments = Comments(Kept(), CommentLimits(per_task=2, for_leads=0, per_hour=3))
    assert comments.write(state(1))
    assert comments.write(state(2))
    with pytest.raises(Refused) as used_up:
        comments.write(state(3))
    assert used_up.value.reason is Reason.COMMENTS_USED_UP
    assert comments.write(state(4, task_id="u", at=10))
    with pytest.raises(Later) as later:
        comments.write(state(5, task_id="u", at=20))
    assert (later.value.reason, later.value.wait_ms) == (Reason.TOO_MANY_COMMENTS, HOUR_MS - 20)
    assert comments.write(state(6, "bob", "u", 20))
    comments.end(lambda _: False)
    with pytest.raises(Later):
        comments.write(state(7, task_id="v", at=30))
    assert comments.write(state(8, task_id="v", at=HOUR_MS))


class Kept(dict):
    """A store of `streams.label.queue.Store`."""

    put = dict.__setitem__

    def remove(self, key):
        self.pop(key, None)


def test_the_last_places_of_a_task_are_for_who_leads_and_a_project_has_an_end():
    comments = Comments(Kept(), CommentLimits(per_task=2, for_leads=1, of_all=3))
    comments.write(state(1))
    with pytest.raises(Refused) as refused:
        comments.write(state(2))
    assert refused.value.reason is Reason.COMMENTS_USED_UP
    assert comments.write(replace(state(3), lead=True))
    assert comments.write(state(4, task_id="u"))
    with pytest.raises(Refused, match="a project"):
        comments.write(state(5, task_id="v"))


def test_of_the_threads_those_that_wait_longest_are_listed():
    comments = Comments(Kept(), CommentLimits(listed=2))
    for number, lead in enumerate([True, False, False, False]):
        task_id = f"t{number}"
        comments.write(replace(state(number, task_id=task_id, at=number), lead=lead))
        comments.note(Note(f"c{number}", task_id, NoteOutcome.SHOWN, "", "b", b"x", 0))

    def seen_without(*hidden):
        return [it.task_id for it in comments.threads(lambda task_id: task_id not in hidden)]

    assert seen_without() == ["t1", "t2"]
    assert seen_without("t1") == ["t2", "t3"]
    comments.end(lambda it: it == "t0")
    assert seen_without() == ["t0"]


def test_of_who_lists_threads_it_is_asked_once_what_they_are_kept_from(make_task):
    """A list of ten thousand holds the loop up."""
    asked, comments, tasks = [], Comments(Kept(), CommentLimits()), {}
    for number in range(3):
        tasks[f"t{number}"] = make_task(number)
        comments.write(state(number, task_id=f"t{number}"))
        comments.note(Note(f"c{number}", f"t{number}", NoteOutcome.SHOWN, "", "b", b"x", 0))
    kept = Excluded(tasks=frozenset({"t1"}))
    people = People(lambda _: True, excluded_from=lambda person: asked.append(person) or kept)
    desk = CommentDesk(None, tasks, comments, lambda: True, people, lambda _: False)
    assert [it.task_id for it in desk.threads(ListThreads("judy", ""))] == ["t0", "t2"]
    assert asked == ["judy"]


def test_the_hours_count_outlives_a_restart():
    store, limits = Kept(), CommentLimits(per_task=9, for_leads=0, per_hour=1)
    Comments(store, limits).write(state(1))
    with pytest.raises(Later):
        Comments(store, limits).write(state(2, at=1))


def test_a_second_note_changes_nothing(tiny, make_task):
    tiny.give(make_task(1))
    held = leased(tiny)
    draft = Draft("c" * 32, f"{1:032x}", b"d", 1, "", "", b"")
    tiny.ask(WriteComment(held, draft))
    (comment,) = tiny.comments()
    shown = replace(refusal(comment), outcome=NoteOutcome.SHOWN, sealed=b"first")
    tiny.give(shown, replace(shown, sealed=b"second"), replace(shown, task_id="f" * 32, sealed=b"third"))
    (known,) = tiny.ask(ReadComments(held)).comments
    assert (known.standing, known.sealed) == (CommentStanding.SHOWN, b"first")


def test_a_draft_for_another_task_is_refused(tiny, make_task):
    tiny.give(make_task(1))
    with pytest.raises(Refused) as refused:
        tiny.ask(WriteComment(leased(tiny), Draft("c" * 32, "f" * 32, b"d", 1, "", "", b"")))
    assert refused.value.reason is Reason.STALE_TOKEN


def test_a_lead_who_is_none_any_more_is_refused_by_the_queue_too(tiny, make_task):
    tiny.give(make_task(1))
    with pytest.raises(Refused) as refused:
        tiny.ask(ReadComments(Lead("ada", f"{1:032x}")))
    assert refused.value.reason is Reason.NOT_PERMITTED


def leased(loop: TinyLoop) -> Held:
    lease = loop.ask(LeaseTask("ada")).lease
    return Held("ada", lease.lease_id, lease.fencing_token)


def refusal(comment):
    return Note(comment.comment_id, comment.task_id, NoteOutcome.REFUSED, "", "b", b"", 0)
