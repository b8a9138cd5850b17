"""What redact knows of its project: the file, whatever becomes of labeling jobs."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.current_project import LOOK_MS
from deploy.stages.parts import StageParts
from deploy.stages.redact import build, longest_ms
from schemas.errors import Refused
from schemas.routing import Routing
from streams.redact.processor import LONGEST_MS
from tests.simulation.vault import MemoryVault, VaultStore
from tests.streams.keeper.making import CODEC
from tests.streams.label.conftest import ManualClock
from topology.loading import load_topology, parse_project
from vault import keyed_hash
from vault.keyed_hash import Purpose

FILE = """
name: mine
owner: the tests of Veilstream
persons: {authors: [a], approvers: [b], operators: [c], annotators: [d]}
jobs: {version: 1}
batches: [BATCHES]
"""


class Known:
    """A redact stage over a folder, of a project that wants its jobs signed, where none is."""

    def __init__(self, root: Path) -> None:
        self._file = root / "projects" / "mine.yaml"
        self._file.parent.mkdir()
        self.write("week-47")
        self._clock, vault = ManualClock(), MemoryVault(VaultStore(auto_keys=True), "mine")
        for purpose in Purpose:
            keyed_hash.create(vault, "mine", purpose)
        vault.told_time = vault.ask_time = lambda: None
        around: Any = SimpleNamespace(
            root=root,
            project="mine",
            topology=load_topology(extra_projects=[self._file.parent]),
            vault=vault,
            codec=CODEC,
            clock=self._clock,
            book=SimpleNamespace(job_in_force=lambda _: None, policy_in_force=lambda _: None),
        )
        self.parts: StageParts = build(around, "redact.mine.0", 0)

    def write(self, batches: str) -> None:
        self._file.write_text(FILE.replace("BATCHES", batches))

    def check(self, batch: str) -> None:
        self._clock.ms += LOOK_MS
        self.parts.processor._seams.known_routes().check(Routing(batch=batch))


@pytest.fixture
def known(tmp_path):
    made = Known(tmp_path)
    yield made
    made.parts.stop()


def test_a_batch_is_known_as_soon_as_the_file_names_it_though_no_job_is_signed(known):
    known.check("week-47")
    with pytest.raises(Refused):
        known.check("week-48")
    known.write("week-47, week-48")
    known.check("week-48")


def test_while_the_file_cannot_be_read_the_batches_are_those_it_named_last(known):
    known.write("week-47, week-48")
    known.check("week-48")
    known.write("[")
    known.check("week-48")


@pytest.mark.parametrize(("store", "days"), [("vault", None), ("topics", 31), ("topics", 2)])
def test_what_lies_on_topics_is_of_use_no_longer_than_it_lies_there(store: str, days: int | None) -> None:
    retention = f"retention_ms: {{values: {2 * 86_400_000}}}\n" if days == 2 else ""
    flow = load_topology().flow
    project = parse_project(FILE.replace("BATCHES", "") + f"segments: {store}\n{retention}", "mine.yaml", flow)
    assert longest_ms(project, flow) == (LONGEST_MS if days is None else days * 86_400_000)
