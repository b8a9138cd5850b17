"""What a process's metrics say at a glance. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isinf

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

_ASKED, _VAULT = "veil_label_asked_seconds_bucket", "veil_vault_seconds_bucket"
_HOUR = "3600"
"""Of watch's windows, in seconds."""


@dataclass(frozen=True, slots=True)
class Leaks:
    """What the share of leaked values does not exceed (95 %), and on how many values that rests; `least`: from how
    many on the policy takes it for something.
    """

    bound: float
    values: int
    least: int


@dataclass(frozen=True, slots=True)
class Figures:
    """`behind_s`: how long the oldest record of the last batch had waited; `setbacks`, `transactions` since the
    process began; `vault_s`, `lease_s`, `submit_s`: how long 95 % of Vault's answers took at most since then, and
    of the queue's to who asked for a task and who submitted a label (or the highest bound that is counted by);
    `tasks`: open ones by what they wait for, said by the owner of a queue; `leaks`: what is known of leaked
    values, by the policy in force; `redacted`: the share of characters redacted in the last final hour of each
    project and policy, however long ago; `texts_in_clear`: how many lie on `open.P`; `stands`: what came waits for
    people. None, zero and empty: it says nothing.
    """

    behind_s: float | None = None
    setbacks: int | None = None
    tasks: Mapping[str, int] = field(default_factory=dict)
    leaks: Mapping[str, Leaks] = field(default_factory=dict)
    transactions: int | None = None
    vault_s: float | None = None
    lease_s: float | None = None
    submit_s: float | None = None
    redacted: Mapping[str, float] = field(default_factory=dict)
    texts_in_clear: int = 0
    stands: bool = False


NONE = Figures()


def figures(metrics: str) -> Figures:
    """Of what `/metrics` answers. Raises ValueError."""
    by_name: dict[str, list[Sample]] = {}
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            by_name.setdefault(sample.name, []).append(sample)

    def of(name: str) -> list[Sample]:
        return by_name.get(name, [])

    known = bool(of("veil_rounds_total"))  # a process that has a loop
    return Figures(
        max((one.value for one in of("veil_behind_seconds")), default=None),
        _total(of("veil_setbacks_total")) if known else None,
        {one.labels["waiting_for"]: int(one.value) for one in of("veil_queue_tasks")},
        _leaks(*map(of, ("veil_leak_bound", "veil_gold_values", "veil_gold_least"))),
        _total(of("veil_rounds_total")) if known else None,
        quantile(0.95, of(_VAULT)),
        quantile(0.95, [one for one in of(_ASKED) if one.labels["asked"] == "LeaseTask"]),
        quantile(0.95, [one for one in of(_ASKED) if one.labels["asked"] == "Submit"]),
        _redacted(of("veil_watch_count")),
        _total(of("veil_texts_in_clear")),
        any(one.value for one in of("veil_stands")),
    )


def _leaks(*samples: Iterable[Sample]) -> dict[str, Leaks]:
    bounds, values, least = ({one.labels["policy"]: one.value for one in some} for some in samples)
    known = bounds.keys() & values.keys() & least.keys()
    return {policy: Leaks(bounds[policy], int(values[policy]), int(least[policy])) for policy in sorted(known)}


def _total(samples: Iterable[Sample]) -> int:
    return int(sum(one.value for one in samples))


def quantile(share: float, buckets: Iterable[Sample]) -> float | None:
    """What this share of a histogram's observations does not exceed, straight between two bounds; where it lies
    beyond the last of them, that bound, as Prometheus' `histogram_quantile` has it. None of no observations, and
    where it gives no number.
    """
    counts: Counter[float] = Counter()
    for bucket in buckets:
        counts[float(bucket.labels["le"])] += int(bucket.value)
    bounds = sorted(counts)
    if len(bounds) < 2 or not isinf(bounds[-1]) or not counts[bounds[-1]]:  # noqa: PLR2004 - a bound and none
        return None
    wanted, lower, below = share * counts[bounds[-1]], 0.0, 0
    for bound in bounds:
        if counts[bound] >= wanted and counts[bound] > below:
            return lower if isinf(bound) else lower + (bound - lower) * (wanted - below) / (counts[bound] - below)
        lower, below = bound, counts[bound]
    raise AssertionError  # the last bound has all


def _redacted(samples: Iterable[Sample]) -> dict[str, float]:
    """Of what is suppressed (fewer than ten) there is no share."""
    redacted: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    for one in samples:
        name = one.labels["name"]
        if one.labels["window_s"] == _HOUR and name.startswith("characters_"):
            of = f"{one.labels['project']}, {one.labels['policy']}"
            characters[of] += int(one.value)
            if name == "characters_redacted":
                redacted[of] += int(one.value)
    return {of: count / characters[of] for of, count in redacted.items() if count}
