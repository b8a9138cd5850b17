"""A clock that a test puts forward, for what would take days, and one stage of a pipeline that goes by it."""

from __future__ import annotations

from dataclasses import replace

from deploy.stages.stage import assemble
from streams.engine.clock import SystemClock
from tests.support.handing import started
from tests.support.pipeline import Pipeline, Stage, free_port
from topology.identity import Identity


class Hands(SystemClock):
    """Ahead of this machine's by `forward_ms`, and Vault's with it: what ends by time waits while they differ."""

    forward_ms = 0

    def now(self):
        return super().now() + self.forward_ms

    def start(self, pipeline: Pipeline, role: str) -> None:
        """This stage of the pipeline goes by this clock."""
        around = started(pipeline.root, Identity(role, pipeline.project), pipeline.project, pipeline.topology)
        self._turn(around.vault)
        ours, port = replace(around, clock=self), free_port()
        pipeline.stages[role, 0] = Stage(ours, assemble(ours, 0, port), port)

    def _turn(self, vault):
        told_time = vault.told_time

        def later():
            told = told_time()
            return told and replace(told, at=told.at + self.forward_ms)

        vault.told_time = later
