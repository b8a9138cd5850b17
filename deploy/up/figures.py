"""What a process's metrics say at a glance. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

BEHIND, SETBACKS, TASKS, BOUND = (
    "veil_behind_seconds",
    "veil_setbacks_total",
    "veil_queue_tasks",
    "veil_leak_bound",
)


@dataclass(frozen=True, slots=True)
class Figures:
    """`behind_s`: how long the oldest record of the last batch had waited; `setbacks` since the process began;
    `tasks`: open ones by what they wait for, said by the owner of a queue; `leak_bounds`: what the share of leaked
    values does not exceed (95 %), by policy. None and empty: it says nothing of it.
    """

    behind_s: float | None = None
    setbacks: int | None = None
    tasks: Mapping[str, int] = field(default_factory=dict)
    leak_bounds: Mapping[str, float] = field(default_factory=dict)


NONE = Figures()


def figures(metrics: str) -> Figures:
    """Of what `/metrics` answers. Raises ValueError."""
    samples = [sample for family in text_string_to_metric_families(metrics) for sample in family.samples]
    by_name = {name: [one for one in samples if one.name == name] for name in (BEHIND, SETBACKS, TASKS, BOUND)}
    known = any(one.name == "veil_rounds_total" for one in samples)
    return Figures(
        max((one.value for one in by_name[BEHIND]), default=None),
        int(sum(one.value for one in by_name[SETBACKS])) if known else None,
        {one.labels["waiting_for"]: int(one.value) for one in by_name[TASKS]},
        {one.labels["policy"]: one.value for one in by_name[BOUND]},
    )
