"""A recognizer that hangs, crashes, lies or prints takes nothing with it but its own process."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from schemas.errors import ConfigError, Reason, Refused
from streams.redact.detect.failure_budget import BUDGET_S, WINDOW_S, FailureBudget
from streams.redact.detect.find import Find
from streams.redact.detect.isolation import IsolatedRecognizer
from tests.support.waiting import wait_for

SOURCE = '''
import os, re, subprocess, sys, time
from types import SimpleNamespace as Result

print("canary-loaded")

class Badges:
    """Has what Presidio's EntityRecognizer has."""
    supported_entities = ["BADGE"]
    asked = -1

    def load(self):
        pass

    def analyze(self, text, entities, nlp_artifacts=None):
        self.asked += 1
        if text.startswith("say "):
            said = text[4:].replace("NUMBER", str(self.asked)).encode()
            os.write(int(sys.argv[2]), len(said).to_bytes(4, "big") + said)
        if text.startswith("half an answer"):
            os.write(int(sys.argv[2]), b"\\0\\0\\0\\x09{")
            time.sleep(600)
        if text.startswith("child "):
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            open(text[6:], "w").write(str(child.pid))
        if text.startswith("busy "):
            open(text[5:], "w").close()
            re.match("(a+)+b", "a" * 100)  # holds the interpreter for longer than anybody lives
        if "hang" in text:
            time.sleep(600)
        if "crash" in text:
            os._exit(3)
        if "raise" in text:
            raise ValueError(text)
        if "environment" in text:
            return [Result(start=0, end=1, entity_type=name, score=1.0) for name in os.environ]
        if "no number" in text:
            return [Result(start=0, end=1, entity_type="BADGE", score=float("nan"))]
        if "exit" in text:
            sys.exit(1)
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


@pytest.mark.parametrize(
    "text",
    [
        "hang BX12",
        "half an answer BX12",
        "crash BX12",
        "exit BX12",
        "raise BX12",
        "outside BX12",
        "no number BX12",
        "say " + "[" * 100_000,
        "say [1]",
        "say no JSON",
        'say {"number": 0, "finds": []}',
        'say {"number": NUMBER, "finds": 5}',
        'say {"number": NUMBER, "finds": {}}',
        'say {"number": NUMBER, "finds": [5]}',
        'say {"number": NUMBER, "finds": [[0, 1, "A"]]}',
        'say {"number": NUMBER, "finds": [[0, 1, "A", []]]}',
        'say {"number": NUMBER, "finds": [[0, 1, "A", "1"]]}',
        'say {"number": NUMBER, "finds": [[0, 1, "A", NaN]]}',
        'say {"number": NUMBER, "finds": [[0, 1, "A", 1e999]]}',
        'say {"number": NUMBER, "finds": [[0, 1, "A", 1' + "0" * 400 + "]]}",
        'say {"number": NUMBER, "finds": [[0, 1, null, 1.0]]}',
        'say {"number": NUMBER, "finds": [["0", 1, "A", 1.0]]}',
        'say {"number": NUMBER, "finds": [[-1, 1, "A", 1.0]]}',
        'say {"number": NUMBER, "finds": [[true, 3, "A", 1.0]]}',
    ],
    ids=lambda text: text[:60],
)
def test_what_goes_wrong_refuses_this_text_and_the_next_is_searched(badges, text):
    with pytest.raises(Refused) as refused:
        badges.find([text])
    assert refused.value.reason is Reason.DETECTION_FAILED
    assert "BX12" not in repr(refused.value)
    assert badges.find(["see BX12"]) == [[Find(4, 8, "BADGE", 0.8)]]


def test_one_that_reads_nothing_is_not_waited_for(own_module):
    name, sha256 = own_module
    recognizer = IsolatedRecognizer(f"{name}:Badges", sha256, text_limit_s=0.2)
    os.kill(recognizer._process.pid, signal.SIGSTOP)
    with pytest.raises(Refused):
        recognizer.find(["x" * 5_000_000])
    recognizer.close()


def test_an_answer_to_another_text_is_no_answer_to_this_one(own_module):
    name, sha256 = own_module
    recognizer = IsolatedRecognizer(f"{name}:Badges", sha256, text_limit_s=2.0)
    with pytest.raises(Refused):
        recognizer.find(['say {"number": NUMBER, "finds": []}', "see BX12"])
    recognizer.close()


