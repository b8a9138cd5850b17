from __future__ import annotations

import pytest

from schemas.errors import ConfigError, Reason, Refused
from schemas.routing import ROUTINE, routing
from topology.loading import load_topology, parse_project
from topology.project_document import MAX_BATCHES, MAX_PROJECT_SKILLS
from topology.routes import KnownRoutes

PROJECT = """
name: p
owner: o
persons: {authors: [a], approvers: [b], annotators: [c]}
"""
KNOWN = KnownRoutes(frozenset({"week-48"}), frozenset({"de", "medical"}))


def load(more: str) -> KnownRoutes:
    return parse_project(PROJECT + more, "p.yaml", load_topology().flow).routes


def test_a_project_names_its_batches_and_skills_and_knows_those_that_somebody_has():
    routes = load("batches: [week-48]\nskills: [legal]\nqualifications: {c: {skills: [de, medical]}}\n")
    assert routes == KnownRoutes(frozenset({"week-48"}), frozenset({"de", "medical", "legal"}))
    assert load("") == KnownRoutes()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("batches: [Week 48]", "batches.0: String should match"),
        (f"batches: [{','.join(f'b{n}' for n in range(MAX_BATCHES + 1))}]", "batches: Tuple should have at most"),
        (f"skills: [{','.join(f's{n}' for n in range(MAX_PROJECT_SKILLS + 1))}]", "skills: 65 with those of"),
    ],
)
def test_names_out_of_bounds_are_refused(more, message):
    with pytest.raises(ConfigError) as caught:
        load(more)
    assert message in str(caught.value)


def test_only_known_names_pass():
    for known in (ROUTINE, routing(9, "week-48", ["de", "medical"])):
        KNOWN.check(known)
        KNOWN.check(routing(0, "", known.skills))


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (routing(5, "ada-lovelace"), Reason.UNKNOWN_BATCH),
        (routing(5, "", ["de", "ada-lovelace"]), Reason.UNKNOWN_SKILL),
    ],
)
def test_an_unknown_name_is_refused_and_not_quoted(made, reason):
    with pytest.raises(Refused) as caught:
        KNOWN.check(made)
    assert caught.value.reason is reason
    assert "ada" not in str(caught.value)
