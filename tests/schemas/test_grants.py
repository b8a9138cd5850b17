"""A request has one form as bytes and so one hash; nothing else is taken for one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.control import MAX_VERSION
from schemas.grants import (
    MAX_GRANT_MS,
    GrantAnswer,
    GrantPurpose,
    GrantReason,
    GrantRequest,
    answer_body,
    fits_grant,
    grant_id,
    read_answer,
    read_request,
    request_body,
)

REQUEST = GrantRequest("rita", "a" * 32, GrantPurpose.LABEL_DISPUTE, GrantReason.MEANING_LOST, 1_000, 61_000)


@st.composite
def requests(draw):
    since = draw(st.integers(1, MAX_VERSION - MAX_GRANT_MS))
    return GrantRequest(
        draw(st.from_regex(r"[a-z][a-z0-9-]{0,39}", fullmatch=True)),
        draw(st.from_regex(r"[0-9a-f]{32}", fullmatch=True)),
        draw(st.sampled_from(GrantPurpose)),
        draw(st.sampled_from(GrantReason)),
        since,
        since + draw(st.integers(1, MAX_GRANT_MS)),
    )


@given(requests())
def test_every_request_is_read_as_written_and_is_no_answer(request):
    body = request_body(request)
    assert read_request(body) == request
    assert read_answer(body) is None
    assert fits_grant(grant_id(request), request.requester, body)


@given(requests(), requests())
def test_two_requests_have_one_name_only_where_they_are_the_same(one, other):
    assert (grant_id(one) == grant_id(other)) == (one == other)


@pytest.mark.parametrize(
    "changes",
    [
        {"until": 1_000},
        {"until": 1_001 + MAX_GRANT_MS},
        {"since": 0},
        {"task_id": "a" * 31},
        {"task_id": "jane.doe@example.org"},
        {"requester": "redact.demo"},
    ],
)
def test_no_request_is_made_of_what_no_reader_takes(changes):
    with pytest.raises(ValueError, match="no request"):
        request_body(replace(REQUEST, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"do": "approve"},
        {"purpose": "curiosity"},
        {"reason": "because"},
        {"since": True},
        {"since": "1000"},
        {"until": None},
        {"more": 1},
        {"task": 5},
    ],
)
def test_a_request_of_another_form_is_none(changes):
    assert read_request(json.dumps(json.loads(request_body(REQUEST)) | changes).encode()) is None


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b"[" * 400, b'{"do":"request"}', b"x" * 501])
def test_what_says_nothing_is_neither_request_nor_answer(body):
    assert read_request(body) is None
    assert read_answer(body) is None


@pytest.mark.parametrize("answer", GrantAnswer)
def test_answers_are_read_as_written_and_stand_under_any_grant(answer):
    assert read_answer(answer_body(answer)) is answer
    assert read_answer(answer_body(answer) + b" ") is None
    assert fits_grant("f" * 64, "abel", answer_body(answer))


def test_nobody_requests_in_anothers_name_or_under_another_hash():
    body = request_body(REQUEST)
    assert not fits_grant(grant_id(REQUEST), "ruth", body)
    assert not fits_grant("f" * 64, "rita", body)
    spaced = body.replace(b",", b", ")
    assert not fits_grant(grant_id(REQUEST), "rita", spaced)
