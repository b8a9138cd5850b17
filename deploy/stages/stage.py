"""From a role to a running loop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from deploy.stages.parts import StageParts
from deploy.stages.roles import FOLDING_ROLES, PLATFORM_ROLES, PROJECT_ROLES, RELEASE_NOTHING
from deploy.surroundings import Surroundings
from deploy.traces.setting import TracesSetting
from deploy.traces.telling import telling
from schemas.errors import ConfigError
from streams.engine.health import Health
from streams.engine.log import SessionSpec
from streams.engine.loop import Loop, Stage
from streams.engine.presence import StandsBy
from streams.engine.traces.spans import Source

Build = Callable[[Surroundings, str, int], StageParts]


def _builder(role: str) -> Build:
    """Its module is imported when it is asked for: redact's detectors cost 3 s and 140 MB, of no use to others."""

    def build(around: Surroundings, slot: str, port: int) -> StageParts:
        parts: StageParts = import_module(f"deploy.stages.{role}").build(around, slot, port)
        return parts

    return build


BUILDERS: Mapping[str, Build] = {
    role: _builder(role) for role in (*PROJECT_ROLES, *PLATFORM_ROLES) if role not in FOLDING_ROLES
}
"""Every role that runs in the engine's loop, in the order data passes through them."""


@dataclass(slots=True)
class Running:
    """A stage ready to run. `stop` ends what runs beside the loop (label's API)."""

    loop: Loop
    health: Health
    stop: Callable[[], None] = field(default=lambda: None)
    standby: StandsBy | None = None
    silence: Callable[[], None] = field(default=lambda: None)
    """Ends the telling of traces, after the loop."""

    def run(self, stop: threading.Event) -> None:
        """Stand by where others may own the slot, then work, until told to stop. Raises as `Loop.run` does."""
        try:
            if self.standby is None or self.standby.run(stop, self.health, self.loop.stand_by):
                self.loop.run(stop)
        finally:
            self.loop.close()
            self.silence()


def assemble(
    around: Surroundings,
    number: int,
    port: int,
    builders: Mapping[str, Build] = BUILDERS,
    traces: TracesSetting | None = None,
) -> Running:
    """The stage of the identity's role, as process `number`; `port` is label's, 0 lets the system choose.

    What serves all projects has the project `platform`, and `audit.platform`.
    """
    role, project = around.identity.role, around.project
    if role not in builders:
        raise ConfigError(f"{role} is no stage; stages are: {', '.join(builders)}")
    parts = builders[role](around, around.identity.slot(number), port)
    slot = parts.slot or around.identity.slot(number)
    stage = Stage(
        role=role,
        project=project,
        slot=slot,
        process=around.identity.name,
        session=SessionSpec(
            transactional_id=slot,
            group=around.identity.group,
            inputs=parts.inputs,
            ownership=parts.ownership,
            transaction_timeout_ms=parts.transaction_timeout_ms,
            by_turns=parts.by_turns,
        ),
        state_topic=_state_topic(around),
        audit_topic=f"audit.{project}",
        batch_limit=parts.batch_limit,
        poll_s=parts.poll_s,
        request_wait_s=parts.request_wait_s,
        rereads=parts.rereads,
        releases=role not in RELEASE_NOTHING,
    )
    health = Health()
    told = telling(traces, Source(role, project, slot), around.clock)
    around.vault.session.tell(told.vault_called)
    loop = Loop(
        stage,
        parts.processor,
        parts.log or around.log,
        around.vault,
        lambda: around.control(parts.obeys_everywhere),
        around.codec,
        around.clock,
        around.sign,
        parts.requests,
        health,
        parts.standby,
        told.tracing,
    )
    return Running(loop, health, parts.stop, parts.standby, told.stop)


def _state_topic(around: Surroundings) -> str:
    flow = around.topology.flow
    kind = flow.roles[around.identity.role].state
    assert kind is not None  # whatever runs keeps its place in its audit chain
    return flow.topics[kind].topic(around.project)
