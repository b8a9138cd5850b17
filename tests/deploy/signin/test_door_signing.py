from __future__ import annotations

import hashlib

import pytest

from deploy.signin.door_signing import to_sign
from schemas.control import control_message, lift_body
from schemas.quarantine_release import QuarantineRelease, ReleaseReason, release_body

BODY = b"a policy"
DIGEST = "28bb3a7ed3ef8e6a9fb06c38a5a8c35bd5c3d4c4b55c1c7b60ea3a6a0d5d9c1e"
ORIGINS = {"client": "http://127.0.0.1:7000"}
ASKED = {
    "client_id": "client",
    "request": "0" * 32,
    "key": f"policy/demo/{DIGEST}/ada",
    "version": "17",
    "kind": "policy",
    "digest": DIGEST,
}


def test_what_is_shown_is_what_is_signed():
    wanted = to_sign(ASKED, ORIGINS)
    assert (wanted.person, wanted.project) == ("ada", "demo")
    assert DIGEST in wanted.words
    assert wanted.message == f"veilstream/control/v1\npolicy/demo/{DIGEST}/ada\n17\npolicy\n{DIGEST}\n".encode()
    assert wanted.back("AB+=").startswith("http://127.0.0.1:7000/signed?request=")


def test_it_is_the_message_that_readers_of_control_check():
    digest = hashlib.sha256(BODY).hexdigest()
    key = f"policy/demo/{digest}/ada"
    wanted = to_sign(ASKED | {"key": key, "digest": digest}, ORIGINS)
    assert wanted.message == control_message(key, 17, "policy", BODY)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "other"}, {"kind": "freeze"}, {"kind": "job"}, {"digest": "0" * 64}, {"version": "x"},
        {"key": "freeze/demo/ada"}, {"key": f"policy/demo/{DIGEST}/ada\nx"}, {"request": "x"}, {"more": "x"},
        {"key": f"policy/demo/{DIGEST}/redact.demo"}, {"version": "1\n2"},
    ],
)  # fmt: skip
def test_a_request_that_contradicts_itself_or_is_of_nobody_is_none(changes):
    assert to_sign(ASKED | changes, ORIGINS) is None


OVER = hashlib.sha256(lift_body(7)).hexdigest()
LIFT = ASKED | {"key": "lift/demo/contain.demo/ada", "kind": "lift", "digest": OVER, "up_to": "7"}


def test_of_the_end_of_freezes_it_is_shown_whose_and_up_to_which():
    wanted = to_sign(LIFT, ORIGINS)
    assert wanted.words.startswith("The freezes of demo by contain.demo up to version 7 are over")
    assert wanted.message == control_message("lift/demo/contain.demo/ada", 17, "lift", lift_body(7))


@pytest.mark.parametrize(
    "changes",
    [
        {"up_to": "8"}, {"up_to": "07"}, {"up_to": "0"}, {"up_to": "x"}, {"digest": "0" * 64},
        {"key": f"policy/demo/{DIGEST}/ada"}, {"key": "lift/demo/ada"}, {"key": "lift/demo/olga\nx/ada"},
        {"kind": "policy"},
    ],
)  # fmt: skip
def test_the_end_of_freezes_that_contradicts_itself_is_none(changes):
    assert to_sign(LIFT | changes, ORIGINS) is None
    assert to_sign(ASKED | {"up_to": "7"}, ORIGINS) is None


ORDER = QuarantineRelease(0, 17, 1, 3, ReleaseReason.ACCEPTED_RISK)
RELEASE = ASKED | {
    "key": "release/demo/0.17.1/ada",
    "kind": "release",
    "digest": hashlib.sha256(release_body(ORDER)).hexdigest(),
    "policy": "3",
    "reason": "accepted_risk",
}


def test_of_a_release_it_is_shown_which_record_under_which_policy_and_why():
    wanted = to_sign(RELEASE, ORIGINS)
    words = "raw.demo/0/17, revision 1, from quarantine, in spite of its risk, under policy version 3"
    assert words in wanted.words
    assert "because: accepted_risk, SHA-256" in wanted.words
    assert wanted.message == control_message("release/demo/0.17.1/ada", 17, "release", release_body(ORDER))


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": "mended"}, {"reason": "because"}, {"policy": "4"}, {"policy": "03"}, {"digest": "0" * 64},
        {"key": "release/demo/0.017.1/ada"}, {"key": "release/demo/0.17/ada"}, {"kind": "policy"},
        {"policy": "9999999"}, {"up_to": "7"}, {"key": "release/demo/ada/ada"},
    ],
)  # fmt: skip
def test_a_release_that_contradicts_itself_is_none(changes):
    assert to_sign(RELEASE | changes, ORIGINS) is None
    assert to_sign(ASKED | {"policy": "3", "reason": "mended"}, ORIGINS) is None


def test_a_request_that_is_not_whole_is_none():
    for name in ASKED:
        assert to_sign({key: value for key, value in ASKED.items() if key != name}, ORIGINS) is None
