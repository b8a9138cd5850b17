"""A recognizer that hangs, crashes, lies or prints takes nothing with it but its own process."""

from __future__ import annotations

import hashlib
import sys
import textwrap

import pytest

from schemas.errors import ConfigError, Reason, Refused
from streams.redact.detect.find import Find
from streams.redact.detect.isolation import IsolatedRecognizer

SOURCE = '''
import os, sys, time
from types import SimpleNamespace as Result

print("canary-loaded")

class Badges:
    """Has what Presidio's EntityRecognizer has."""
    supported_entities = ["BADGE"]

    def load(self):
        pass

    def analyze(self, text, entities, nlp_artifacts=None):
        if "hang" in text:
            time.sleep(600)
        if "crash" in text:
            os._exit(3)
        if "raise" in text:
            raise ValueError(text)
        if "environment" in text:
            return [Result(start=0, end=1, entity_type=name, score=1.0) for name in os.environ]
        if "outside" in text:
            return [Result(start=0, end=len(text) + 1, entity_type="BADGE", score=1.0)]
        if "named" in text:
            return [Result(start=0, end=5, entity_type="my badge!", score=7.0)]
        print("canary-text", text)
        print("canary-text", text, file=sys.stderr)
        at = text.find("BX")
        return [Result(start=at, end=at + 4, entity_type="BADGE", score=0.8)] if at >= 0 else []

class Broken(Badges):
    def __init__(self):
        raise RuntimeError("canary-broken")
'''


@pytest.fixture(scope="module")
def own_module(tmp_path_factory):
    """The name of a module of the user's own, and its SHA-256."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "own_badges.py").write_text(textwrap.dedent(SOURCE))
    sys.path.insert(0, str(folder))
    yield "own_badges", hashlib.sha256((folder / "own_badges.py").read_bytes()).hexdigest()
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def badges(own_module):
    name, sha256 = own_module
    recognizer = IsolatedRecognizer(f"{name}:Badges", sha256, text_limit_s=2.0)
    yield recognizer
    recognizer.close()


def test_finds_come_back_in_order_for_each_text(badges):
    assert badges.find(["see BX12", "nothing", "BX77"]) == [
        [Find(4, 8, "BADGE", 0.8)],
        [],
        [Find(0, 4, "BADGE", 0.8)],
    ]


@pytest.mark.parametrize("text", ["hang BX12", "crash BX12", "raise BX12", "outside BX12"])
def test_what_goes_wrong_refuses_this_text_and_the_next_is_searched(badges, text):
    with pytest.raises(Refused) as refused:
        badges.find([text])
    assert refused.value.reason is Reason.DETECTION_FAILED
    assert "BX12" not in repr(refused.value)
    assert badges.find(["see BX12"]) == [[Find(4, 8, "BADGE", 0.8)]]


def test_a_hanging_process_is_gone(badges):
    process = badges._process
    with pytest.raises(Refused):
        badges.find(["hang"])
    with pytest.raises(ValueError, match="closed"):
        process.is_alive()


def test_types_and_scores_are_held_to_our_own_contract(badges):
    assert badges.find(["named"]) == [[Find(0, 5, "MY_BADGE_", 1.0)]]


def test_no_variable_that_could_be_a_secret_reaches_it(own_module, monkeypatch):
    monkeypatch.setenv("VAULT_TOKEN", "canary")
    name, sha256 = own_module
    recognizer = IsolatedRecognizer(f"{name}:Badges", sha256)
    [finds] = recognizer.find(["environment"])
    recognizer.close()
    assert not {"VAULT_TOKEN", "PYTHONPATH"} & {find.entity_type for find in finds}


def test_nothing_it_prints_is_seen(badges, capfd):
    badges.find(["see BX12"])
    assert "canary" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("own_badges:Broken", "RuntimeError"),
        ("own_badges:None", "AttributeError"),
        ("no_such_module:X", "ModuleNotFound"),
    ],
)
def test_one_that_cannot_be_used_is_refused_at_once_without_its_words(own_module, place, message):
    with pytest.raises(ConfigError, match=message) as refused:
        IsolatedRecognizer(place, own_module[1])
    assert "canary" not in str(refused.value)


def test_another_source_than_the_one_reviewed_is_refused(own_module):
    with pytest.raises(ConfigError, match="SHA-256"):
        IsolatedRecognizer(f"{own_module[0]}:Badges", "0" * 64)
