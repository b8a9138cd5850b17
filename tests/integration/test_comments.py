"""Comments on a task, on the real broker and vault: redacted before anybody reads them, and gone with the task."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import pytest

from schemas.audit import EventType
from schemas.errors import Refused
from schemas.records import Task
from streams.label.client import Denied, LabelClient
from streams.label.forms import CommentsView, LeaseView
from tests.support.pipeline import Pipeline
from tests.support.waiting import wait_for
from topology.policies import parse_policy
from vault.segments.opening import ViewKeys

pytestmark = pytest.mark.stack

POLICY = parse_policy(
    """
name: remarked
version: 1
owner: the tests
review_by: 2036-12-31
fields: {text: detect}
labels: {choices: {tone: [good, bad]}}
overlap: 2
""",
    "remarked",
)
MAIL = "quillon.vantreight@remarked.example"
ASKED = f"is this about the kettle of {MAIL} or not?"
LEFT = "is this about the kettle of ***** or not?"
REPLY = "it is about the kettle"
NOTHING = MAIL
TOPICS = (
    "tasks",
    "comments",
    "notes",
    "labels",
    "label-state",
    "redact-state",
    "segments",
    "audit",
    "work",
    "verdicts",
    "joined",
)


@dataclass(frozen=True)
class Story:
    """One task: asked about under a lease, answered by the lead, label restarted in between, then withdrawn."""

    pipeline: Pipeline
    task: Task
    lease: LeaseView
    asked: CommentsView
    by_others: tuple[str, str, str]
    """How those without the lease were answered."""
    led: CommentsView
    replied: CommentsView
    unshown: CommentsView
    after: str
    """Why nothing was shown once the task was withdrawn."""


def shown(view: CommentsView) -> list[tuple[bool, str]]:
    return [(it.lead, it.text) for it in view.comments if it.text is not None]


def denial(call, *args) -> str:
    with pytest.raises(Denied) as denied:
        call(*args)
    return denied.value.reason


def views(pipeline: Pipeline) -> ViewKeys:
    return ViewKeys(pipeline.administrators_vault(), pipeline.project)


def seen(client: LabelClient, lease: LeaseView, count: int) -> CommentsView:
    """What the holder is told, once so many comments have been redacted."""

    def look() -> CommentsView | None:
        found = client.comments(lease)
        waiting = any(it.standing == "waiting" for it in found.comments)
        return found if len(found.comments) >= count and not waiting else None

    return wait_for(look, f"{count} comments that are redacted")


@pytest.fixture(scope="module")
def story(pipeline_of):
    pipeline = pipeline_of("remarked")
    pipeline.start()
    pipeline.sign("remy", "rhea", policy=POLICY)
    pipeline.publish({"text": "the kettle broke, please send another one"})
    (task,) = pipeline.wait_records("tasks", 1)
    rosa, rudi = pipeline.client("rolf", "rosa"), pipeline.client("rolf", "rudi")
    with rosa, rudi:
        lease = wait_for(rosa.lease, "a lease")
        pipeline.stop("redact")
        asked = rosa.comment(lease, ASKED, key="first")
        others = (
            denial(rudi.comments, lease),
            denial(rudi.comment, lease, "mine"),
            denial(rudi.thread, task.task_id),
        )
    pipeline.restart("label")
    with pipeline.client("rolf", "rosa") as rosa, pipeline.client("rolf", "ruth") as ruth:
        rosa.comment(lease, ASKED, key="first")
        pipeline.start("redact")
        wait_for(lambda: ruth.threads().threads, "a thread")
        led = ruth.thread(task.task_id)
        ruth.reply(task.task_id, REPLY, key="reply")
        replied = seen(rosa, lease, 2)
        rosa.comment(lease, NOTHING, key="nothing")
        unshown = seen(rosa, lease, 3)
        pipeline.withdraw("rolf", task.task_id)
        after = wait_for(lambda: refusal(ruth, task), "the withdrawal")
    return Story(pipeline, task, lease, asked, others, led, replied, unshown, after)


def refusal(client: LabelClient, task: Task) -> str:
    try:
        client.thread(task.task_id)
    except Refused as error:
        return error.reason.value
    return ""


def test_nobody_is_shown_a_comment_before_it_is_redacted(story):
    (mine,) = story.asked.comments
    assert (mine.mine, mine.standing, mine.text) == (True, "waiting", None)


def test_the_lead_reads_what_the_policy_leaves_and_the_annotator_the_answer(story):
    assert shown(story.led) == [(False, LEFT)]
    assert shown(story.replied) == [(False, LEFT), (True, REPLY)]


def test_a_restart_of_label_loses_no_comment_and_takes_none_twice(story):
    written = story.pipeline.events(EventType.COMMENT_WRITTEN)
    assert [it.person for it in written] == ["rosa", "ruth", "rosa"]
    assert story.pipeline.reconciled()


def test_a_comment_of_which_nothing_is_left_is_shown_to_nobody_and_its_writer_is_told(story):
    refused = [(it.mine, it.standing, it.reason) for it in story.unshown.comments if it.standing == "refused"]
    assert refused == [(True, "refused", "nothing_left")]


def test_who_has_no_lease_and_does_not_lead_is_refused(story):
    assert set(story.by_others) == {"not_permitted"}


def test_what_was_typed_is_on_no_topic(story):
    for kind in TOPICS:
        for message in story.pipeline.messages(kind):
            for held in (message.key or b"", message.value or b"", *message.headers.values()):
                assert not [form for form in spelled(MAIL) if form in (held or b"")], kind


def spelled(canary: str) -> list[bytes]:
    """Whole, in words, and in base64 at any alignment."""
    words = [canary, *canary.partition("@")[0].split(".")]
    coded = [base64.b64encode(b"\0" * pad + canary.encode())[4:40] for pad in range(3)]
    return [word.encode() for word in words] + coded


def test_what_the_key_opens_is_what_was_shown_and_each_look_is_on_record(story):
    looks = story.pipeline.events(EventType.COMMENTS_VIEWED)
    assert {it.person for it in looks} == {"rosa", "ruth"}
    assert {it.resource for it in looks} == {f"task/{story.task.task_id}"}
    assert all(f"segment/{story.task.segment_id}" in it.parents for it in looks)
    redacted = story.pipeline.events(EventType.COMMENT_REDACTED)
    assert [it.outcome for it in redacted].count("refused") == 1
    assert len(redacted) == len(story.pipeline.messages("comments")) == 3


def test_a_withdrawn_task_takes_its_comments_with_it(story):
    assert story.after in {"unknown_task", "withdrawn"}
    pipeline, task = story.pipeline, story.task
    ended = {EventType.SEGMENT_DESTROYED, EventType.SEGMENT_REWRITTEN}
    segment = f"segment/{task.segment_id}"
    pipeline.wait_event("of its end", lambda it: it.type in ended and it.resource == segment)
    with pytest.raises(Refused):
        views(pipeline).task_key(task.segment_id, task.task_id)
    state = {m.key: m.value for m in pipeline.messages("label-state") if (m.key or b"").startswith(b"comment/")}
    assert len(state) == 3
    assert set(state.values()) == {None}
