"""From the setting to what a loop is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from deploy.traces.setting import TracesSetting
from streams.engine.clock import Clock
from streams.engine.traces.spans import Source
from streams.engine.traces.tracing import Tracing, Untraced


@dataclass(frozen=True, slots=True)
class Telling:
    """What the loop tells of its rounds, and what ends that."""

    tracing: Tracing
    stop: Callable[[], None]
    vault_called: Callable[[float], None] = lambda _: None
    """Told of each call to Vault, in seconds."""


def telling(setting: TracesSetting | None, source: Source, clock: Clock) -> Telling:
    """Of one process; silent where traces are off."""
    if setting is None:
        return Telling(Untraced(), lambda: None)
    # A process that tells nothing need not hold any of this in memory: OpenTelemetry's messages take 4 MB.
    from deploy.traces.clock import clock_of_machine  # noqa: PLC0415
    from deploy.traces.exporter import Exporter  # noqa: PLC0415
    from deploy.traces.otlp import encode  # noqa: PLC0415
    from streams.engine.traces.traces import Traces  # noqa: PLC0415

    source = replace(source, clock=clock_of_machine())
    exporter = Exporter(setting, source, encode)
    traces = Traces(source, setting.ratio, exporter, clock)
    return Telling(traces, exporter.stop, traces.vault_called)
