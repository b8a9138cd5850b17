"""What is held of a subject is looked up once the question is on the audit, and not before; on the real parts:
tests/integration/test_subject_report.py.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy import reporting
from deploy.reporting import report_on
from deploy.subjects import MAX_SUBJECT_BYTES, Subject
from schemas.audit import EventType
from schemas.errors import ConfigError, LogUnavailable
from topology.loading import load_topology

HASH = "a1" * 32
AROUND = SimpleNamespace(clock=SimpleNamespace(now=lambda: 1))
OPERATOR = load_topology().project("demo").persons.operators[0]


@pytest.fixture
def steps(monkeypatch):
    """What was done in which order."""
    done = []

    @contextmanager
    def acting(*_):
        yield AROUND

    @contextmanager
    def inspector(_):
        done.append("looks")
        raise LogUnavailable("stop here")
        yield AROUND  # never: a generator has one

    monkeypatch.setattr(reporting, "load_declared", lambda _: load_topology())
    monkeypatch.setattr(reporting, "acting", acting)
    monkeypatch.setattr(reporting, "hashed", lambda *_: done.append("hashes") or HASH)
    monkeypatch.setattr(reporting, "act", lambda _, outputs, events: done.append((outputs, events)))
    monkeypatch.setattr(reporting, "inspector", inspector)
    return done


def ask(text="ann", person=OPERATOR):
    return report_on(Path("nowhere"), "demo", person, Subject(text), lambda: None)


def test_the_question_is_committed_before_anything_is_looked_up(steps):
    with pytest.raises(LogUnavailable, match="stop here"):
        ask()
    hashes, (outputs, (event,)), looks = steps
    assert (hashes, outputs, looks) == ("hashes", [], "looks")
    assert (event.type, event.resource, event.person) == (
        EventType.SUBJECT_REPORTED,
        f"control/erase/demo/{HASH}",
        OPERATOR,
    )


def test_a_question_that_could_not_be_committed_is_not_answered(steps, monkeypatch):
    def in_doubt(*_):
        raise LogUnavailable("no audit")

    monkeypatch.setattr(reporting, "act", in_doubt)
    with pytest.raises(LogUnavailable, match="no audit"):
        ask()
    assert steps == ["hashes"]


@pytest.mark.parametrize("text", ["", "x" * (MAX_SUBJECT_BYTES + 1)])
def test_what_no_record_could_have_there_is_refused_without_being_said(steps, text):
    with pytest.raises(ConfigError, match="a subject is a text of 1 to") as refused:
        ask(text)
    assert "xxx" not in str(refused.value)
    assert steps == []


def test_who_may_not_erase_is_refused_before_a_password_is_asked_for(steps):
    with pytest.raises(ConfigError, match="may not ask what is held"):
        ask(person="nobody")
    assert steps == []