def test_what_a_recognizer_started_ends_with_it(badges, tmp_path):
    badges.find([f"child {tmp_path / 'pid'}"])
    child = int((tmp_path / "pid").read_text())
    process = badges._process.pid
    with pytest.raises(Refused):
        badges.find(["hang"])
    wait_for(lambda: is_gone(child), "the end of a child")
    assert is_gone(process)


def test_a_busy_recognizer_ends_with_its_killed_owner(own_module, tmp_path):
    name, sha256 = own_module
    program = (
        f"import sys; sys.path[:] = {sys.path!r}\n"
        "from streams.redact.detect.isolation import IsolatedRecognizer\n"
        f"one = IsolatedRecognizer('{name}:Badges', '{sha256}', text_limit_s=600)\n"
        "print(one._process.pid, flush=True)\n"
        f"one.find(['busy {tmp_path / 'begun'}'])"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as owner:
        process = int(owner.stdout.readline())
        wait_for((tmp_path / "begun").exists, "a busy recognizer")
        owner.kill()
    wait_for(lambda: is_gone(process), "its end")


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_one_that_cannot_be_started_again_refuses_texts_and_not_the_stream(own_module, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    place = tmp_path / "own_fleeting.py"
    place.write_text(textwrap.dedent(SOURCE))
    recognizer = IsolatedRecognizer("own_fleeting:Badges", own_module[1])
    place.unlink()
    for text in ("crash", "see BX12"):
        with pytest.raises(Refused) as refused:
            recognizer.find([text])
        assert refused.value.reason is Reason.DETECTION_FAILED


def test_texts_that_hang_one_after_the_other_cost_no_more_than_the_budget(own_module):
    name, sha256 = own_module
    skipped = 0.0
    budget = FailureBudget(lambda: time.monotonic() * 50 + skipped)
    recognizer = IsolatedRecognizer(f"{name}:Badges", sha256, budget, text_limit_s=2.0)
    assert BUDGET_S < 2.0 * 50
    for text in ("hang", "see BX12"):
        with pytest.raises(Refused):
            recognizer.find([text])
        assert recognizer._process is None, "nothing was started for the second"
    skipped += 50 * WINDOW_S
    assert recognizer.find(["see BX12"]) == [[Find(4, 8, "BADGE", 0.8)]]
    recognizer.close()


def test_types_and_scores_are_held_to_our_own_contract(badges):
    assert badges.find(["named"]) == [[Find(0, 5, "MY_BADGE_", 1.0)]]


def test_no_variable_that_could_be_a_secret_reaches_it(own_module, monkeypatch):
    monkeypatch.setenv("VAULT_TOKEN", "canary")
    monkeypatch.setenv("HOME", "/nowhere")
    name, sha256 = own_module
    recognizer = IsolatedRecognizer(f"{name}:Badges", sha256)
    [finds] = recognizer.find(["environment"])
    left = Path(f"/proc/{recognizer._process.pid}/environ").read_bytes()
    recognizer.close()
    names = {find.entity_type for find in finds}
    assert not {"VAULT_TOKEN", "PYTHONPATH"} & names
    assert "HOME" in names
    assert left == b""


def test_it_leaves_no_core_file_and_is_a_session_of_its_own(badges):
    badges.find(["see BX12"])
    process = badges._process.pid
    assert resource.prlimit(process, resource.RLIMIT_CORE) == (0, 0)
    assert os.getsid(process) == os.getpgid(process) == process


def test_nothing_it_prints_is_seen(own_module, capfd):
    name, sha256 = own_module
    recognizer = IsolatedRecognizer(f"{name}:Badges", sha256)
    recognizer.find(["see BX12"])
    recognizer.close()
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


def test_a_machine_that_can_start_no_process_is_named_and_nothing_stays_open(own_module, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    before = psutil.Process().num_fds()
    with pytest.raises(ConfigError, match="no process can be started"):
        IsolatedRecognizer(f"{own_module[0]}:Badges", own_module[1])
    assert psutil.Process().num_fds() <= before


def test_another_source_than_the_one_reviewed_is_refused(own_module):
    with pytest.raises(ConfigError, match="SHA-256"):
        IsolatedRecognizer(f"{own_module[0]}:Badges", "0" * 64)
