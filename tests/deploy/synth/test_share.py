from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deploy.synth.share import Published, missing, published


def test_gold_and_others_are_told_apart_by_where_partitions_end():
    """Seven others; two gold records in partition 0, one in 1: each with its marker, on both topics."""
    assert published({0: 5 + 4, 1: 2 + 2}, {0: 4, 1: 2}) == Published(others=7, gold=3)
    assert published({}, {}) == Published(0, 0)


def test_what_was_there_before_does_not_count():
    assert Published(100, 5).since(Published(60, 2)) == Published(40, 3)


@given(st.integers(0, 100_000), st.integers(1, 999))
def test_what_is_missing_brings_the_share_to_what_was_asked_and_no_further(others, share):
    gold = missing(Published(others, 0), share)
    assert gold * 1000 <= share * (others + gold)
    assert (gold + 1) * 1000 > share * (others + gold + 1)
    assert missing(Published(others, gold), share) == 0
    assert missing(Published(others, max(0, gold - 1)), share) == min(1, gold)


def test_no_share_and_all_of_it_ask_for_nothing():
    assert missing(Published(100, 0), 0) == missing(Published(100, 0), 1000) == 0
