"""What the stack asks of each part it can start: Kafka, OpenBao, Apicurio."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy.local.layout import Layout


@dataclass(frozen=True, slots=True)
class Command:
    """How to run a part: `argv[0]` absolute, `env` the whole environment. No secret is in either."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path


class Part(Protocol):
    """A part of the local stack. Used by one thread at a time."""

    @property
    def name(self) -> str:
        """`kafka`, `vault` or `registry`: names its log, its data folder and its ports."""

    @property
    def ready_within_s(self) -> float:
        """Longest start ever seen on a busy machine, doubled; later than this it counts as broken."""

    def command(self) -> Command:
        """The same at every start."""

    def prepare(self) -> None:
        """Write what it reads; at the first start format its storage. Blocks; StackError, OSError."""

    def ready(self) -> bool:
        """Ask once whether it serves, logging in as a client would; blocks for a second at most.

        At the first start this may finish the set-up. StackError when it never will be ready.
        """


def java(program: Path, layout: Layout, heap_mib: int, *arguments: str) -> tuple[str, ...]:
    """A command of this `program`, Java, that leaves no file outside the root.

    Serial GC: with these heaps a pause is a few ms, and it needs neither threads nor CPU while idle.
    """
    return (
        str(program),
        f"-Xmx{heap_mib}m",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",  # else every JVM shows itself in the machine's shared temporary folder
        f"-Djava.io.tmpdir={layout.scratch}",
        *arguments,
    )


def plain_environment() -> dict[str, str]:
    """Nothing inherited that could change how a part behaves or carry a secret into it."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8"}
