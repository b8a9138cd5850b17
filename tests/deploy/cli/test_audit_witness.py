"""`veil audit witness`, as a person or a script calls it."""

from __future__ import annotations

import json
import re
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.cli.exits import Exit
from deploy.witness.cosigning import Witness
from deploy.witness.state import State
from streams.audit import note
from streams.audit.note import Verifier
from streams.audit.store import Directory
from streams.audit.witness import Request, trust_of
from tests.streams.audit.generate import random_world
from tests.streams.audit.memory_audit import PINS, MemoryAudit
from tests.support.tiled_logs import History, TiledLog

Run = Callable[..., Any]
NAME = "witness.example/w"
HONEST = History.of(300)
FORKED = HONEST.fork(100)


@pytest.fixture
def state(run: Run, tmp_path: Path) -> Path:
    assert run("audit", "witness", "key", "--state", tmp_path / "w", "--name", NAME).code == Exit.OK
    return tmp_path / "w"


@pytest.fixture
def log() -> TiledLog:
    return TiledLog()


@pytest.fixture
def files(log: TiledLog, tmp_path: Path) -> Path:
    return log.write(tmp_path / "log", HONEST, 200)


def own(run: Run, state: Path) -> Verifier:
    return Verifier.parse(run("audit", "witness", "key", "--state", state).out)


def check(run: Run, files: Path, state: Path, log: TiledLog, *more: object) -> Any:
    return run("audit", "witness", "check", files, "--state", state, "--trust", log.verifier.text(), *more)


def test_the_key_is_printed_whole_and_on_one_line_however_narrow_the_terminal(run: Run, state: Path) -> None:
    told = json.loads(run("audit", "witness", "key", "--state", state, "--json").out)
    assert told == {"name": NAME, "key": own(run, state).text()}
    assert len(run("audit", "witness", "key", "--state", state).out.splitlines()) == 1


def test_a_folder_without_a_witness_is_refused(run: Run, tmp_path: Path) -> None:
    ended = run("audit", "witness", "key", "--state", tmp_path / "none")
    assert ended.code == Exit.REFUSED
    assert "--name" in ended.err


def test_a_log_is_checked_and_the_cosigned_checkpoint_is_all_there_is_on_standard_output(
    run: Run, files: Path, state: Path, log: TiledLog, tmp_path: Path
) -> None:
    ended = check(run, files, state, log)
    assert ended.code == Exit.OK
    cosigned = note.parse(ended.out.encode())
    note.check(cosigned, log.verifier)
    note.check_cosignature(cosigned, own(run, state))
    written = check(run, files, state, log, "--out", tmp_path / "point")
    assert written.out == ""
    note.check_cosignature(note.parse((tmp_path / "point").read_bytes()), own(run, state))
    told = json.loads(check(run, files, state, log, "--json").out)
    assert (told["origin"], told["size"]) == (log.origin, 200)


def test_a_split_view_is_loud_names_its_evidence_and_stays_in_the_report(
    run: Run, files: Path, state: Path, log: TiledLog
) -> None:
    check(run, files, state, log)
    assert run("audit", "witness", "report", "--state", state).code == Exit.OK
    log.write(files, FORKED, 300)
    ended = check(run, files, state, log)
    assert ended.code == Exit.FAILED
    assert "SPLIT VIEW" in ended.err
    assert ended.out == ""
    (evidence,) = (state / "evidence").iterdir()
    assert str(evidence) in ended.err
    report = run("audit", "witness", "report", "--state", state, "--json")
    assert report.code == Exit.FAILED
    told = json.loads(report.out)
    assert [it["file"] for it in told["split_views"]] == [str(evidence)]
    assert told["logs"][0]["size"] == 200
    words = run("audit", "witness", "report", "--state", state).out
    assert "SPLIT VIEW" in words
    assert str(evidence) in words


def test_a_doubt_that_proves_to_be_a_split_view_is_as_loud_beside_what_was_cosigned(
    run: Run, files: Path, state: Path, log: TiledLog
) -> None:
    check(run, files, state, log)
    with State(state) as remembered:
        witness = Witness(remembered, trust_of([log.verifier]), lambda: 2_000_000_000)
        witness.ask(Request(200, (), log.checkpoint(FORKED, 220)))
    assert run("audit", "witness", "report", "--state", state).code == Exit.OK
    log.write(files, HONEST, 250)
    ended = check(run, files, state, log, "--json")
    told = json.loads(ended.out)
    (evidence,) = (state / "evidence").iterdir()
    assert (ended.code, told["size"], told["split_views"]) == (Exit.FAILED, 250, [str(evidence)])
    assert "SPLIT VIEW" in ended.err
    assert str(evidence) in ended.err
    assert run("audit", "witness", "report", "--state", state).code == Exit.FAILED
    again = check(run, files, state, log, "--json")
    assert (again.code, json.loads(again.out)["split_views"]) == (Exit.OK, [])


