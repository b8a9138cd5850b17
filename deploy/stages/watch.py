"""Watch: the audit of all projects in, metrics and alerts out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.stages.folding import FoldParts, FoldRunning, open_folding
from streams.watch.rules_document import packaged_rules
from streams.watch.watching import STATE_EVERY_MS, Watching
from streams.watch.windows import Windows
from topology.identity import PLATFORM, Identity

IDENTITY = Identity("watch", PLATFORM)
WHOLE_HOURS = Windows()


@contextmanager
def open_watch(
    root: Path, windows: Windows = WHOLE_HOURS, state_every_ms: int = STATE_EVERY_MS
) -> Iterator[FoldRunning]:
    """Connect as `watch.platform`, for every project that is declared.

    Raises ConfigError where the stack was never started or provisioned. `windows`: other ones are for tests.
    """
    rules = packaged_rules()

    def fresh(parts: FoldParts) -> Watching:
        partitions = {name: project.partitions for name, project in parts.topology.projects.items()}
        return Watching(partitions, rules, windows, parts.codec, state_every_ms)

    with open_folding(root, IDENTITY, fresh) as running:
        yield running
