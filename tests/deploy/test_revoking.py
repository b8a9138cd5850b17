"""Shutting people out and letting them in again, each order under the identity of who gives it."""

from __future__ import annotations

import json
import secrets

import pytest

from deploy.cli.app import main
from deploy.compliance import audit_topic, compliance
from deploy.provisioning import apply_audited
from deploy.revoking import reinstate, revoke
from schemas.audit import EventType
from schemas.control import RevocationReason
from schemas.errors import ConfigError
from streams.audit.reader import Reader, read_events
from topology.loading import load_topology

pytestmark = pytest.mark.stack

PROJECT = """
name: {name}
owner: the tests of Veilstream
persons: {{authors: [rob], approvers: [rita], operators: [roy, rolf], annotators: [ray]}}
apps: {{raya: {{acts_for: [ray]}}}}
"""
WHY = RevocationReason.REHEARSAL


@pytest.fixture
def project(stack) -> str:
    """A project of this test alone; the people of them all are the same."""
    return declare(stack)


def declare(stack) -> str:
    name = f"shut-{secrets.token_hex(4)}"
    folder = stack.root / "projects"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / f"{name}.yaml").write_text(PROJECT.format(name=name))
    apply_audited(load_topology(extra_projects=[folder]), stack.endpoints, stack.root)
    return name


def test_one_revokes_and_two_let_in_again_and_all_is_on_the_audit(stack, project):
    root = stack.root
    shut = revoke(root, project, "roy", "ray", WHY)
    assert (shut.key, shut.by, shut.signed_by) == (f"revoke/{project}/ray/roy", ("roy",), ())
    assert shut.missing == ("an operator (roy or rolf)", "an approver (rita)")
    half = reinstate(root, project, "rolf", "ray")
    assert (half.by, half.signed_by, half.missing) == (("roy",), ("rolf",), ("an approver (rita)",))
    assert reinstate(root, project, "rita", "ray").by == ()
    assert revoke(root, project, "rita", "ray", WHY).by == ("rita",), "what was signed before does not count again"

    with compliance(root) as seen:
        assert seen.book().revoked(project, "ray")
        found = list(read_events(seen.log, Reader(seen.codec), [audit_topic(project)]))
    said = [
        (one.type, one.person, one.details) for one in sorted(found, key=lambda event: event.time) if one.person
    ]
    assert [(kind, person) for kind, person, _ in said] == [
        (EventType.REVOCATION_ORDERED, "roy"),
        (EventType.REINSTATEMENT_SIGNED, "rolf"),
        (EventType.REINSTATEMENT_SIGNED, "rita"),
        (EventType.REVOCATION_ORDERED, "rita"),
    ]
    assert [details.get("revoked") or details["reinstated"] for _, _, details in said] == ["ray"] * 4


def others(stack, project: str) -> list[str]:
    return sorted(file.stem for file in (stack.root / "projects").glob("shut-*.yaml") if file.stem != project)


def test_who_is_revoked_in_one_project_is_told_to_be_shut_out_of_their_others_too(stack, project):
    second = declare(stack)
    assert second in revoke(stack.root, project, "roy", "ray", WHY).elsewhere
    revoke(stack.root, second, "roy", "ray", WHY)
    reinstate(stack.root, project, "rolf", "ray")
    shut = reinstate(stack.root, project, "rita", "ray")
    assert (shut.by, second in shut.still) == ((), True)
    reinstate(stack.root, second, "rolf", "ray")
    assert second not in reinstate(stack.root, second, "rita", "ray").still


def test_what_makes_no_sense_is_refused_in_words(stack, project):
    root = stack.root
    revoke(root, project, "roy", "rita", WHY)
    for act, message in (
        (lambda: revoke(root, project, "rob", "ray", WHY), "rob may not revoke people"),
        (lambda: revoke(root, project, "roy", "nobody", WHY), "names nobody called nobody"),
        (lambda: reinstate(root, project, "roy", "ray"), "ray is not revoked"),
        (lambda: reinstate(root, project, "rita", "rita"), "nobody lets themselves in again"),
        (lambda: reinstate(root, project, "rob", "rita"), "rob may not let revoked people in again"),
    ):
        with pytest.raises(ConfigError, match=message):
            act()


def test_the_commands_say_what_holds_and_who_has_yet_to_sign(stack, project, capsys, monkeypatch):
    def veil(*arguments):
        monkeypatch.setattr(
            "sys.argv", ["veil", "contain", *arguments, "--project", project, "--root", str(stack.root)]
        )
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().out

    code, said = veil("revoke", "raya", "--as", "roy", "--reason", "leaking_app", "--json")
    assert code == 0
    assert json.loads(said) == {
        "project": project,
        "person": "raya",
        "control_key": f"revoke/{project}/raya/roy",
        "revoked_by": ["roy"],
        "signed_by": [],
        "missing": ["an operator (roy or rolf)", "an approver (rita)"],
        "elsewhere": others(stack, project),
        "revoked_elsewhere": [],
    }
    code, said = veil("resume", "--person", "raya", "--as", "roy")
    assert (code, "missing: an approver (rita)" in said) == (0, True)
    code, said = veil("resume", "--person", "raya", "--as", "rita")
    assert (code, "raya may enter" in said) == (0, True)
    assert veil("resume", "--person", "raya", "--of", "keeper", "--as", "rita")[0] == 2
