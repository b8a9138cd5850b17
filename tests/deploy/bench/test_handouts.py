from __future__ import annotations

from uuid import uuid4

from deploy.bench.handouts import Faults, Handouts


def handouts(**leases: list[str]) -> Handouts:
    found = Handouts()
    for person, ids in leases.items():
        found.add(person, ids)
    return found


def test_a_queue_that_keeps_its_promises_has_no_faults():
    found = handouts(ann=["a-1", "b-1"], ben=["a-2"])
    assert found.faults({"a-1": 1, "b-1": 1, "a-2": 1, "c-1": 1}, overlap=2) == Faults(0, 0, 0)


def test_the_same_task_twice_to_one_person_is_counted():
    assert handouts(ann=["a-1", "a-2"]).faults({"a-1": 1, "a-2": 1}, overlap=2).twice == 1


def test_a_task_with_more_people_than_its_overlap_is_counted():
    found = handouts(ann=["a-1"], ben=["a-2"], cem=["a-3"])
    assert found.faults({"a-1": 1, "a-2": 1, "a-3": 1}, overlap=1).twice == 2


def test_a_task_is_known_by_its_number_however_its_labels_are_named():
    """As Label Studio has it: the name of an answer is a UUID."""
    ids = [f"17-{uuid4()}", f"17-{uuid4()}"]
    assert handouts(ann=ids[:1], ben=ids[1:]).faults(dict.fromkeys(ids, 1), overlap=1).twice == 1


def test_labels_that_are_missing_or_there_twice_are_counted():
    assert handouts(ann=["a-1", "b-1"]).faults({"b-1": 2}, overlap=3) == Faults(0, 1, 1)
