"""The demo on a cluster, while a broker and the leader of Vault are killed. `make demo-cluster` calls it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from deploy.compose.faults import Faults
from deploy.compose.running import Cluster, Settings
from deploy.demo.annotators import Reach
from deploy.demo.command import STACK, perform
from deploy.demo.run import Ground, Plan
from deploy.demo.screen import Screen, showing
from deploy.demo.summary import failed, summary
from deploy.ending import terminable
from schemas.errors import ConfigError, DependencyError, StackError, VeilError
from schemas.files import write_atomically
from schemas.registry import tls_context

FOLDER, RECOVERIES = "demo-cluster", "recovery.json"
LATER = 300
"""Of the records so many flow while something is killed, five in two seconds."""
NAME = "veilstream-demo"
"""Of its project of Compose, and not that of a cluster that runs here: what an earlier demo left is removed."""
PATIENCE = 4
"""Three copies of everything, thirty containers, and two kills, on as many cores as a local stack has."""
IMPATIENT_S, RETRIES = 0.1, 1_200
OK, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130


def main(root: Path, settings: Settings) -> int:
    """Run it below `<root>/demo-cluster`, under a name of its own, with the images of `settings`. Exit codes are
    those of `veil demo`.
    """
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = 100
    folder = root.absolute() / FOLDER
    settings = replace(settings, name=NAME)
    made: list[Faults] = []
    try:
        with terminable(), showing(console) as screen:
            _clear(folder, settings, screen)
            report, example, hits = perform(folder, screen, lambda p, s: _ground(p, s, settings, made), LATER)
    except KeyboardInterrupt:
        console.print("\nInterrupted; everything is stopped.")
        return INTERRUPTED
    except VeilError as error:
        console.print(Text(f"\n✗ {error}", style="bold red"), soft_wrap=True)
        return REFUSED if isinstance(error, (ConfigError, StackError, DependencyError)) else FAILED
    console.print(summary(report, example, str(root / FOLDER)))
    if not report.ok:
        console.print(failed(report))
    for hit in sorted(hits):
        console.print(f"  {hit.where}: {hit.canary}, {hit.form}", soft_wrap=True)
    faults = made[0].found
    write_atomically(folder / RECOVERIES, json.dumps([it.as_json() for it in faults], indent=1) + "\n")
    for fault in faults:
        console.print("\n".join(f"  {line}" for line in fault.lines()), soft_wrap=True)
    return OK if report.ok else FAILED


def _clear(folder: Path, settings: Settings, screen: Screen) -> None:
    """A demo that was killed has left containers that run on its files: they go before these do."""
    if not (folder / STACK).exists():
        return
    with screen.step("clear", "removing what an earlier demo has left") as step:
        Cluster(folder / STACK, settings, report=screen.note).clear()
        step.done = "nothing of an earlier demo runs"


def _ground(plan: Plan, screen: Screen, settings: Settings, made: list[Faults]) -> Ground:
    """Robots know the page by the cluster's own authority, which is there once it has been started."""
    cluster = Cluster(plan.root, settings, report=screen.note)
    faults = Faults(cluster, screen.note)
    made.append(faults)
    cluster.ground.prepare(settings.images)
    verify = tls_context(cluster.ground.ca)
    return Ground(cluster, Reach(verify, IMPATIENT_S, RETRIES), faults, PATIENCE)
