"""`veil keys`, by a key administrator whom an installation has invited, on the real broker and vault."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy import keys
from deploy.cli.app import main
from deploy.keys import Standing, keys_of, retire, trim
from deploy.keys_said import believed, said_by
from deploy.signin import invitation
from schemas.audit import AuditEvent, Decision, Event, EventType
from schemas.errors import ConfigError
from schemas.records import RawReference
from schemas.resources import key_resource, raw_resource
from streams.engine.chain import Chain
from streams.engine.processor import Slot
from tests.support.codes import fresh_code
from tests.support.inviting import invited
from topology.identity import Identity
from topology.loading import load_topology
from vault.clocks import ToldTime
from vault.interface import KeyVersions
from vault.retirement import Hold, Needed, Sweep

PROJECT = """
name: {name}
owner: the tests of Veilstream
persons:
  authors: [vera]
  approvers: [viggo]
  annotators: [vito]
  key_administrators: [vilma]
"""
DEMO = SimpleNamespace(topology=load_topology(), project="demo")
NOW, MONTH = 1_800_000_000_000, 31 * 86_400_000


# By which clock


@pytest.mark.parametrize("end", [retire, trim])
@pytest.mark.parametrize("told", [ToldTime(NOW - MONTH, 0), ToldTime(NOW + MONTH, 0), None])
def test_no_version_ends_by_a_clock_that_is_not_vault_s(end, told, monkeypatch):
    versions = KeyVersions("view-demo", 3, 2, 0, {2: 0, 3: 0})
    due = Standing(versions, 0, 0, Needed(3, Hold.NOTHING), trimmable=2)
    monkeypatch.setattr(keys, "standings", lambda *_: [due])
    monkeypatch.setattr(keys, "require_role", lambda *_: None)
    around = SimpleNamespace(
        **vars(DEMO),
        identity=Identity("kay", "demo"),
        clock=SimpleNamespace(now=lambda: NOW),
        vault=SimpleNamespace(told_time=lambda: told),
    )
    with pytest.raises(ConfigError, match=r"Vault's.*no version of a key ends by it"):
        end(around, (), lambda: pytest.fail("a second factor was asked for"), NOW)


# What the audit says


def event(kind, process, resource, time=1, **details):
    person = process.removeprefix("person.") if process.startswith("person.") else ""
    return AuditEvent(
        f"{process}.0", 1, 1, b"", process, time, kind, resource, "success", Decision.NONE,
        person, "", "", "", (), None, None, details,
    )  # fmt: skip


def swept(oldest, since, process="keeper.demo"):
    return event(
        EventType.KEY_REWRAPPED,
        process,
        key_resource("view-demo"),
        oldest=str(oldest),
        since=str(since),
        version="3",
    )


def test_the_end_of_keepers_last_pass_counts_and_nobody_elses_word():
    under_way = event(EventType.KEY_REWRAPPED, "keeper.demo", key_resource("view-demo"), version="3")
    said = said_by([swept(1, 5), swept(2, 9), under_way, swept(3, 10, process="label.demo")])
    assert said.sweeps == {"view-demo": Sweep(9, 2)}


def test_since_when_a_minimum_is_in_force_is_what_its_person_has_said():
    told = event(EventType.KEY_RETIRED, "person.kay", key_resource("view-demo"), time=7, minimum="2")
    assert said_by([told]).retired == {("view-demo", 2): 7}


def test_a_record_that_may_have_been_released_before_holds_the_key_of_raw_records():
    def copied(revision, time):
        resource = raw_resource(RawReference("raw.demo", 0, 1, revision))
        return event(EventType.RELEASE_COPIED, "replay.demo", resource, time=time)

    assert said_by([copied(1, 7)]).released_at == 0
    assert said_by([copied(1, 7), copied(2, 8), copied(1, 9)]).released_at == 8


def chained(epoch, last=None, slot="keeper.demo.0", since=1, signer=None):
    """An epoch of a slot in which one pass over the view key came to its end; its events, and where it ended."""
    place = Slot(slot, epoch, slot.rpartition(".")[0], "demo")
    key = signer or KEEPER
    chain = Chain(place, last, "keeper.demo", key.sign)
    told = Event(EventType.KEY_REWRAPPED, key_resource("view-demo"), details={"since": str(since), "oldest": "2"})
    linked = chain.extend([chain.started({}), told], since)
    return [one.event for one in linked], chain.state(positioned=True)


KEEPER = Ed25519PrivateKey.generate()
PINS = {"keeper.demo": KEEPER.public_key().public_bytes_raw()}


def test_what_a_process_has_signed_is_believed():
    first, ended = chained(1, since=1)
    second, _ = chained(2, ended, since=2)
    found, wrong = believed([*first, *second], PINS)
    assert (said_by(found).sweeps, wrong) == ({"view-demo": Sweep(2, 2)}, frozenset())


def test_of_a_chain_whose_beginning_has_expired_counts_what_comes_after_the_next_start():
    first, ended = chained(1, since=1)
    second, _ = chained(2, ended, since=2)
    assert said_by(believed(first[1:], PINS)[0]).sweeps == {}
    found, wrong = believed([*first[1:], *second], PINS)
    assert (said_by(found).sweeps, wrong) == ({"view-demo": Sweep(2, 2)}, frozenset())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda events: [events[0], replace(events[1], details={"since": "1", "oldest": "3"})],
        lambda events: [events[0], replace(events[1], head_signature=None)],
        lambda events: chained(1, signer=Ed25519PrivateKey.generate())[0],
        lambda events: [*events, replace(events[1], slot="label.demo.0", sequence=1)],
    ],
    ids=["changed", "unsigned", "another key", "another slot"],
)
def test_a_keeper_whose_chain_does_not_hold_ends_no_version(spoil):
    found, wrong = believed(spoil(chained(1)[0]), PINS)
    assert "keeper.demo" in wrong
    assert said_by(found).sweeps == {}


def test_nobody_continues_a_chain_that_they_have_made_up():
    """A slot that seems to have lost its beginning is worth nothing without a start that keeper has certified."""
    events, _ = chained(1, slot="keeper.demo.9", signer=Ed25519PrivateKey.generate())
    again, _ = chained(2, slot="keeper.demo.9", signer=Ed25519PrivateKey.generate())
    found, _ = believed([replace(it, sequence=it.sequence + 4) for it in events] + again, PINS)
    assert said_by(found).sweeps == {}


# Which keys


def test_keys_are_named_in_whole_or_by_kind_and_all_are_meant_without_a_name():
    assert keys_of(DEMO, ["view", "view-demo", "token"]) == ("view-demo", "hmac-demo-token")
    every = keys_of(DEMO, [])
    assert len(every) == len(DEMO.topology.flow.keys) + len(DEMO.topology.flow.hmac)
    assert not any(key.startswith("sign-") for key in every)


@pytest.mark.parametrize("name", ["sign-ada", "sign-redact.demo"])
def test_a_signing_key_is_refused_with_the_reason(name):
    with pytest.raises(ConfigError, match="is pinned"):
        keys_of(DEMO, [name])


@pytest.mark.parametrize("name", ["view-other", "", "unheard-of"])
def test_another_key_is_refused_and_those_there_are_named(name):
    with pytest.raises(ConfigError, match="hmac-demo-record"):
        keys_of(DEMO, [name])


# By the command line


@pytest.fixture(scope="module")
def keyed(stack):
    """A project whose key administrator is invited."""
    with invited(stack, "keyed", PROJECT) as pipeline:
        yield pipeline


@pytest.fixture
def veil(keyed, capsys, monkeypatch):
    """Run `veil keys …` as vilma, who types password and code."""

    def run(*arguments, code=0):
        invited = invitation.read(keyed.root, invitation.keys_name("vilma"))

        def typed(text, **_options):
            if text.startswith("Password"):
                return invited.password
            return fresh_code(invited.otpauth, used)

        monkeypatch.setattr("typer.prompt", typed)
        shared = ("--as", "vilma", "--project", keyed.project, "--root", str(keyed.root), "--json")
        monkeypatch.setattr("sys.argv", ["veil", "keys", *arguments, *shared])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        assert (ended.value.code or 0) == code, told.err
        return json.loads(told.out) if told.out else told.err

    used = set()
    return run


@pytest.mark.stack
def test_keys_are_rotated_and_their_standing_is_told(keyed, veil):
    (before,) = veil("status", "quarantine")["keys"]
    assert (before["version"], before["minimum"], before["held_by"], before["overdue"]) == (1, 1, "nothing", False)
    assert before["age_ms"] < before["limit_ms"]
    rotated = veil("rotate", "quarantine")["rotated"]
    assert rotated == [{"key": f"quarantine-{keyed.project}", "version": 2}]
    (after,) = veil("retire", "quarantine")["keys"]  # nothing is due, so nothing is asked
    assert (after["version"], after["minimum"], after["needed"], after["held_by"]) == (2, 1, 1, "writers")
    assert after["held_until"] > 0
    (trimmed,) = veil("trim", "quarantine")["keys"]
    assert trimmed["available"] == 0
    (event,) = [it for it in keyed.events(EventType.KEY_ROTATED) if it.person == "vilma"]
    assert event.details == {"version": "2"}


@pytest.mark.stack
def test_others_are_refused_in_a_sentence(keyed, veil):
    assert "is not rotated" in veil("rotate", "sign-vera", code=2)
