"""From overlapping finds to disjoint ones."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect.find import CERTAIN, LIKELY, STRONG, Find
from streams.redact.detect.merge import union

FINDS = st.lists(
    st.builds(
        Find,
        st.integers(0, 30),
        st.integers(0, 30),
        st.sampled_from(["PERSON", "EMAIL_ADDRESS", "NUMBER"]),
        st.sampled_from([LIKELY, STRONG, CERTAIN]),
    ),
    max_size=8,
)


def test_an_address_stays_one_although_parts_of_it_are_a_name():
    address = Find(0, 26, "EMAIL_ADDRESS", CERTAIN)
    parts = [
        Find(0, 7, "PERSON", STRONG),
        Find(0, 18, "PERSON", CERTAIN),
        Find(0, 26, "EMAIL_ADDRESS", STRONG),
        address,
    ]
    assert union(parts) == [address]


@given(FINDS)
def test_the_union_is_disjoint_and_covers_the_same_characters(finds):
    merged = union(finds)
    assert all(one.end <= two.start for one, two in pairwise(merged))
    covered = {place for find in finds for place in range(find.start, find.end)}
    assert {place for find in merged for place in range(find.start, find.end)} == covered


@given(FINDS, st.randoms(use_true_random=False))
def test_the_order_of_finds_does_not_matter(finds, random):
    shuffled = list(finds)
    random.shuffle(shuffled)
    assert union(shuffled) == union(finds)
