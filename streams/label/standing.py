"""What a person is in a project, for the purpose of labeling. Pure."""

from __future__ import annotations

from enum import StrEnum

from streams.label.sessions import Purpose
from topology.project import Persons


class Standing(StrEnum):
    """Whether a person may label. The first may; the others are reasons why not."""

    ANNOTATOR = "annotator"
    NOT_ANNOTATOR = "not_annotator"
    CONFLICT = "conflicting_duties"


def standing(person: str, persons: Persons | None) -> Standing:
    """A person's standing; with no readable list of persons nobody has any. Who labels may hold no other duty."""
    if persons is None or person not in persons.labeling:
        return Standing.NOT_ANNOTATOR
    duties = (*persons.labeling, *persons.authors, *persons.approvers, *persons.operators)
    return Standing.ANNOTATOR if duties.count(person) == 1 else Standing.CONFLICT


def purpose_of(person: str, persons: Persons | None) -> Purpose:
    """What someone who may label is here for."""
    return Purpose.ADJUDICATION if persons and person in persons.adjudicators else Purpose.LABELING
