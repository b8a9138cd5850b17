"""What is typed opens for redact, what is left of it by the task's key; and neither anywhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Undecodable, Undecryptable
from schemas.hidden import SecretBytes
from vault.comments import Typed, digest, note_key, open_note, open_typed, seal_note, seal_typed
from vault.keys import associated_data, framed, fresh_key, seal

PLACE = {"project": "demo", "task_id": "1" * 32, "comment_id": "c" * 32}
ELSEWHERE = [PLACE | change for change in ({"project": "other"}, {"task_id": "2" * 32}, {"comment_id": "d" * 32})]
TASK_KEY, DATA_KEY = SecretBytes(b"t" * 32), SecretBytes(b"d" * 32)
NOTE_KEY = note_key(TASK_KEY, "demo", "1" * 32, "c" * 32)


@given(st.text(min_size=1, max_size=1_000))
def test_a_text_comes_to_redact_with_the_key_for_what_is_left_of_it(text):
    opened = open_typed(DATA_KEY, seal_typed(DATA_KEY, Typed(text, NOTE_KEY), **PLACE), **PLACE)
    assert (opened.text, opened.note_key) == (text, NOTE_KEY)
    assert open_note(NOTE_KEY, seal_note(NOTE_KEY, text, **PLACE), **PLACE) == text


@pytest.mark.parametrize("place", ELSEWHERE)
def test_neither_opens_elsewhere(place):
    typed, note = seal_typed(DATA_KEY, Typed("a", NOTE_KEY), **PLACE), seal_note(NOTE_KEY, "a", **PLACE)
    with pytest.raises(Undecryptable):
        open_typed(DATA_KEY, typed, **place)
    with pytest.raises(Undecryptable):
        open_note(NOTE_KEY, note, **place)


def test_the_key_of_a_note_is_its_own():
    """What travels with one comment opens no other of its task."""
    others = [
        note_key(fresh_key(), "demo", "1" * 32, "c" * 32),
        note_key(TASK_KEY, "demo", "2" * 32, "c" * 32),
        note_key(TASK_KEY, "demo", "1" * 32, "d" * 32),
    ]
    assert NOTE_KEY not in [*others, TASK_KEY]
    assert digest(TASK_KEY, "demo", "1" * 32, "a") != digest(TASK_KEY, "demo", "2" * 32, "a")
    assert digest(TASK_KEY, "demo", "1" * 32, "a") != digest(TASK_KEY, "demo", "1" * 32, "b")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"canary",
        b"\0\0\0\1a",
        b"\0\0\0\1a\0\0\0\1\xff",
        framed(b"k" * 32, b"\xff"),
        framed(b"k" * 31, "canary"),
        framed(b"k" * 32, ""),
        framed(b"k" * 32, "canary" * 1_000),
    ],
)
def test_what_label_does_not_write_is_refused_without_quoting_it(content):
    topic, more = "comments.demo", (PLACE["comment_id"],)
    aad = associated_data(
        purpose="comment", project="demo", topic=topic, key=PLACE["task_id"], schema="Comment", more=more
    )
    with pytest.raises(Undecodable) as refused:
        open_typed(DATA_KEY, seal(DATA_KEY, content, aad), **PLACE)
    assert "canary" not in str(refused.value)


def test_what_was_typed_prints_as_nothing():
    assert "canary" not in f"{Typed('canary', NOTE_KEY)!r} {Typed('canary', NOTE_KEY)}"
