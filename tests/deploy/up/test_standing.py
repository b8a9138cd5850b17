from __future__ import annotations

import pytest

from deploy.persons import Standing
from topology.policies import load_policy
from topology.project import Persons

POLICY = load_policy("demo")


def persons(authors: tuple[str, ...], approvers: tuple[str, ...]) -> Persons:
    return Persons(authors, approvers, operators=(), annotators=())


@pytest.mark.parametrize(
    ("signed_by", "missing"),
    [
        ((), ("an author (ada)", "an approver (grace or guy)")),
        (("ada",), ("an approver (grace or guy)",)),
        (("guy",), ("an author (ada)",)),
    ],
)
def test_who_has_yet_to_sign_is_named_by_role(signed_by: tuple[str, ...], missing: tuple[str, ...]) -> None:
    now = Standing(POLICY, signed_by, persons(("ada",), ("grace", "guy")), fully_signed=False, in_force=None)
    assert now.missing == missing
    assert not now.rules


def test_one_person_in_both_roles_is_not_enough_and_the_other_signature_is_asked_for() -> None:
    now = Standing(POLICY, ("ada",), persons(("ada",), ("ada", "grace")), fully_signed=False, in_force=None)
    assert now.missing == ("a second person (grace)",)


def test_a_policy_fully_signed_under_a_higher_version_does_not_rule() -> None:
    now = Standing(POLICY, ("ada", "grace"), persons(("ada",), ("grace",)), fully_signed=True, in_force="other")
    assert now.missing == ()
    assert not now.rules
