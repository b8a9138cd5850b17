from __future__ import annotations

import pytest

from schemas.control import withdrawn_task
from schemas.erasure import (
    ErasureReason,
    erased_subject,
    erasure_body,
    erasure_concern,
    erasure_key,
    read_erasure,
)

SUBJECT = "ab" * 32


@pytest.mark.parametrize("reason", ErasureReason)
def test_a_body_gives_back_its_reason(reason):
    assert read_erasure(erasure_body(reason)) == reason


def test_a_reason_of_a_newer_version_is_taken_all_the_same():
    assert read_erasure(b'{"reason":"of_a_later_law"}') == "of_a_later_law"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"reason":7}',
        b'{"reason":"Ann Example"}',
        b'{"reason":"rehearsal","who":"ann"}',
        b'{"reason":"' + b"a" * 90 + b'"}',
        b"[" * 90,
    ],
)
def test_anything_else_is_no_order(body):
    assert read_erasure(body) is None


def test_key_and_concern_tell_the_subject_in_their_own_project_alone():
    key = erasure_key("demo", SUBJECT, "olga")
    assert key == f"erase/demo/{SUBJECT}/olga"
    assert erased_subject(key, "demo") == erased_subject(erasure_concern("demo", SUBJECT), "demo") == SUBJECT
    others = (f"erase/demo/{SUBJECT[1:]}/olga", f"withdraw/demo/{SUBJECT}/olga", f"erase/demo/{SUBJECT}/a/b", "")
    assert [erased_subject(one, "demo") for one in others] == [None] * 4
    assert erased_subject(key, "alpha") is None
    assert withdrawn_task(key, "demo") is None
