"""What people type about tasks is redacted before anybody reads it; what can't be shown is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.audit import EventType
from schemas.errors import LogUnavailable, Reason
from schemas.hidden import SealedBytes, SecretBytes
from schemas.records import Comment, Note, NoteOutcome
from streams.engine.messages import Message, TopicPartition
from streams.engine.processor import Batch, Plan
from streams.redact.commenting.texts import for_comments, shown
from streams.redact.processor import inputs
from streams.redact.ruling import Ruling
from streams.redact.transform.keys import TransformKeys
from tests.simulation.world import CanaryDetector
from tests.streams.redact.test_limits import CODEC, NOW, Desk
from topology.policies import Action, load_policy, parse_policy
from vault.comments import Typed, note_key, open_note, seal_typed
from vault.data_keys import DataKeys

TASK, COMMENT = "a" * 32, "c" * 32
PLACE = {"project": "demo", "task_id": TASK, "comment_id": COMMENT}
KEY = note_key(SecretBytes(b"t" * 32), "demo", TASK, COMMENT)
CANARY = "canary4711"
PARTITION = TopicPartition("comments.demo", 0)
KEYED = parse_policy(
    """
name: keyed
version: 1
owner: someone
review_by: 2036-01-01
fields: {text: detect, city: {category: LOCATION, action: generalize, to: country}}
categories: {PERSON: {action: token, scope: project}, DATE_TIME: {action: generalize, to: year}, URL: pass}
conditions: [{when: {source: [mail]}, categories: {URL: surrogate}}]
context: {source: from}
""",
    "p",
)

SHOWS = """
name: shows
version: 1
owner: someone
review_by: 2036-01-01
fields: {text: detect}
categories: {LOCATION: pass, DATE_TIME: pass}
"""


def comment(desk: Desk, text: str, **changes: str) -> Message:
    data_key = DataKeys(desk._processor._seams.vault).current("comments-demo", "label.demo/1", NOW)
    sealed = seal_typed(data_key.secret, Typed(text, KEY), **PLACE)
    record = Comment(COMMENT, TASK, data_key.wrapped, data_key.context, sealed.data, NOW)
    return Message("comments.demo", 0, 0, TASK.encode(), CODEC.encode(replace(record, **changes)))


def process(desk: Desk, *messages: Message) -> Plan:
    return desk._processor.process(Batch(messages, (), {PARTITION: 0}, NOW))


def notes(plan: Plan) -> list[Note]:
    return [CODEC.decode(one.value, Note) for one in plan.outputs if one.topic == "notes.demo"]


def text_of(note: Note) -> str:
    return open_note(KEY, SealedBytes(note.sealed), **PLACE)


@pytest.fixture
def desk() -> Desk:
    return Desk(load_policy("text"))


def test_others_get_the_text_without_what_the_policy_hides(desk):
    plan = process(desk, comment(desk, f"is {CANARY} the one who complains?"))
    (note,) = notes(plan)
    assert (note.outcome, note.task_id, note.comment_id) == (NoteOutcome.SHOWN, TASK, COMMENT)
    assert text_of(note) == "is ***** the one who complains?"
    assert [event.type for event in plan.events] == [EventType.BUNDLE_ADOPTED, EventType.COMMENT_REDACTED]
    assert CANARY not in repr(plan)


def test_a_comment_of_which_nothing_is_left_is_shown_to_nobody(desk):
    plan = process(desk, comment(desk, f"{CANARY}?!"))
    (note,) = notes(plan)
    assert (note.outcome, note.reason, note.sealed) == (NoteOutcome.REFUSED, Reason.NOTHING_LEFT, b"")
    assert (plan.events[-1].type, plan.events[-1].outcome) == (EventType.COMMENT_REDACTED, "refused")


def test_of_what_does_not_open_its_writer_is_told_and_nobody_is_stopped(desk):
    moved, good = comment(desk, f"about {CANARY}", comment_id="d" * 32), comment(desk, "span unclear")
    plan = process(desk, moved, good)
    told, shown_one = notes(plan)
    assert (told.comment_id, told.outcome, told.reason) == ("d" * 32, NoteOutcome.REFUSED, Reason.UNDECRYPTABLE)
    assert text_of(shown_one) == "span unclear"
    assert plan.events[-2].outcome == "refused"


@pytest.mark.parametrize(
    "changes", [{"task_id": "b" * 32}, {"task_id": "x" * 10_000}, {"comment_id": ""}, {"comment_id": "C" * 32}]
)
def test_what_is_no_comment_of_its_key_is_refused_and_stops_nobody(desk, changes):
    foreign = Message("comments.demo", 0, 1, TASK.encode(), b"no record")
    plan = process(desk, comment(desk, f"about {CANARY}", **changes), foreign, comment(desk, "span unclear"))
    assert [text_of(note) for note in notes(plan)] == ["span unclear"]
    refusals = [event.reason for event in plan.events if event.type is EventType.RECORD_REFUSED]
    assert refusals == [Reason.UNDECODABLE] * 2


def test_comments_cover_no_offset_of_a_record_and_hold_none_up(desk):
    raw = desk.message(b'{"text": "hello"}')
    places = {PARTITION: 0, TopicPartition("raw.demo", 0): 0}
    plan = desk._processor.process(Batch((comment(desk, "a question"), raw), (), places, NOW))
    assert [event.batch.topic for event in plan.events if event.batch] == ["raw.demo"]
    assert [one.topic for one in plan.outputs if one.topic in {"tasks.demo", "notes.demo"}] == [
        "tasks.demo",
        "notes.demo",
    ]


def test_comments_wait_while_no_policy_is_in_force():
    desk = Desk(None)
    assert desk._processor.held == set(inputs("demo"))
    with pytest.raises(LogUnavailable):
        process(desk, comment(desk, "a question"))


@pytest.mark.parametrize("policy", [KEYED, load_policy("demo"), load_policy("text")], ids=lambda it: it.name)
def test_all_that_is_found_in_a_comment_is_masked_also_what_records_may_show(policy):
    """A field, a tier, a language or a source decides what a record may show; a comment has none of them."""
    ours = for_comments(policy)
    assert {one.action for one in ours.treatments()} == {Action.DETECT, Action.MASK}
    assert ours.action_for("URL") is Action.MASK
    assert not ours.conditions
    assert not ours.needs_key
    assert ours.detection == policy.detection
    assert ours.risk == policy.risk


def test_a_place_that_records_may_show_is_masked(detector):
    shows = parse_policy(SHOWS, "p")
    ruling, keys = Ruling(shows, detector, None), TransformKeys(lambda *_: b"k" * 32)
    (left,) = shown(["was it on 3 May 2024 in Paris?"], ruling, keys)
    assert "Paris" not in left
    assert "May" not in left


def test_a_guess_becomes_what_any_other_value_does():
    """A token would tell that the guess stands behind the same token of the task."""
    ruling = Ruling(KEYED, CanaryDetector(), None)
    keys = TransformKeys(lambda *_: b"k" * 32)
    assert shown(["is it canary1?", "is it canary2?"], ruling, keys) == ["is it *****?"] * 2


def test_chips_can_be_spoken_of_as_the_page_calls_them(detector, text_policy):
    text = "person 1 is the patient, I think. Is person 2 a doctor?"
    ruling, keys = Ruling(text_policy, detector, None), TransformKeys(lambda *_: b"k" * 32)
    assert shown([text], ruling, keys) == [text]
    (made_up,) = shown(["is [PERSON_1] the patient?"], ruling, keys)
    assert "[" not in made_up, "nobody can make up a placeholder"


def test_a_recognizer_that_breaks_shows_nothing():
    class Broken(CanaryDetector):
        def search(self, texts):
            raise ValueError("canary")

    keys = TransformKeys(lambda *_: b"k" * 32)
    assert shown(["hello"], Ruling(KEYED, Broken(), None), keys) == [Reason.DETECTION_FAILED]
