"""The sealer on the real broker, registry and vault: what it publishes is checked from topics and pins alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from deploy.log_name import log_name
from deploy.sealed import SEALER
from deploy.stages.stage import assemble
from schemas.errors import ConfigError, Fenced
from tests.support.handing import started
from tests.support.pipeline import Pipeline, Stage
from tests.support.sealing import SealedLogs
from tests.support.waiting import wait_for
from topology.identity import PLATFORM

pytestmark = pytest.mark.stack


@dataclass
class Sealing:
    """Sealers in threads."""

    pipeline: Pipeline
    logs: SealedLogs

    def start(self, name: str | None = None) -> Stage:
        around = started(self.pipeline.root, SEALER, PLATFORM, self.pipeline.topology)
        if name is not None:
            around = replace(around, endpoints=replace(around.endpoints, log_name=name))
        assert log_name(around.endpoints, around.log) == name or name is None
        return Stage(around, assemble(around, 0, 0), 0)


@pytest.fixture(scope="module")
def sealing(pipeline_of):
    """With a log that has its name: whoever comes first gives it one."""
    pipeline = pipeline_of("sealed")  # its audit gets garbage, which no other test should meet
    made = Sealing(pipeline, SealedLogs(pipeline, f"veilstream-{pipeline.log.cluster()}"))
    first = made.start()
    made.logs.check()
    first.stop()
    return made


def test_whole_audit_is_sealed_under_checkpoints_that_the_pinned_key_bears_out(sealing):
    pipeline = sealing.pipeline
    stage = sealing.start()
    pipeline.start("decide", "keeper")  # their starts are events
    pipeline.write(f"audit.{pipeline.project}", b"x", b"no event")
    published = sealing.logs.check()
    pipeline.stop()
    stage.stop()
    assert any(f"/audit.{pipeline.project}/" in name for name in published)
    assert f"{sealing.logs.name}/audit.platform/0" in published


def test_sealer_goes_on_where_it_was_and_seals_its_own_end(sealing):
    before = {name: found[-1].size for name, found in sealing.logs.checkpoints().items()}
    stage = sealing.start()
    after = {name: found[-1].size for name, found in sealing.logs.check().items()}
    stage.stop()
    own = f"{sealing.logs.name}/audit.platform/0"
    assert after[own] >= before[own] + 2  # the stop before, and this start
    assert all(after[name] >= size for name, size in before.items())


def test_sealer_that_was_replaced_is_fenced(sealing):
    zombie = sealing.start()
    wait_for(lambda: zombie.running.health.read()[0].value == "working", "the first works")
    stage = sealing.start()
    sealing.pipeline.write(f"audit.{sealing.pipeline.project}", b"x", b"for both")
    wait_for(lambda: not zombie.thread.is_alive(), "the first ends")
    assert isinstance(zombie.error, Fenced)
    zombie.stop()
    sealing.logs.check()
    stage.stop()


def test_sealer_under_another_name_refuses_to_run(sealing):
    stage = sealing.start("another")
    wait_for(lambda: not stage.thread.is_alive(), "it ends")
    with pytest.raises(ConfigError, match="VEIL_LOG_NAME"):
        stage.stop()
