from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.web.places import gives_way, neighbourhood


@dataclass(frozen=True)
class Guest:
    neighbourhood: bytes
    waits_since: float | None


HERE, THERE = b"here", b"there"


def test_whoever_has_let_the_server_wait_longest_gives_way():
    guests = [Guest(HERE, 2.0), Guest(HERE, 1.0), Guest(HERE, 3.0)]
    assert gives_way(guests, HERE) is guests[1]


def test_of_the_address_with_most_places_one_gives_way_however_long_others_wait():
    guests = [Guest(THERE, 0.0), Guest(HERE, 2.0), Guest(HERE, 1.0)]
    assert gives_way(guests, THERE) is guests[2]


def test_who_waits_for_an_answer_keeps_the_place():
    assert gives_way([Guest(HERE, None), Guest(HERE, None)], THERE) is None
    assert gives_way([Guest(HERE, None), Guest(HERE, None), Guest(THERE, 1.0)], b"new") == Guest(THERE, 1.0)


def test_nobody_goes_for_who_has_more_places_already():
    guests = [Guest(HERE, None), Guest(HERE, None), Guest(THERE, 1.0)]
    assert gives_way(guests, HERE) is None


GUESTS = st.lists(
    st.builds(Guest, st.sampled_from([HERE, THERE, b"else"]), st.none() | st.floats(0, 9)), max_size=20
)


@given(GUESTS, st.sampled_from([HERE, THERE, b"new"]))
def test_nobody_with_fewer_places_than_others_who_wait_goes(guests, newcomer):
    found, taken = gives_way(guests, newcomer), Counter(it.neighbourhood for it in guests)
    if found is None:
        assert all(taken[it.neighbourhood] < taken[newcomer] for it in guests if it.waits_since is not None)
        return
    assert found.waits_since is not None
    assert taken[found.neighbourhood] >= taken[newcomer]
    for other in (it for it in guests if it.waits_since is not None):
        assert taken[other.neighbourhood] <= taken[found.neighbourhood]
        assert other.neighbourhood != found.neighbourhood or other.waits_since >= found.waits_since


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%1", "fe80::2", True),
    ],
)
def test_a_customer_s_network_counts_as_one_address(one, other, same):
    assert (neighbourhood(one) == neighbourhood(other)) is same
