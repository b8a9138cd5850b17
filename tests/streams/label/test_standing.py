from __future__ import annotations

import pytest

from streams.label.standing import Standing, standing
from topology.project import Persons

PERSONS = Persons(("ada",), ("grace",), ("olga",), ("ann", "ada", "grace", "olga", "both"), ("judge", "both"))


@pytest.mark.parametrize("person", ["ann", "judge"])
def test_who_labels_may(person):
    assert standing(person, PERSONS) is Standing.ANNOTATOR


@pytest.mark.parametrize("person", ["ada", "grace", "olga", "both"])
def test_who_labels_and_has_another_duty_may_not(person):
    assert standing(person, PERSONS) is Standing.CONFLICT


@pytest.mark.parametrize("person", ["", "eve", "Ann", "ann "])
def test_anybody_else_may_not(person):
    assert standing(person, PERSONS) is Standing.NOT_ANNOTATOR


def test_where_persons_can_not_be_read_nobody_may():
    assert standing("ann", None) is Standing.NOT_ANNOTATOR
