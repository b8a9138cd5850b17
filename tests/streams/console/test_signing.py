"""Nobody's signature counts but the one that was asked for, given in time, by the key that is pinned."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.signin.door_signing import to_sign
from schemas.audit import EventType
from schemas.control import control_message, control_message_of, lift_body, read_lift
from schemas.errors import CommitInDoubt
from schemas.quarantine_release import read_release, release_body
from streams.console.signing import Wish, Wishes
from streams.console.signing_desk import Signing
from tests.streams.console.site import opened
from tests.topology.test_quarantine_releases import ORDER
from topology.project import Persons, Project

BODY = b'{"name":"demo","version":4}'
HASH = hashlib.sha256(BODY).hexdigest()
KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32) for seed in (1, 2))
PINNED = KEY.public_key().public_bytes_raw()
WISH = Wish("ada", "demo", "policy", HASH, "demo@4", BODY, 1_000)


def message(wish, **changes):
    given = {"key": wish.key, "version": wish.version, "kind": wish.kind, "digest": HASH} | changes
    return control_message_of(given["key"], given["version"], given["kind"], given["digest"])


def test_a_good_signature_makes_the_record_that_the_command_line_would():
    state = WISH.signed(KEY.sign(message(WISH)), PINNED)
    assert (state.key, state.signer, state.body) == (f"policy/demo/{HASH}/ada", "ada", BODY)
    event = WISH.event()
    assert (event.type, event.person, event.parents) == (
        EventType.POLICY_PUBLISHED,
        "ada",
        (f"control/{state.key}",),
    )


def test_the_end_of_a_freeze_is_a_record_of_its_own_and_said_to_be_carried():
    lift = Wish("grace", "demo", "lift", "olga", "freeze by olga", lift_body(7), 1_000)
    message = control_message(lift.key, 1_000, "lift", lift.body)
    state = lift.signed(KEY.sign(message), PINNED)
    assert (state.key, state.kind, read_lift(state.body)) == ("lift/demo/olga/grace", "lift", 7)
    event = lift.event()
    assert (event.type, event.resource) == (EventType.LIFT_CARRIED, "control/lift/demo/olga/grace")
    assert (event.person, event.details) == ("grace", {"of": "olga", "version": "7"})
    assert tuple(parse_qs(lift.query("r", "c"))["up_to"]) == ("7",)
    assert "up_to" not in parse_qs(WISH.query("r", "c"))


RELEASE = Wish("grace", "demo", "release", ORDER.target, "raw.demo/0/17", release_body(ORDER), 1_000)


def test_a_release_is_a_record_of_its_own_and_said_to_be_carried():
    state = RELEASE.signed(KEY.sign(control_message(RELEASE.key, 1_000, "release", RELEASE.body)), PINNED)
    assert (state.key, read_release(ORDER.target, state.body)) == ("release/demo/0.17.1/grace", ORDER)
    event = RELEASE.event()
    assert (event.type, event.resource) == (EventType.RELEASE_CARRIED, "raw/raw.demo/0/17/1")
    assert (event.person, event.reason, event.parents) == ("grace", "accepted_risk", (f"control/{state.key}",))
    asked = parse_qs(RELEASE.query("r", "c"))
    assert (asked["policy"], asked["reason"]) == (["2"], ["accepted_risk"])


def test_the_door_signs_what_the_console_asks_for():
    for wish in (WISH, RELEASE, Wish("grace", "demo", "lift", "contain.demo", "freeze", lift_body(7), 1_000)):
        asked = dict(parse_qsl(wish.query("0" * 32, "client")))
        wanted = to_sign(asked, {"client": "http://127.0.0.1:1"})
        assert wanted.message == control_message(wish.key, wish.version, wish.kind, wish.body)
        assert (wanted.person, wanted.target) == (wish.person, wish.target)


@pytest.mark.parametrize(
    "changes",
    [
        {"key": f"policy/demo/{HASH}/grace"},
        {"key": f"policy/other/{HASH}/ada"},
        {"version": 1_001},
        {"kind": "job"},
        {"digest": "0" * 64},
    ],
)
def test_a_signature_over_anything_else_is_none(changes):
    assert WISH.signed(KEY.sign(message(WISH, **changes)), PINNED) is None


def test_another_key_no_key_and_no_signature_are_none():
    good = KEY.sign(message(WISH))
    assert WISH.signed(OTHER.sign(message(WISH)), PINNED) is None
    assert WISH.signed(good, None) is None
    assert WISH.signed(b"", PINNED) is None


def test_a_wish_is_taken_once_and_in_time():
    wishes = Wishes(kept=2, life_ms=100)
    for name in ("a", "b", "c"):
        wishes.add(name, replace(WISH, version=0))
    assert wishes.take("a", 1) is None  # forgotten: too many
    assert wishes.take("b", 99) is not None
    assert wishes.take("b", 99) is None
    assert wishes.take("c", 100) is None


class Control:
    """What was put on `control`; `doubt`: nobody can tell whether it was."""

    def __init__(self):
        self.published, self.doubt = [], False

    def publish(self, state, event):
        if self.doubt:
            raise CommitInDoubt("a test's")
        self.published.append((state, event))


@pytest.fixture
def control():
    return Control()


@pytest.fixture
def console(control):
    def wanted(project, kind, digest, person):
        return ("demo@4", BODY) if (kind, digest, person) == ("policy", HASH, "ada") else None

    signing = Signing(
        "http://127.0.0.1:9/sign", "client", wanted, lambda _: 1, {"ada": PINNED}.get, control.publish
    )
    made = opened(signing=signing)
    yield made
    made.close()


def asked(browser, **changes):
    return browser.post("/v1/signings", {"project": "demo", "kind": "policy", "target": HASH} | changes)


def signature_for(address, key=KEY):
    given = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    signed = key.sign(control_message_of(given["key"], int(given["version"]), given["kind"], given["digest"]))
    return given["request"], base64.b64encode(signed).decode()


def back(browser, request, signature):
    query = {"request": request, "signature": signature}
    return browser.http.get("/signed", params=query, headers={"sec-fetch-site": "cross-site"}).headers["location"]


def test_what_was_signed_elsewhere_reaches_control_once(console, control):
    browser = console.signed_in("ada")
    request, signature = signature_for(asked(browser).json()["address"])
    assert back(browser, request, signature) == "/#signatures?project=demo"
    assert back(browser, request, signature) == "/?problem=bad_signature"
    ((state, event),) = control.published
    assert (state.signer, event.person) == ("ada", "ada")


def test_another_keys_signature_reaches_nothing(console, control):
    browser = console.signed_in("ada")
    request, signature = signature_for(asked(browser).json()["address"], OTHER)
    assert back(browser, request, signature) == "/?problem=bad_signature"
    assert back(browser, "0" * 32, "%%%") == "/?problem=bad_signature"
    assert control.published == []


def test_who_lost_the_duty_meanwhile_signs_nothing(console, control):
    browser = console.signed_in("ada")
    request, signature = signature_for(asked(browser).json()["address"])
    console.projects = {"demo": Project("demo", "tests", 1, {}, Persons(("eve",), ("grace",), (), ()))}
    assert back(browser, request, signature) == "/?problem=not_permitted"
    assert control.published == []


def test_a_commit_in_doubt_is_told(console, control):
    browser = console.signed_in("ada")
    control.doubt = True
    request, signature = signature_for(asked(browser).json()["address"])
    assert back(browser, request, signature) == "/?problem=signing_in_doubt"


@pytest.mark.parametrize(
    ("person", "changes", "status"),
    [
        ("grace", {}, 409),
        ("iris", {}, 403),
        ("ada", {"project": "other"}, 403),
        ("ada", {"target": "0" * 64}, 409),
        ("ada", {"target": "a/b"}, 400),
        ("ada", {"kind": "freeze"}, 400),
        ("ada", {"more": "x"}, 400),
        ("ada", {"project": 7}, 400),
    ],
)
def test_nobody_is_asked_for_what_is_not_theirs(console, person, changes, status):
    assert asked(console.signed_in(person), **changes).status_code == status


def test_other_sites_ask_nobody_to_sign(console):
    browser = console.signed_in("ada")
    body = {"project": "demo", "kind": "policy", "target": HASH}
    assert browser.post("/v1/signings", body, x_veil_csrf="wrong").status_code == 403
    assert browser.post("/v1/signings", body, origin="https://evil.test").status_code == 403
