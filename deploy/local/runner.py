"""Where the programs of the parts lie, and who starts them. The stack itself doesn't care."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy.progress import Report
from deploy.supervise.spawn import Spawner


@dataclass(frozen=True, slots=True)
class Programs:
    """As the part sees them that is run. Of parts that nobody has asked for, nothing is said."""

    java: Path
    openbao: Path
    kafka: tuple[Path, ...] = ()
    """The class path; so is the registry's."""
    registry: tuple[Path, ...] = ()


class Runner(Protocol):
    """A way to run parts: as processes of this machine (`deploy.local.processes`), or otherwise, as long as a part
    is one process here, with the network, the clock and the root of its stack. Thread-safe.
    """

    def programs(self, parts: Collection[str], environ: Mapping[str, str], report: Report) -> Programs:
        """Have the programs of these parts at hand. Blocks for what has to be downloaded; StackError, OSError."""

    def spawner(self, part: str, root: Path) -> Spawner:
        """What starts the programs of a part of the stack of this root."""
