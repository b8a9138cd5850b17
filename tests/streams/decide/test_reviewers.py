from __future__ import annotations

import pytest

from streams.decide.reviewers import BELIEF, MEMORY, STRANGER, Learned, Snapshot, learned

SURE = Learned("span/PERSON", {"set": 1.0, "not": 0.0}, {"a": "set", "b": "not"})


def test_what_is_learned_counts_each_answer_by_the_chance_of_what_is_true():
    snapshot = learned(Snapshot(), [Learned("choice/tone", {"x": 0.75, "y": 0.25}, {"a": "x"})])
    assert snapshot.version == 2
    assert snapshot.truths == {"choice/tone": {"x": 0.75, "y": 0.25}}
    assert snapshot.people == {"a": {"choice/tone": {("x", "x"): 0.75, ("y", "x"): 0.25}}}


def test_learning_gives_a_new_version_and_leaves_the_old_one_as_it_was():
    first = learned(Snapshot(), [SURE])
    second = learned(first, [SURE])
    assert (first.version, second.version) == (2, 3)
    assert first.people["b"]["span/PERSON"] == {("set", "not"): 1.0}
    assert second.people["b"]["span/PERSON"] == {("set", "not"): 2.0}


def test_a_person_nobody_knows_is_believed_right_four_times_of_five():
    prior = Snapshot().prior("span/PERSON", ("set", "not"), ["a"])
    assert prior.answers["a"] == {
        ("set", "set"): BELIEF,
        ("set", "not"): 1.0,
        ("not", "set"): 1.0,
        ("not", "not"): BELIEF,
    }
    assert prior.classes == {"set": 1.0, "not": 1.0}


def test_the_wrong_answers_of_somebody_unknown_share_one_count():
    prior = Snapshot().prior("choice/tone", ("x", "y", "z"), ["a"])
    assert prior.answers["a"]["x", "y"] == pytest.approx(0.5)


def test_what_is_known_adds_to_the_average_and_only_for_its_kind():
    snapshot = learned(Snapshot(), [Learned("span/PERSON", {"set": 1.0}, {"a": "set", "b": "not"})])
    average = {("set", "set"): STRANGER * 5 / 7, ("set", "not"): STRANGER * 2 / 7}
    known = snapshot.prior("span/PERSON", ("set", "not"), ["b", "stranger"]).answers
    assert known["stranger"].items() >= average.items()
    assert known["b"]["set", "not"] == pytest.approx(average["set", "not"] + 1)
    assert known["b"]["set", "set"] == pytest.approx(average["set", "set"])
    assert snapshot.prior("span/PLACE", ("set", "not"), ["b"]).answers["b"]["set", "not"] == 1.0
    assert snapshot.classes("span/PERSON") == {"set"}


def test_a_stranger_is_trusted_as_the_average_person_is():
    careless = [Learned("span/PERSON", {"set": 1.0}, {"a": "not"})] * 100
    (stranger,) = learned(Snapshot(), careless).prior("span/PERSON", ("set", "not"), ["new"]).answers.values()
    assert stranger["set", "not"] > 4.5
    assert sum(stranger.values()) == pytest.approx(2 * STRANGER)


def test_memory_is_bounded_and_what_is_old_fades():
    snapshot = learned(Snapshot(), [Learned("choice/tone", {"old": 1.0}, {"a": "old"})])
    for _ in range(int(MEMORY) * 12):
        snapshot = learned(snapshot, [Learned("choice/tone", {"x": 1.0}, {"a": "x"})])
    counts = snapshot.people["a"]["choice/tone"]
    assert sum(counts.values()) <= MEMORY + 1e-6
    assert ("old", "old") not in counts
    assert snapshot.classes("choice/tone") == {"x"}
