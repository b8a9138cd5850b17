"""Ids of traces and the header: made by hash, and nobody else's gets in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.traces.ids import (
    header_of,
    is_sampled,
    making_of,
    parent_in,
    span_in,
    trace_of,
    trace_of_round,
)

TRACE = trace_of(b"task-1")
SPAN = span_in(TRACE, "label.demo.0", 3, 7)


def test_ids_have_the_lengths_of_w3c_trace_context():
    assert (len(TRACE), len(SPAN), len(making_of(TRACE))) == (16, 8, 8)
    assert len(trace_of_round("label.demo.0", 3, 7, 1)) == 16


@given(st.binary(max_size=40))
def test_a_task_has_one_trace_whoever_asks(task_id):
    assert trace_of(task_id) == trace_of(task_id)
    assert making_of(trace_of(task_id)) == making_of(trace_of(task_id))
    assert task_id not in trace_of(task_id) or len(task_id) < 4


def test_a_repeated_round_has_another_span():
    assert len({SPAN, span_in(TRACE, "label.demo.0", 4, 7), span_in(TRACE, "label.demo.0", 3, 8)}) == 3


def test_parts_of_an_id_do_not_run_into_each_other():
    assert span_in(TRACE, "a1", 1, 1) != span_in(TRACE, "a", 11, 1)


@given(st.binary(min_size=16, max_size=16), st.floats(0, 1), st.floats(0, 1))
def test_a_greater_ratio_tells_all_that_a_smaller_one_does(trace, one, other):
    if is_sampled(trace, min(one, other)):
        assert is_sampled(trace, max(one, other))


@given(st.binary(min_size=16, max_size=16))
def test_none_and_all_are_told_at_the_ends(trace):
    assert not is_sampled(trace, 0)
    assert is_sampled(trace, 1)


def test_about_so_many_are_told_as_the_ratio_says():
    told = sum(is_sampled(trace_of(b"%d" % number), 0.1) for number in range(10_000))
    assert 900 < told < 1_100


def test_a_header_leads_back_to_its_span():
    assert parent_in(header_of(TRACE, SPAN), TRACE) == SPAN


@pytest.mark.parametrize(
    "header",
    [
        None,
        b"",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        header_of(trace_of(b"another"), SPAN),
        header_of(TRACE, SPAN).upper(),
        header_of(TRACE, SPAN) + b"-extra",
        header_of(TRACE, SPAN)[:-2] + b"00",
        b"\xff" * 55,
    ],
)
def test_a_header_that_is_not_ours_for_this_task_counts_as_none(header):
    assert parent_in(header, TRACE) is None
