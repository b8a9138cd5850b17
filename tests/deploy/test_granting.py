"""Grants by the command line, by people whom an installation has invited, on the real broker and vault."""

from __future__ import annotations

import json

import pytest

from deploy.cli.app import main
from deploy.granting import Seen, by_grant, printable
from deploy.signin import invitation
from schemas.audit import AuditEvent, Decision, EventType
from tests.support.inviting import invited
from tests.support.waiting import wait_for
from vault.segments.document import KeyReference

PROJECT = """
name: {name}
owner: the tests of Veilstream
persons:
  authors: [lena]
  approvers: [luis]
  annotators: [lou]
  requesters: [lisa]
  grant_approvers: {{a: [lara], b: [levi]}}
"""
NAME = "Zorvik Quelmer"
RECORD = {"customer": {"name": NAME, "note": "My kettle broke"}, "product": "kettle"}


@pytest.fixture(scope="module")
def lent(stack):
    """A project with one task, its people invited."""
    with invited(stack, "lent", PROJECT) as pipeline:
        pipeline.start("redact", "reveal")
        pipeline.sign("lena", "luis")
        pipeline.publish(RECORD)
        pipeline.wait_records("tasks", 1)
        yield pipeline


@pytest.fixture
def veil(stack, lent, capsys, monkeypatch):
    """`veil grant …` at a terminal; of who signs in, password and code are those of their invitation."""

    def run(*arguments, person="", terminal=True):
        options = ["--root", str(stack.root)]
        if arguments[0] != "code":
            options += ["--project", lent.project]
        if person and arguments[0] in ("approve", "open"):
            invited = invitation.read(stack.root, invitation.grants_name(person))
            typed = iter([invited.password, json.loads(run("code", "--person", person, "--json")[1])["code"]])
            monkeypatch.setattr("deploy.cli.grant.typer.prompt", lambda *_, **__: next(typed))
        monkeypatch.setattr("sys.stdout.isatty", lambda: terminal, raising=False)
        monkeypatch.setattr(
            "sys.argv", ["veil", "grant", *arguments, *(["--as", person] if person else []), *options]
        )
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def told(answer):
    code, out, err = answer
    assert code == 0, err
    return json.loads(out)


def requested(veil, lent):
    (task,) = lent.records("tasks")
    given = ("--purpose", "label_dispute", "--reason", "meaning_lost", "--minutes", "30", "--json")
    made = told(veil("request", task.task_id, *given, person="lisa"))
    assert (made["state"], made["requester"], made["task"]) == ("waiting", "lisa", task.task_id)
    kind = EventType.GRANT_LOCATED
    wait_for(
        lambda: any(it.details["grant"] == made["grant"] for it in lent.events(kind)), "reveal takes the grant up"
    )
    return made["grant"]


def state(veil, grant):
    (found,) = [one for one in told(veil("list", "--json")) if one["grant"] == grant]
    return found["state"]


@pytest.mark.stack
def test_a_grant_is_requested_approved_by_two_and_opened_on_a_terminal_once(veil, lent):
    grant = requested(veil, lent)
    code, _, err = veil("open", grant[:12], person="lisa")
    assert (code, "waits for group a and group b" in err) == (2, True)
    half = told(veil("approve", grant[:12], "--json", person="lara"))
    assert (half["state"], half["approved_a"], half["approved_b"]) == ("waiting", ["lara"], [])
    assert told(veil("approve", grant, "--json", person="levi"))["state"] == "in force"
    assert "in force" in veil("list")[1]
    code, out, err = veil("open", grant, person="lisa", terminal=False)
    assert (code, out, "on a terminal alone" in err) == (2, "", True)
    assert NAME in " ".join(veil_opened(veil, grant).split())
    assert state(veil, grant) == "opened"
    code, out, err = veil("deny", grant, person="lisa")
    assert (code, "lisa may not deny grants" in err) == (2, True)


def veil_opened(veil, grant):
    """What the terminal shows. A code is good once: the one of a refused try was not used."""
    code, out, err = veil("open", grant, person="lisa")
    assert code == 0, err
    return out


@pytest.mark.stack
@pytest.mark.parametrize(("person", "word", "after"), [("levi", "deny", "denied"), ("lisa", "revoke", "revoked")])
def test_who_says_no_ends_it_and_everybody_is_told(veil, lent, person, word, after):
    grant = requested(veil, lent)
    assert told(veil(word, grant, "--json", person=person))["state"] == after
    assert state(veil, grant) == after
    code, _, err = veil("approve", grant, person="lara")
    assert (code, f"denied or revoked by {person}" in err) == (2, True)
    assert f"ended by {person}" in veil("list")[1]


@pytest.mark.stack
def test_a_grant_that_is_not_there_is_told(veil):
    code, _, err = veil("revoke", "00", person="lisa")
    assert (code, "has no grants 00" in err) == (2, True)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Zoë Müller, 山田", "Zoë Müller, 山田"),
        ("a\x1b]0;title\x07b", r"a\x1b]0;title\x07b"),
        ("a\x9b31m\nb\t", r"a\x9b31m\nb\t"),
        ("\u202egnp", r"\u202egnp"),
    ],
)
def test_a_value_gives_the_terminal_no_orders(value, shown):
    assert printable(value) == shown


def event(kind, process="reveal.demo", outcome="success", reason="", **details):
    return AuditEvent(
        f"{process}.0", 1, 1, b"", process, 7, kind, "task/x", outcome, Decision.NONE,
        "rita", "", reason, "", (), None, None, {"grant": "g", **details},
    )  # fmt: skip


def test_only_what_reveal_itself_has_said_of_a_grant_counts():
    halves = {"half_a": "half-a/s/7/ff", "half_b": "half-b/s/7/ee", "context": "s/7"}
    located = event(EventType.GRANT_LOCATED, **halves)
    expected = (KeyReference("", "s/7", "half-a/s/7/ff"), KeyReference("", "s/7", "half-b/s/7/ee"))
    assert by_grant([located]) == {"g": Seen(expected)}
    assert by_grant([located, event(EventType.VALUE_REVEALED)]) == {"g": Seen(expected, "", 7)}
    gone = event(EventType.GRANT_LOCATED, outcome="failed", reason="withdrawn")
    assert by_grant([gone]) == {"g": Seen(None, "withdrawn")}
    assert by_grant([event(EventType.GRANT_LOCATED, "label.demo", **halves), event(EventType.TASK_VIEWED)]) == {}
