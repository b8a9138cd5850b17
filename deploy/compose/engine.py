"""Docker Compose as this project uses it: the same definition that people start by hand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import StackError

PROJECT_LABEL, SERVICE_LABEL = "com.docker.compose.project", "com.docker.compose.service"
"""Compose itself puts these on each container and network."""
NAMES = re.compile(r"[a-z0-9][a-z0-9_-]*")
"""Of a project, as Compose takes them; versions before 2 take others, and make these of them."""
MEANS_MORE = re.compile(r"[:$\\\x00-\x1f\x7f]|\s#")
"""In a path that a variable and a mount name: there begins something else."""
VARIABLES = ("CLUSTER_", "COMPOSE_")
"""What the compose file's variables begin with, and Compose's own."""
TOLD_BYTES = 2_000
ANSWERS_WITHIN_S = 30
"""An engine that says how it is."""
REMOVES = 6
"""Each time the engine waits for ten seconds."""
LEAVES_WITHIN_S = 60
"""Twice what a process may take to leave its group (`streams/engine/watchdog.py`)."""
ENDS_WITHIN_S = 600
"""Thirty containers on two cores take a minute."""


@dataclass(frozen=True, slots=True)
class Compose:
    """One project of Compose, `name`, by which alone its containers and networks are known. Thread-safe.

    Whatever it is asked raises StackError with what the program has said, where that does not end with 0.
    """

    name: str
    file: Path
    variables: Path
    program: tuple[str, ...]
    engine: str

    def up(self, services: Iterable[str] = ()) -> None:
        """Create and start what is not there yet, or not as the file says; of none named, everything."""
        self._compose("up", "--detach", "--no-build", "--remove-orphans", *services)

    def stop(self, *services: str) -> None:
        """They are told, side by side, and have their time; they stay down until `start`. Who isn't there is not
        waited for.
        """
        there = self.states()
        if found := [there[it]["Id"] for it in services if it in there]:
            self._call("stop", "--time", str(LEAVES_WITHIN_S), *found)

    def start(self, service: str) -> None:
        """Again, after `stop` or `kill`."""
        self._call("start", self.container(service))

    def kill(self, service: str) -> None:
        """SIGKILL; it stays down until `start`."""
        self._call("kill", "--signal", "KILL", self.container(service))

    def down(self) -> None:
        """Remove this project's containers and networks, and nobody else's, whatever state they are in.

        On a machine that is very busy an engine gives up on a container that takes longer to die than it waits; so
        it is told again.
        """
        for attempt in range(1, REMOVES + 1):
            try:
                self._remove()
            except StackError:
                if attempt == REMOVES:
                    raise
            else:
                return

    def _remove(self) -> None:
        containers = self._ids("ps", "--all")
        if containers:
            self._call("rm", "--force", *containers)
        networks = self._ids("network", "ls")
        if networks:
            self._call("network", "rm", *networks)

    def container(self, service: str) -> str:
        """Its id. Raises StackError where it is not there."""
        found = self._ids("ps", "--all", "--filter", f"label={SERVICE_LABEL}={service}")
        if not found:
            raise StackError(f"{service} is not there; `python -m deploy.compose up` starts everything.")
        return found[0]

    def states(self) -> dict[str, dict[str, Any]]:
        """By service, what the engine says of its container (`docker inspect`)."""
        containers = self._ids("ps", "--all")
        found = json.loads(self._call("inspect", *containers)) if containers else []
        return {it["Config"]["Labels"][SERVICE_LABEL]: it for it in found}

    def logs(self, service: str) -> bytes:
        """All that it has printed."""
        command = [self.engine, "logs", self.container(service)]
        try:
            done = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=ENDS_WITHIN_S
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise StackError(f"what {service} has printed could not be read: {type(error).__name__}.") from None
        return done.stdout

    def _ids(self, *command: str) -> list[str]:
        words = (*command, "--quiet", "--filter", f"label={PROJECT_LABEL}={self.name}")
        return self._call(*words).split()

    def _compose(self, *arguments: str) -> str:
        told = ("-p", self.name, "-f", str(self.file), "--env-file", str(self.variables))
        # variables of the shell would win over those of the file
        environment = {key: value for key, value in os.environ.items() if not key.startswith(VARIABLES)}
        return self._run([*self.program, *told, *arguments], environment)

    def _call(self, *arguments: str) -> str:
        return self._run([self.engine, *arguments])

    def _run(self, command: list[str], environment: Mapping[str, str] | None = None) -> str:
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=ENDS_WITHIN_S, env=environment
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise StackError(f"{command[0]} could not be run: {type(error).__name__}.") from None
        if done.returncode != 0:
            said = done.stderr.strip()[-TOLD_BYTES:]
            raise StackError(f"{' '.join(command[:3])} … ended with {done.returncode}: {said}")
        return done.stdout


def found(environ: Mapping[str, str] = os.environ) -> tuple[tuple[str, ...], str]:
    """Compose's program and the engine's. Raises StackError where either is missing."""
    engine = environ.get("VEIL_CONTAINER_ENGINE", "docker")
    if shutil.which(engine) is None or not _succeeds([engine, "info"]):
        raise StackError(f"No container engine answers ({engine}); the cluster runs in containers.")
    if _succeeds([engine, "compose", "version"]):
        return (engine, "compose"), engine
    if shutil.which("docker-compose") is not None:
        return ("docker-compose",), engine
    raise StackError(
        f"{engine} has no Compose: install its plugin, or Debian's package `docker-compose` (1.29 or newer)."
    )


def _succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=ANSWERS_WITHIN_S).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
