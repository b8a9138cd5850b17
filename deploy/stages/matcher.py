"""Matcher: the audit of all projects and Vault's own log in, alerts out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.log_name import log_name
from deploy.stages.folding import FoldParts, FoldRunning, open_folding
from streams.audit.matching import STATE_EVERY_MS, WAITS, Matching, Waits
from topology.identity import PLATFORM, Identity
from topology.loading import Topology

IDENTITY = Identity("matcher", PLATFORM)
ASK_MS = 5_000
"""It waits for 90 s in any case; so an idle one takes 0.9 % of a core, not 2.1 (measured)."""


@contextmanager
def open_matcher(root: Path, topology: Topology | None = None, waits: Waits = WAITS) -> Iterator[FoldRunning]:
    """Connect as `matcher.platform`, for every project that is declared.

    Raises ConfigError where the stack was never started or provisioned. `topology`, `waits`: others are for tests.
    """

    def fresh(parts: FoldParts) -> Matching:
        partitions = {name: project.partitions for name, project in parts.topology.projects.items()}
        return Matching(partitions, parts.codec, log_name(parts.endpoints, parts.log), STATE_EVERY_MS, waits)

    with open_folding(root, IDENTITY, fresh, topology, ASK_MS) as running:
        yield running
