"""Where the programs of the parts lie, and who starts them. The stack itself doesn't care."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from deploy.progress import Report
from deploy.supervise.spawn import Spawner


@dataclass(frozen=True, slots=True)
class Archive:
    """A part's classes as they are once loaded (`deploy.local.archives`), or the file they are recorded to."""

    path: Path
    recorded: bool = False

    def flags(self) -> tuple[str, ...]:
        """What Java is told of it. No adapters are kept: Java 25.0.2 looks for some under names that it didn't
        give them, says so at each start, and makes them anew.
        """
        option = "AOTCacheOutput" if self.recorded else "AOTCache"
        return ("-XX:+UnlockDiagnosticVMOptions", "-XX:-AOTAdapterCaching", f"-XX:{option}={self.path}")


@dataclass(frozen=True, slots=True)
class Programs:
    """As the part sees them that is run. Of parts that nobody has asked for, nothing is said."""

    java: Path
    openbao: Path
    kafka: tuple[Path, ...] = ()
    """The class path; so is the registry's."""
    registry: tuple[Path, ...] = ()
    archives: Mapping[str, Archive] = field(default_factory=lambda: MappingProxyType({}))
    """By part, of those that have one."""

    def archive_flags(self, part: str, *, tool: bool = False) -> tuple[str, ...]:
        """What Java is told of the part's archive; nothing where there is none. A `tool` of it records none."""
        archive = self.archives.get(part)
        return () if archive is None or (tool and archive.recorded) else archive.flags()


class Runner(Protocol):
    """A way to run parts: as processes of this machine (`deploy.local.processes`), or otherwise, as long as a part
    is one process here, with the network, the clock and the root of its stack. Thread-safe.
    """

    def programs(self, parts: Collection[str], environ: Mapping[str, str], report: Report) -> Programs:
        """Have the programs of these parts at hand. Blocks for what has to be downloaded; StackError, OSError."""

    def spawner(self, part: str, root: Path) -> Spawner:
        """What starts the programs of a part of the stack of this root."""
