"""Shutting people out and letting them in again, each order under the identity of who gives it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from deploy.cli.app import main
from deploy.compliance import audit_topic, compliance
from deploy.revoking import reinstate, revoke
from schemas.audit import EventType
from schemas.control import RevocationReason
from schemas.errors import ConfigError
from streams.audit.reader import Reader, read_events
from tests.support.declaring import declared

pytestmark = pytest.mark.stack

PROJECT = """
name: {name}
owner: the tests of Veilstream
persons: {{authors: [timo], approvers: [thora], operators: [tull, toni], annotators: [tabea]}}
apps: {{raya: {{acts_for: [tabea]}}}}
"""
WHY = RevocationReason.REHEARSAL


@pytest.fixture
def project(stack) -> Iterator[str]:
    """A project of this test alone; the people of them all are the same, and of no other tests: some stay revoked,
    and a warden that runs on the same stack ends what they log in with.
    """
    with declared(stack, "shut", PROJECT) as name:
        yield name


@pytest.fixture
def second(stack) -> Iterator[str]:
    """Another one of the same people."""
    with declared(stack, "shut", PROJECT) as name:
        yield name


def test_one_revokes_and_two_let_in_again_and_all_is_on_the_audit(stack, project):
    root = stack.root
    shut = revoke(root, project, "tull", "tabea", WHY)
    assert (shut.key, shut.by, shut.signed_by) == (f"revoke/{project}/tabea/tull", ("tull",), ())
    assert shut.missing == ("an operator (tull or toni)", "an approver (thora)")
    half = reinstate(root, project, "toni", "tabea")
    assert (half.by, half.signed_by, half.missing) == (("tull",), ("toni",), ("an approver (thora)",))
    assert reinstate(root, project, "thora", "tabea").by == ()
    assert revoke(root, project, "thora", "tabea", WHY).by == ("thora",), (
        "what was signed before does not count again"
    )

    with compliance(root) as seen:
        assert seen.book().revoked(project, "tabea")
        found = list(read_events(seen.log, Reader(seen.codec), [audit_topic(project)]))
    said = [
        (one.type, one.person, one.details) for one in sorted(found, key=lambda event: event.time) if one.person
    ]
    assert [(kind, person) for kind, person, _ in said] == [
        (EventType.REVOCATION_ORDERED, "tull"),
        (EventType.REINSTATEMENT_SIGNED, "toni"),
        (EventType.REINSTATEMENT_SIGNED, "thora"),
        (EventType.REVOCATION_ORDERED, "thora"),
    ]
    assert [details.get("revoked") or details["reinstated"] for _, _, details in said] == ["tabea"] * 4


def test_who_is_revoked_in_one_project_is_told_to_be_shut_out_of_their_others_too(stack, project, second):
    assert second in revoke(stack.root, project, "tull", "tabea", WHY).elsewhere
    revoke(stack.root, second, "tull", "tabea", WHY)
    reinstate(stack.root, project, "toni", "tabea")
    shut = reinstate(stack.root, project, "thora", "tabea")
    assert (shut.by, second in shut.still) == ((), True)
    reinstate(stack.root, second, "toni", "tabea")
    assert second not in reinstate(stack.root, second, "thora", "tabea").still


def test_what_makes_no_sense_is_refused_in_words(stack, project):
    root = stack.root
    revoke(root, project, "tull", "thora", WHY)
    for act, message in (
        (lambda: revoke(root, project, "timo", "tabea", WHY), "timo may not revoke people"),
        (lambda: revoke(root, project, "tull", "nobody", WHY), "names nobody called nobody"),
        (lambda: reinstate(root, project, "tull", "tabea"), "tabea is not revoked"),
        (lambda: reinstate(root, project, "thora", "thora"), "nobody lets themselves in again"),
        (lambda: reinstate(root, project, "timo", "thora"), "timo may not let revoked people in again"),
    ):
        with pytest.raises(ConfigError, match=message):
            act()


def test_the_commands_say_what_holds_and_who_has_yet_to_sign(stack, project, second, capsys, monkeypatch):
    def veil(*arguments):
        monkeypatch.setattr(
            "sys.argv", ["veil", "contain", *arguments, "--project", project, "--root", str(stack.root)]
        )
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().out

    code, said = veil("revoke", "raya", "--as", "tull", "--reason", "leaking_app", "--json")
    assert code == 0
    assert json.loads(said) == {
        "project": project,
        "person": "raya",
        "control_key": f"revoke/{project}/raya/tull",
        "revoked_by": ["tull"],
        "signed_by": [],
        "missing": ["an operator (tull or toni)", "an approver (thora)"],
        "elsewhere": [second],
        "revoked_elsewhere": [],
    }
    code, said = veil("resume", "--person", "raya", "--as", "tull")
    assert (code, "missing: an approver (thora)" in said) == (0, True)
    code, said = veil("resume", "--person", "raya", "--as", "thora")
    assert (code, "raya may enter" in said) == (0, True)
    assert veil("resume", "--person", "raya", "--of", "keeper", "--as", "thora")[0] == 2
