from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from schemas.control import Freezable, lift_body
from schemas.quarantine_release import ReleaseReason, release_body
from streams.console.signatures import signatures, to_sign
from tests.topology.test_control import TOPOLOGY, apply_all, freeze, lift, minimum, policy, signed
from tests.topology.test_quarantine_releases import ORDER
from tests.topology.test_quarantine_releases import order as release
from topology.policies import load_policy, policy_bytes

DEMO = TOPOLOGY.project("demo")
OLD = load_policy("demo")
NOW = 2
BODIES = {version: policy_bytes(replace(OLD, version=version, overlap=version)) for version in (1, 2, 3)}


def hash_of(version):
    return hashlib.sha256(BODIES[version]).hexdigest()


def sign(version, *signers):
    return [signed("policy", "demo", hash_of(version), signer, BODIES[version]) for signer in signers]


def told(*states):
    return signatures(apply_all(list(states)), DEMO, NOW)


def test_newest_first_with_who_has_signed_and_who_is_missing():
    found = told(*sign(1, "ada", "grace"), *sign(2, "ada"))["policies"]
    assert [(it["name"], it["state"]) for it in found] == [("demo@2", "pending"), ("demo@1", "in_force")]
    assert [it["signer"] for it in found[0]["signatures"]] == ["ada"]
    assert found[0]["missing"] == [{"role": "approver", "persons": ["grace"]}]
    assert found[1]["missing"] == []


def test_what_a_pending_one_changes_against_what_is_in_force():
    pending = told(*sign(1, "ada", "grace"), *sign(2, "ada"))["policies"][0]
    assert pending["against"] == "demo@1"
    assert [(it["path"], it["old"], it["new"]) for it in pending["changes"]] == [("overlap", "1", "2")]


def test_what_no_signature_could_bring_in_force_does_not_wait():
    found = told(*sign(2, "ada", "grace"), *sign(1, "ada"), *sign(3, "ada"))["policies"]
    assert [it["state"] for it in found] == ["pending", "in_force", "past"]
    found = told(*sign(1, "ada"), minimum(2, "ada"), minimum(2, "grace"))["policies"]
    assert [it["state"] for it in found] == ["below_minimum"]


def test_what_was_signed_unread_is_marked():
    (found,) = told(policy(7, "ada"))["policies"]
    assert (found["readable"], found["state"]) == (False, "pending")


def test_who_has_stopped_what_and_who_has_yet_to_sign_that_it_is_over():
    (found,) = told(freeze("olga", Freezable.LABEL, Freezable.REDACT))["freezes"]
    assert (found["target"], found["stages"], found["reason"]) == ("olga", ["label", "redact"], "rehearsal")
    assert [it["role"] for it in found["missing"]] == ["operator", "approver"]
    assert found["signatures"] == []
    (found,) = told(freeze("olga", Freezable.LABEL), lift("olga", "olga", 1))["freezes"]
    assert (found["signatures"], [it["persons"] for it in found["missing"]]) == ([{"signer": "olga"}], [["grace"]])
    both = lift("olga", "olga", 1), lift("grace", "olga", 1)
    assert told(freeze("olga", Freezable.LABEL), *both)["freezes"] == []


def test_only_who_is_missing_is_asked_whether_a_freeze_is_over():
    book = apply_all([freeze("olga", Freezable.LABEL), lift("olga", "olga", 1)])
    assert to_sign(book, DEMO, "lift", "olga", "grace", NOW) == ("freeze by olga", lift_body(1))
    for target, person in (("olga", "olga"), ("olga", "ada"), ("grace", "grace"), ("contain.demo", "grace")):
        assert to_sign(book, DEMO, "lift", target, person, NOW) is None


def test_keepers_freeze_is_not_signed_over_here():
    keeper = "keeper.demo"
    book = apply_all([freeze(keeper, Freezable.LABEL)])
    (found,) = signatures(book, DEMO, NOW)["freezes"]
    assert (found["target"], found["signable"]) == (keeper, False)
    assert to_sign(book, DEMO, "lift", keeper, "grace", NOW) is None


@pytest.mark.parametrize(
    ("person", "version", "waits"),
    [("grace", 2, True), ("ada", 2, False), ("olga", 2, False), ("grace", 1, False), ("grace", 3, False)],
)
def test_only_who_is_missing_is_asked(person, version, waits):
    book = apply_all([*sign(1, "ada", "grace"), *sign(2, "ada")])
    found = to_sign(book, DEMO, "policy", hash_of(version), person, NOW)
    assert found == (("demo@2", BODIES[2]) if waits else None)


def test_nobody_is_asked_to_sign_what_nobody_can_read():
    state = policy(7, "ada")
    digest = hashlib.sha256(state.body).hexdigest()
    assert to_sign(apply_all([state]), DEMO, "policy", digest, "grace", NOW) is None


def test_a_release_that_one_person_has_signed_waits_for_another_and_tells_no_content():
    (found,) = told(release("olga"))["releases"]
    assert (found["name"], found["revision"], found["version"]) == ("raw.demo/0/17", 1, 2)
    assert (found["reason"], found["in_spite"]) == ("accepted_risk", True)
    assert found["signatures"] == [{"signer": "olga", "at": 1}]
    assert [(it["role"], it["persons"]) for it in found["missing"]] == [("approver", ["grace"])]
    assert told(release("olga"), release("grace"))["releases"] == []


def test_only_who_is_missing_is_asked_to_release_a_record():
    book = apply_all([release("olga")])
    assert to_sign(book, DEMO, "release", ORDER.target, "grace", NOW) == ("raw.demo/0/17", release_body(ORDER))
    for target, person in (
        (ORDER.target, "olga"),
        (ORDER.target, "ada"),
        ("0.18.1", "grace"),
        ("0.17.2", "grace"),
    ):
        assert to_sign(book, DEMO, "release", target, person, NOW) is None


def test_where_two_orders_are_about_one_record_none_is_signed_here():
    other = replace(ORDER, reason=ReleaseReason.FALSE_ALARM)
    book = apply_all([release("olga"), release("olga", other, 2)])
    assert [it["signable"] for it in signatures(book, DEMO, NOW)["releases"]] == [False, False]
    assert to_sign(book, DEMO, "release", ORDER.target, "grace", NOW) is None


def test_a_release_whose_record_quarantine_has_dropped_waits_for_nobody():
    book, gone = apply_all([release("olga")]), 1 + DEMO.retention_ms["quarantine"]
    assert len(signatures(book, DEMO, gone - 1)["releases"]) == 1
    assert signatures(book, DEMO, gone)["releases"] == []
    assert to_sign(book, DEMO, "release", ORDER.target, "grace", gone) is None