def test_what_is_not_cosigned_is_told_with_exit_code_1(run: Run, files: Path, state: Path, log: TiledLog) -> None:
    assert "no key of a log" in check(run, files, state, TiledLog("log.example/other")).err
    other = check(run, files, state, TiledLog())
    assert (other.code, "no trusted key" in other.err) == (Exit.FAILED, True)
    check(run, files, state, log)
    log.write(files, HONEST, 199)
    cut = check(run, files, state, log)
    assert (cut.code, "was cut" in cut.err) == (Exit.FAILED, True)


def test_keys_may_come_from_a_file_and_wrong_ones_are_refused(
    run: Run, files: Path, state: Path, log: TiledLog, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.txt"
    keys.write_text(f"{TiledLog('log.example/other').verifier.text()}\n\n{log.verifier.text()}\n")
    start = ("audit", "witness", "check", files, "--state", state, "--trust")
    assert run(*start, keys).code == Exit.OK
    for wrong in ("a+b+c", tmp_path / "none.txt", own(run, state).text()):
        assert run(*start, wrong).code == Exit.REFUSED


def test_a_state_in_use_is_refused(run: Run, files: Path, state: Path, log: TiledLog) -> None:
    with State(state):
        ended = check(run, files, state, log)
    assert (ended.code, "in use" in ended.err) == (Exit.REFUSED, True)


@pytest.mark.parametrize("more", [("--listen", "7380"), ("--listen", "0.0.0.0:0"), ("--cert", "only.pem")])
def test_serve_refuses_what_it_cannot_do_safely(
    run: Run, state: Path, log: TiledLog, more: tuple[str, str]
) -> None:
    ended = run("audit", "witness", "serve", "--state", state, "--trust", log.verifier.text(), *more)
    assert ended.code == Exit.REFUSED


def test_submit_refuses_a_key_that_is_none_of_a_witness(run: Run, files: Path, log: TiledLog) -> None:
    start = ("audit", "witness", "submit", files, "--to", "http://127.0.0.1:1", "--key")
    for wrong in ("nothing", log.verifier.text()):
        assert run(*start, wrong).code == Exit.REFUSED


@contextmanager
def serving(state: Path, log: TiledLog) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "deploy.cli", "audit", "witness", "serve", "--state", str(state), "--json"]
    command += ["--listen", "127.0.0.1:0", "--trust", log.verifier.text()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process, json.loads(process.stdout.readline())["url"]
    finally:
        process.kill()
        process.wait(30)
        process.stdout.close()


def test_a_witness_that_is_killed_goes_on_where_it_was(run: Run, files: Path, state: Path, log: TiledLog) -> None:
    """A process of its own, fed over HTTP; killed, started again, ended in good order."""
    verifier = own(run, state)
    for size, ending in ((200, signal.SIGKILL), (250, signal.SIGKILL), (250, signal.SIGTERM)):
        log.write(files, HONEST, size)
        with serving(state, log) as (process, url):
            submitted = run("audit", "witness", "submit", files, "--to", url, "--key", verifier.text())
            assert (submitted.code, submitted.err) == (Exit.OK, "")
            process.send_signal(ending)
            assert process.wait(30) == (0 if ending == signal.SIGTERM else -ending)
    with serving(state, log) as (_, url):
        log.write(files, FORKED, 300)
        split = run("audit", "witness", "submit", files, "--to", url, "--key", verifier.text())
        assert (split.code, "SPLIT VIEW" in split.err) == (Exit.FAILED, True)
        assert httpx.get(f"{url}/add-checkpoint").status_code == 405
    note.check_cosignature(note.parse(next((state / "seen").iterdir()).read_bytes()), verifier)


def test_the_keys_of_logs_as_the_readme_makes_them_are_trusted_for_what_an_export_holds(
    run: Run, state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = MemoryAudit().take(random_world(3, batches=2).placed()).export(Directory(tmp_path / "audit"))
    printed = {"checkpoints": {origin: data.decode() for origin, data in done.checkpoints.items()}}
    (tmp_path / "kept.json").write_text(json.dumps(printed))
    (tmp_path / "pins.json").write_text(json.dumps({name: key.hex() for name, key in PINS.items()}))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "keys.py").write_text(_program_in("## Witnesses"))
    runpy.run_path("keys.py")
    (tmp_path / "logs.txt").write_text(capsys.readouterr().out)
    logs = [file.parent for file in (tmp_path / "audit").glob("*/checkpoint")]
    assert len(logs) == len(done.checkpoints) > 1
    for log in logs:
        ended = run("audit", "witness", "check", log, "--state", state, "--trust", tmp_path / "logs.txt")
        assert ended.code == Exit.OK, ended.err


def _program_in(section: str) -> str:
    readme = (Path(__file__).parents[3] / "streams" / "audit" / "README.md").read_text("utf-8")
    found = re.search(r"```python\n(.*?)```", readme.partition(section)[2].partition("\n## ")[0], re.DOTALL)
    assert found
    return found[1]
