from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.decide.matching import match, places, same
from tests.streams.decide.making import answers, says, span


def test_spans_with_the_same_bounds_are_one_cluster() -> None:
    (cluster,) = match([says("a", span(2, 6)), says("b", span(2, 6))])
    assert (cluster.start, cluster.end, cluster.persons, cluster.merged) == (2, 6, {"a", "b"}, "exact")


def test_a_near_span_supports_what_more_than_half_set_exactly_without_moving_it() -> None:
    (cluster,) = match([says("a", span(2, 6)), says("b", span(2, 6)), says("c", span(2, 8))])
    assert (cluster.start, cluster.end, cluster.persons, cluster.merged) == (2, 6, {"a", "b", "c"}, "anchored")


def test_overlapping_spans_without_an_exact_majority_meet_at_the_median() -> None:
    (cluster,) = match([says("a", span(2, 8)), says("b", span(3, 9)), says("c", span(3, 8))])
    assert (cluster.start, cluster.end, cluster.persons, cluster.merged) == (3, 8, {"a", "b", "c"}, "median")


def test_spans_that_share_no_more_than_half_stay_apart() -> None:
    assert not same((0, 2), (0, 4))
    assert same((0, 3), (0, 5))
    assert len(match([says("a", span(0, 2)), says("b", span(0, 4))])) == 2


def test_spans_that_share_more_than_half_meet_wherever_the_later_one_begins() -> None:
    for begin in range(5):
        (cluster,) = match([says("a", span(0, 10)), says("b", span(begin, 10))])
        assert cluster.persons == {"a", "b"}, begin
    assert len(match([says("a", span(0, 10)), says("b", span(5, 10))])) == 2


def test_overlap_never_joins_other_labels_or_fields() -> None:
    found = match([says("a", span(0, 4)), says("b", span(0, 4, "PLACE")), says("c", span(0, 4, field="title"))])
    assert [(it.field, it.label) for it in found] == [
        ("text", "PERSON"),
        ("text", "PLACE"),
        ("title", "PERSON"),
    ]


def test_a_span_set_twice_by_one_person_counts_once() -> None:
    (cluster,) = match([says("a", span(0, 4), span(0, 4)), says("b", span(0, 4))])
    assert cluster.persons == {"a", "b"}


@given(answers(), st.randoms())
def test_the_order_of_people_and_of_their_spans_changes_nothing(people, random) -> None:
    shuffled = [
        says(it.person, *random.sample(it.spans, len(it.spans)), **it.choices)
        for it in random.sample(people, len(people))
    ]
    assert match(shuffled) == match(people)


@given(answers())
def test_every_cluster_lies_within_what_its_people_set(people) -> None:
    for cluster in match(people):
        of_it = [
            span
            for it in people
            for span in it.spans
            if it.person in cluster.persons and span.label == cluster.label
        ]
        assert min(span.start for span in of_it) <= cluster.start < cluster.end
        assert cluster.end <= max(span.end for span in of_it)
        assert 1 <= len(cluster.persons) <= len(people)


@given(answers())
def test_places_hold_every_cluster_once_and_nothing_overlaps_from_one_to_another(people) -> None:
    clusters = match(people)
    found = places(clusters)
    assert sorted(it for place in found for it in place) == sorted(clusters)
    for at, place in enumerate(found):
        assert not any(one.overlaps(other) for later in found[at + 1 :] for one in place for other in later)
        for number, one in enumerate(place[1:], start=1):
            assert any(one.overlaps(before) for before in place[:number])
