"""What to run for a list of projects: one supervised process for each role, several for redact and label; and one
for each role that serves all projects.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import deploy
from deploy.stages.roles import CONSOLE, FOLDING_ROLES, PLATFORM_ROLES, PROJECT_ROLES
from deploy.starting import Starter
from deploy.supervise.supervisor import ProcessSpec
from deploy.traces.setting import TracesSetting
from deploy.up.addresses import LABEL, Address
from topology.identity import PLATFORM, Identity

REDACT = "redact"
PACKAGES = Path(deploy.__file__).parents[1]


def slots_of(
    projects: Sequence[str], redact_processes: int, standbys: int = 0, *, console: bool = False
) -> list[tuple[Identity, int]]:
    """Every process, role by role as data passes through them. Redact shares its partitions among several; of
    label's one works and the others stand by. `console`: with the compliance console.
    """
    several = {REDACT: redact_processes, LABEL: 1 + standbys}
    own = [
        (Identity(role, project), number)
        for project in projects
        for role in PROJECT_ROLES
        for number in range(several.get(role, 1))
    ]
    roles = (*PLATFORM_ROLES, CONSOLE) if console else PLATFORM_ROLES
    return own + [(Identity(role, PLATFORM), 0) for role in roles]


def spec_of(root: Path, address: Address, starter: Starter, traces: TracesSetting | None = None) -> ProcessSpec:
    """How to run one. Its password for Kafka is in its identity's file; what it logs in to Vault with, `starter`
    hands it, in no file, argument or environment.
    """
    arguments = ["--root", str(root), "--slot", str(address.number), "--health-port", str(address.health_port)]
    if address.api_port is not None:
        arguments += ["--port", str(address.api_port)]
    spec = ProcessSpec(
        name=address.process,
        argv=(sys.executable, "-m", "deploy.run", address.role, address.project, *arguments),
        env=_environment(root, traces),
        log_file=root / "logs" / f"{address.process}.jsonl",
        health_url=address.health_url,
        cwd=root,
    )
    if address.role in FOLDING_ROLES:
        return spec
    identity, slot = Identity(address.role, address.project), address.process
    return replace(
        spec,
        hand=lambda: starter.hand(identity, slot),
        ended=lambda code: starter.ended(identity, slot, code),
    )


def _environment(root: Path, traces: TracesSetting | None) -> dict[str, str]:
    """Nothing inherited that could change how a process behaves, but where its traces go; temporary files stay
    under the root.
    """
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(root / "scratch"),
        "TMPDIR": str(root / "scratch"),
        "PYTHONPATH": str(PACKAGES),
        "PYTHONUNBUFFERED": "1",  # a line of the log is there when it is written
        "MALLOC_ARENA_MAX": "2",  # else each of twenty threads keeps what it has freed: 7 MB in label
        **(traces.variables() if traces else {}),
    }
