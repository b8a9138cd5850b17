"""What goes into a container's standard input."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.containers.hand import handed, main
from deploy.surroundings import surroundings
from schemas.audit import EventType
from schemas.errors import LoginUsedUp
from schemas.resources import slot_resource
from streams.audit.reader import Reader, read_events
from tests.support.pipeline import applied
from topology.identity import Identity
from vault.handing import Handed


@pytest.mark.stack
def test_what_is_handed_logs_in_once_and_is_on_the_audit(stack, tmp_path) -> None:
    pipeline = applied(stack, Path(__file__).parent / "projects", tmp_path).pipeline("boxed")
    redact = Identity("redact", pipeline.project)
    token = handed(stack.root, redact, 7)
    surroundings(stack.root, redact, pipeline.project, pipeline.topology, handed=Handed(token)).close()
    with pytest.raises(LoginUsedUp):
        surroundings(stack.root, redact, pipeline.project, pipeline.topology, handed=Handed(token))
    said = read_events(pipeline.log, Reader(pipeline.codec), ["audit.platform"])
    announced = [event for event in said if event.resource == slot_resource(redact.slot(7))]
    assert [event.type for event in announced] == [EventType.LOGIN_HANDED]
    pipeline.close()


def test_it_is_never_printed_on_a_terminal(monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["redact", "demo"]) == 2
    assert "not on a terminal" in capsys.readouterr().err


def test_without_a_stack_one_sentence_says_what_to_do(tmp_path, capsys) -> None:
    assert main(["redact", "demo", "--root", str(tmp_path)]) == 2
    printed = capsys.readouterr()
    assert "run `veil up` first" in printed.err
    assert printed.out == ""
