"""Pauses and exclusions, ordered by operators under their own identities; as `veil label` does."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from deploy.cli.app import main
from deploy.compliance import audit_topic, compliance
from deploy.labeling_orders import exclude, pause
from schemas.audit import EventType
from schemas.errors import ConfigError
from streams.audit.reader import Reader, read_events
from tests.support.declaring import declared

pytestmark = pytest.mark.stack

PROJECT = """
name: {name}
owner: the tests of Veilstream
persons: {{authors: [rob], approvers: [rita], operators: [roy, rolf], annotators: [ray]}}
batches: [week-48]
"""
TASK = "0" * 31 + "a"


@pytest.fixture
def project(stack) -> Iterator[str]:
    """A project of this test alone."""
    with declared(stack, "orders", PROJECT) as name:
        yield name


def test_an_operator_pauses_and_excludes_and_another_lifts_it_and_all_is_on_the_audit(stack, project):
    root = stack.root
    assert pause(root, project, "roy", "", on=True).now == {"project": "roy"}
    assert pause(root, project, "rolf", "week-48", on=True).now == {"batch.week-48": "rolf", "project": "roy"}
    lifted = pause(root, project, "rolf", "", on=False)
    assert (lifted.key, lifted.now) == (f"pause/{project}/project/rolf", {"batch.week-48": "rolf"})
    assert exclude(root, project, "roy", "ray", batch="week-48", on=True).now == {"ray.batch.week-48": "roy"}
    exclude(root, project, "roy", "ray", task=TASK, on=True)
    assert exclude(root, project, "rolf", "ray", batch="week-48", on=False).now == {f"ray.task.{TASK}": "roy"}

    with compliance(root) as seen:
        found = sorted(
            read_events(seen.log, Reader(seen.codec), [audit_topic(project)]), key=lambda event: event.time
        )
        assert seen.book().exclusions(project).of("ray").tasks == {TASK}
    assert [(one.type, one.person, one.details.get("excluded", "")) for one in found if one.person] == [
        (EventType.PAUSE_ORDERED, "roy", ""),
        (EventType.PAUSE_ORDERED, "rolf", ""),
        (EventType.PAUSE_LIFTED, "rolf", ""),
        (EventType.EXCLUSION_ORDERED, "roy", "ray"),
        (EventType.EXCLUSION_ORDERED, "roy", "ray"),
        (EventType.EXCLUSION_LIFTED, "rolf", "ray"),
    ]


def test_what_makes_no_sense_is_refused_in_words(stack, project):
    root = stack.root
    for act, message in (
        (lambda: pause(root, project, "rita", "", on=True), "rita may not pause work or exclude people"),
        (lambda: pause(root, project, "roy", "week-49", on=True), "no batch week-49; its file names: week-48"),
        (lambda: pause(root, project, "roy", "", on=False), "nothing to lift: project of"),
        (lambda: exclude(root, project, "roy", "ray", on=True), "either a batch or a task"),
        (lambda: exclude(root, project, "roy", "ray", batch="week-48", task=TASK, on=True), "either a batch"),
        (lambda: exclude(root, project, "roy", "ray", task="x", on=True), "32 hexadecimal digits"),
        (lambda: exclude(root, project, "roy", "rob", batch="week-48", on=True), "rob labels nothing"),
        (lambda: exclude(root, project, "roy", "ray", batch="week-48", on=False), "nothing to lift"),
    ):
        with pytest.raises(ConfigError, match=message):
            act()


def test_the_commands_say_what_holds_after_the_order(stack, project, capsys, monkeypatch):
    def veil(*arguments):
        monkeypatch.setattr(
            "sys.argv",
            ["veil", "label", *arguments, "--as", "roy", "--project", project, "--root", str(stack.root)],
        )
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().out

    code, said = veil("pause", "--batch", "week-48", "--json")
    key = f"pause/{project}/batch.week-48/roy"
    assert code == 0
    assert json.loads(said) == {"project": project, "control_key": key, "paused": {"batch.week-48": "roy"}}
    code, said = veil("exclude", "ray", "--batch", "week-48")
    assert (code, "ray.batch.week-48 by roy" in said) == (0, True)
    assert "Nothing is excluded" in veil("admit", "ray", "--batch", "week-48")[1]
    assert "Nothing is paused" in veil("resume", "--batch", "week-48")[1]
    assert veil("resume")[0] == 2
