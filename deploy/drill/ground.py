"""Where the drill takes place: a stack and a project of its own, with a watch of short windows."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from deploy.local.disk import explained
from deploy.persons import sign
from deploy.stages.watch import IDENTITY, open_watch
from deploy.supervise.emptied import emptied
from deploy.supervise.files import make_private_folder
from deploy.supervise.lock import RootLock
from deploy.up import Installation
from schemas.errors import VeilError
from streams.watch.windows import Windows
from topology.policies import load_policy
from topology.policies.canonical import with_hash

PROJECT, APP = "drill", "drill-app"
AUTHOR, APPROVER, OPERATOR = "drill-author", "drill-approver", "drill-operator"
REPORTER = "drill-reporter"
APP_PEOPLE = tuple(f"drill-reader-{number}" for number in range(1, 65))
"""Whom the app acts for: one more than it needs to be told about, and a few for luck."""
_PROJECT_FILE = """\
name: drill
owner: veil drill
persons:
  authors: [drill-author]
  approvers: [drill-approver]
  operators: [drill-operator]
  annotators: [{reporter}, {people}]
apps: {{drill-app: {{acts_for: [{people}]}}}}
"""
WINDOWS = Windows(step_ms=1_000, steps=60, lateness_ms=2_000)
"""With windows of a minute an alert comes up to 95 s after what it is about. The rules are the real ones."""


@contextmanager
def ground(root: Path, report: Callable[[str], None]) -> Iterator[Installation]:
    """A running installation whose policy is signed; nothing of it is left, however it ends.

    Raises StackError where another drill runs, and what starting raises.
    """
    root = root.absolute()
    _fresh(root)
    installation = Installation(root, (PROJECT,), environ={}, report=report)
    try:
        installation.start()
        with _quick_watch(installation):
            # One label a task, so that each of the app's people is shown another one.
            policy = with_hash(replace(load_policy("demo"), overlap=1))
            sign(root, PROJECT, policy, (AUTHOR, APPROVER))
            yield installation
    finally:
        installation.stop()
        with RootLock(root):
            shutil.rmtree(root, ignore_errors=True)


@contextmanager
def _quick_watch(installation: Installation) -> Iterator[None]:
    """Watch in a thread of ours, under its own identity, in place of the process. Raises what it died of."""
    installation.end(IDENTITY.slot(0))
    stop, died = threading.Event(), list[VeilError]()
    with open_watch(installation.root, WINDOWS) as watch:

        def run() -> None:
            try:
                watch.run(stop)
            except VeilError as error:
                died.append(error)

        thread = threading.Thread(target=run, name="watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
    if died:
        raise died[0]


def _fresh(root: Path) -> None:
    """An empty root with the drill's own project."""
    with explained(root):
        make_private_folder(root.parent)
        make_private_folder(emptied(root) / "projects")
        text = _PROJECT_FILE.format(reporter=REPORTER, people=", ".join(APP_PEOPLE))
        (root / "projects" / f"{PROJECT}.yaml").write_text(text, encoding="utf-8")
