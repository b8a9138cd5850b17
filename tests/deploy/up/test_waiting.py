from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.supervise.restarts import RestartRule
from deploy.supervise.supervisor import ProcessSpec, Supervisor
from deploy.up.waiting import last_error, wait_healthy
from schemas.errors import StackError

NOWHERE = "http://127.0.0.1:9/healthz"  # the discard port: nobody listens


def supervisor(root: Path, code: str) -> Supervisor:
    log_file = root / "logs" / "broken.jsonl"
    environment = {"PATH": os.defpath}
    spec = ProcessSpec("broken", (sys.executable, "-c", code), environment, log_file, NOWHERE)
    return Supervisor(root, [spec], rule=RestartRule(first_s=0.01, ceiling_s=0.01))


@pytest.fixture
def ending(tmp_path: Path) -> Iterator[Supervisor]:
    line = '{"event": "refused", "error": "AccessDenied: no right to this"}'
    found = supervisor(tmp_path, f"print('''{line}'''); raise SystemExit(2)")
    yield found
    found.stop()


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Supervisor]:
    line = '{"event": "waiting", "error": "VaultUnavailable: no answer"}'
    found = supervisor(tmp_path, f"import signal; print('''{line}''', flush=True); signal.pause()")
    yield found
    found.stop()


def test_a_process_that_keeps_ending_is_given_up_early_and_its_reason_told(ending: Supervisor) -> None:
    ending.start()
    with pytest.raises(StackError, match=r"broken keeps ending with exit code 2: AccessDenied: no right to this"):
        wait_healthy(ending, limit_s=60)


def test_a_process_that_never_says_that_it_works_is_late(silent: Supervisor) -> None:
    silent.start()
    with pytest.raises(StackError, match=r"broken was not ready within 2 s\..*: VaultUnavailable.*\.jsonl"):
        wait_healthy(silent, limit_s=2)


def test_the_last_error_is_found_among_other_lines(tmp_path: Path) -> None:
    log_file = tmp_path / "x.jsonl"
    log_file.write_text('{"error": "first"}\nnot json\n{"error": "last"}\n{"event": "x"}\n[1]\n{"error": 3}\n')
    assert last_error(log_file) == "last"
    assert last_error(tmp_path / "none") is None
