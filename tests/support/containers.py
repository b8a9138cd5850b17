"""A container engine as tests use it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

TREE = Path(__file__).parents[2]
NO_BASE = 3
"""What `deploy/containers/build` ends with where there is nothing to build on."""
HARDENED = (
    *("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),  # noqa: S108 - the container's
    *("--security-opt", "no-new-privileges", "--user", "65532"),
)
"""As the README runs it. Which network it has, each test says."""


@dataclass(frozen=True)
class Engine:
    """The program that talks to it."""

    program: str

    @classmethod
    def named(cls) -> Engine:
        """The one of this machine; `VEIL_CONTAINER_ENGINE` names another program than `docker`."""
        return cls(os.environ.get("VEIL_CONTAINER_ENGINE", "docker"))

    def call(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, check=check)

    def answers(self) -> bool:
        return shutil.which(self.program) is not None and self.call("info", check=False).returncode == 0

    def inspect(self, thing: str) -> dict:
        return json.loads(self.call("inspect", thing).stdout)[0]

    def health(self, container: str) -> str:
        return self.inspect(container)["State"]["Health"]["Status"]

    @contextmanager
    def running(
        self, name: str, image: str, *words: str, options: Sequence[str] = (), handed: str = ""
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A container, ended with its block; what it is handed is in its standard input."""
        command = [self.program, "run", "--rm", "-i", "--name", name, *HARDENED, *options, image, *words]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            process.stdin.write(handed.encode())
            process.stdin.close()
            try:
                yield process
            finally:
                self.call("stop", name, check=False)


def built(name: str, **environ: str) -> str:
    """An image of this tree."""
    command = [str(TREE / "deploy" / "containers" / "build"), name]
    done = subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    if done.returncode == NO_BASE:
        pytest.skip(f"no base to build on: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr[-2000:]
    return name
