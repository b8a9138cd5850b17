"""An installation in the background: `python -m deploy.up.background`, started by `veil up --detach`.

It writes what it does as JSON lines to `<root>/logs/up.jsonl`: `step`, then `ready` or `failed`, then `stopped`.
It has a session of its own, so that it outlives the terminal; SIGTERM (`veil down`) ends it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import structlog

from deploy import logs
from deploy.progress import Report
from deploy.supervise.bounded import put_aside
from deploy.supervise.files import make_private_folder
from deploy.up.installation import Installation
from deploy.up.processes import PACKAGES
from deploy.up.signals import StopSignals
from schemas.errors import StackError, VeilError

LOG = "up.jsonl"
FAILED = 2
LOOK_INTERVAL_S = 0.1
GIVING_UP_LIMIT_S = 60.0  # processes get 10 s each to end, parts 20 s


def launch(
    root: Path,
    projects: Sequence[str],
    redact_processes: int,
    standbys: int,
    report: Report,
    *,
    console: bool = True,
) -> int:
    """Start one and wait until it is ready; its pid. Raises StackError with the sentence it failed with."""
    root = root.absolute()
    log_file = make_private_folder(root).joinpath("logs")
    log_file = make_private_folder(log_file) / LOG
    put_aside(log_file)
    with log_file.open("ab") as out, log_file.open("rb") as lines:
        lines.seek(0, os.SEEK_END)
        child = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "deploy.up.background",
                *_arguments(root, projects, redact_processes, standbys, console=console),
            ],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**os.environ, "PYTHONPATH": str(PACKAGES)},
            start_new_session=True,
        )
        try:
            _await_ready(child, lines, log_file, report)
        except BaseException:  # Ctrl-C too: what was begun is ended
            child.terminate()
            child.wait(GIVING_UP_LIMIT_S)
            raise
    return child.pid


def _await_ready(child: subprocess.Popen[bytes], lines: BinaryIO, log_file: Path, report: Report) -> None:
    while True:
        ended = child.poll() is not None  # before the last look, so that its last words are heard
        for entry in _entries(lines):
            match entry.get("event"):
                case "step":
                    report(str(entry.get("text")))
                case "ready":
                    return
                case "failed":
                    raise StackError(str(entry.get("text")))
        if ended:
            raise StackError(f"The installation ended while starting; {log_file} says why.")
        try:
            child.wait(LOOK_INTERVAL_S)
        except subprocess.TimeoutExpired:
            continue


def _entries(lines: BinaryIO) -> Iterator[dict[str, object]]:
    """The whole lines that have come since; what is no JSON object is passed over."""
    while True:
        place = lines.tell()
        line = lines.readline()
        if not line.endswith(b"\n"):
            lines.seek(place)
            return
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry


def _arguments(
    root: Path, projects: Sequence[str], redact_processes: int, standbys: int, *, console: bool
) -> list[str]:
    named = [word for project in projects for word in ("--project", project)]
    without = [] if console else ["--no-console"]
    return ["--root", str(root), "--redact", str(redact_processes), "--standbys", str(standbys), *without, *named]


def main(arguments: list[str] | None = None) -> int:
    """Start, run until SIGTERM, stop. 0, or 2 where it could not start."""
    parser = argparse.ArgumentParser(prog="python -m deploy.up.background", description="Run an installation.")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--project", action="append", required=True)
    parser.add_argument("--redact", type=int, default=1)
    parser.add_argument("--standbys", type=int, default=0)
    parser.add_argument("--no-console", dest="console", action="store_false")
    options = parser.parse_args(arguments)
    logs.configure("up")
    log = structlog.get_logger()
    signals = StopSignals()
    try:
        with Installation(
            options.root,
            options.project,
            options.redact,
            options.standbys,
            console=options.console,
            report=lambda text: log.info("step", text=text),
        ):
            signals.started()
            log.info("ready")
            signals.wait()
    except KeyboardInterrupt:
        log.info("given_up")
    except VeilError as error:
        log.error("failed", text=str(error))
        return FAILED
    except Exception as error:  # noqa: BLE001 - the one who waits for us is told
        log.critical("failed", text=f"this is a bug: {logs.describe(error)}")
        return 1
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
