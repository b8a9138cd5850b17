"""What one run of the bench has found, as JSON, and which targets it meets. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from deploy.bench.figures import Latency, Target, median
from deploy.bench.handouts import Faults
from deploy.bench.spent import Costs
from deploy.bench.steady import Soak

IDLE_CPU_TARGET = 0.05
TEXT_TARGETS_S = {"fast": 2.0, "strict": 5.0, "max": 15.0}
HOSTILE_TARGET_S = 15.0
CALL_TARGETS_MS = {1: 10, 8: 15, 32: 40}
"""Of the 95th percentile of a lease and of a submit, by annotators who never pause, before 20,000 open tasks."""
LABELS_TARGET = 300
"""Labels a second with 32 annotators whose clients are on the same two cores."""
QUEUE_BYTES = (150_000_000, 2_000)
"""Of a label process: at most so much, and so much a task."""
MB = 1_000_000
CONTAIN_TARGET_S = 2
SEAL_TARGET = 5_000
ERASE_TARGET_S = 60
SCALE_TARGET = 0.85
REDACT = "redact"
SUSTAINED_TARGET, SUSTAINED_SHARE = 10_000, 0.3
STORE_TARGET, JOIN_TARGET, REVEAL_TARGET_MS = 0.8, 3_000, 150
GROWTH_TARGET = 16 * 2**20
"""Bytes; what an allocator keeps. A leak of 20 bytes a text would show over a million."""


class Way(StrEnum):
    """The ways a record can take."""

    DETECTED = "redact"
    """The redact stage as it runs, in the policy's mode: strict."""
    FAST = "redact_fast"
    """The same in the mode `fast`."""
    UNDETECTED = "no_detection"
    """The same loop and sealing, with a detector that finds nothing."""
    ALTERNATIVE = "alternative"
    """A plain consumer, stock Presidio, a plain producer."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Records a second, one figure a run, in the order they were run. `outcomes` are those of redact's runs."""

    runs: Mapping[Way, Sequence[float]]
    outcomes: Mapping[Way, Mapping[str, int]] = field(default_factory=dict)

    def median(self, way: Way) -> float:
        """The middle run."""
        return median(self.runs[way])

    def over(self, way: Way, mine: Way = Way.DETECTED) -> float:
        """How many times as fast as `way` the redact stage is."""
        return self.median(mine) / self.median(way)


@dataclass(frozen=True, slots=True)
class Delays:
    """From produce to visible: through redact, and through the broker alone, at the same rate."""

    per_second: int
    task: Latency
    plain: Latency


@dataclass(frozen=True, slots=True)
class Calls:
    """What annotators without think time waited."""

    annotators: int
    tasks_per_s: float
    lease: Latency
    submit: Latency


@dataclass(frozen=True, slots=True)
class Queueing:
    """Groups of annotators before one queue. `peak_bytes`: the label process's largest resident size; `alone`: a
    transaction as label makes them, with the broker alone.
    """

    open_tasks: int
    peak_bytes: int
    groups: Sequence[Calls]
    faults: Faults
    alone: Latency

    def targets(self) -> list[Target]:
        """Latencies by group, the rate of the largest one, memory, and that nothing went wrong."""
        found = [target for calls in self.groups for target in _call_targets(calls)]
        most = max(self.groups, key=lambda calls: calls.annotators)
        found.append(Target(f"labels/s, {_people(most.annotators)}", most.tasks_per_s, LABELS_TARGET, True))
        base, each = QUEUE_BYTES
        limit = (base + each * self.open_tasks) / MB
        found.append(Target(f"label with {self.open_tasks:,} tasks, MB", self.peak_bytes / MB, limit, False))
        wrong = self.faults.twice + self.faults.lost + self.faults.doubled
        return [*found, Target("tasks handed out twice, labels lost or doubled", wrong, 0, False)]


@dataclass(frozen=True, slots=True)
class Studio:
    """The same calls of a Label Studio: a next task, an annotation. `failed`: calls that were made again, since
    the server refused them or gave no answer; their time is in the figures.
    """

    version: str
    open_tasks: int
    groups: Sequence[Calls]
    faults: Faults
    failed: int


@dataclass(frozen=True, slots=True)
class Texts:
    """CPU seconds of the redactor for one text of `size` characters, by mode: an ordinary one, and the slowest of
    those made to be slow. `growth_bytes`: of the process, over the last nine tenths of `count` texts.
    """

    size: int
    ordinary_s: Mapping[str, float]
    hostile_s: Mapping[str, float]
    count: int
    growth_bytes: int


@dataclass(frozen=True, slots=True)
class Sealing:
    """The sealer alone. `events_per_s`: with all of `events` on the topic before; `behind`: of checkpoints, at
    `per_second`; `restart_s`: from a kill to the next checkpoint, with logs of a million entries.
    """

    events: int
    events_per_s: float
    per_second: int
    behind: Latency
    behind_worst_ms: float
    restart_s: float

    def targets(self) -> list[Target]:
        """What was promised of sealing."""
        return [
            Target("events sealed/s", self.events_per_s, SEAL_TARGET, True),
            Target(f"checkpoint behind at {self.per_second:,}/s, worst, s", self.behind_worst_ms / 1000, 2, False),
            Target("sealer back after kill -9, s", self.restart_s, 5, False),
        ]


@dataclass(frozen=True, slots=True)
class Containing:
    """From an alert to "contained". `revoked`: a person is shut out, label and warden have obeyed; `frozen_ms`: a
    single freeze, which redact and label obey.
    """

    revoked: Latency
    revoked_worst_ms: float
    frozen_ms: float

    def targets(self) -> list[Target]:
        """What was promised of containment."""
        return [
            Target("alert to contained p95, s", self.revoked.p95_ms / 1000, CONTAIN_TARGET_S, False),
            Target("alert to frozen, s", self.frozen_ms / 1000, CONTAIN_TARGET_S, False),
        ]


@dataclass(frozen=True, slots=True)
class Step:
    """So many redact processes at work. `cpu_ms`: of a record, by what took it (redact: all of them); `busy`: the
    share of all cores that was taken, by whatever runs on the machine.
    """

    processes: int
    records_per_s: float
    cpu_ms: Mapping[str, float]
    busy: float


@dataclass(frozen=True, slots=True)
class Scaling:
    """Redact with 1, 2, 4 … processes, by turns."""

    steps: Sequence[Step]

    @property
    def processes(self) -> list[int]:
        """The counts that were tried."""
        return sorted({step.processes for step in self.steps})

    def rate(self, processes: int) -> float:
        """Records a second."""
        return median([step.records_per_s for step in self._of(processes)])

    def efficiency(self, processes: int) -> float:
        """Of so many times what one alone does. Where no core is free for each, less than 1 by that alone."""
        return self.rate(processes) / (processes * self.rate(1))

    def cpu_ms(self, processes: int) -> dict[str, float]:
        """What a record costs, by what took it."""
        steps = self._of(processes)
        return {name: median([step.cpu_ms[name] for step in steps]) for name in steps[0].cpu_ms}

    def a_core(self, processes: int) -> float:
        """What a core that redact has gives, ÷ with one process: whether processes stand in each other's way."""
        return self.cpu_ms(1)[REDACT] / self.cpu_ms(processes)[REDACT]

    def busy(self, processes: int) -> float:
        """The share of all cores that was taken."""
        return median([step.busy for step in self._of(processes)])

    def targets(self) -> list[Target]:
        """What was promised of more processes."""
        return [
            Target(f"redact with {it}: what a core of theirs gives ÷ with 1", self.a_core(it), SCALE_TARGET, True)
            for it in self.processes[1:]
        ]

    def _of(self, processes: int) -> list[Step]:
        return [step for step in self.steps if step.processes == processes]


@dataclass(frozen=True, slots=True)
class Again:
    """Of so many records that were ordered to be redacted again, how many a second replay copied."""

    records: int
    copies_per_s: float


@dataclass(frozen=True, slots=True)
class Erasing:
    """Of so many segments, how many tasks of one person were taken out; seconds from the second signature until
    they were out of Vault, and until every stage had let go of them.
    """

    segments: int
    tasks: int
    erased_s: float
    over_s: float


@dataclass(frozen=True, slots=True)
class Mappings:
    """Segments a second: sealed, written by our store, and bare writes of their size."""

    segments: int
    sealed_per_s: float
    stored_per_s: float
    bare_per_s: float

    @property
    def ratio(self) -> float:
        """Our writes ÷ bare ones."""
        return self.stored_per_s / self.bare_per_s

    def targets(self) -> list[Target]:
        """What was promised of mappings."""
        return [Target("segments ÷ bare writes of their size", self.ratio, STORE_TARGET, True)]


@dataclass(frozen=True, slots=True)
class Sustained:
    """A second, by one store: placeholders and documents written, documents that Vault would have taken of these
    sizes, bytes in the documents.
    """

    store: str
    placeholders_per_s: float
    documents_per_s: float
    free_per_s: float
    bytes_per_s: float

    @property
    def where(self) -> str:
        """Where entries lie, in words."""
        return "in Vault" if self.store == "vault" else "on topics"

    @property
    def share(self) -> float:
        """Of what Vault can write."""
        return self.documents_per_s / self.free_per_s

    def targets(self) -> list[Target]:
        """What was promised of a rate that is kept up."""
        return [
            Target(f"placeholders/s kept up, {self.where}", self.placeholders_per_s, SUSTAINED_TARGET, True),
            Target(f"of what Vault can write, {self.where}", self.share, SUSTAINED_SHARE, False),
        ]


@dataclass(frozen=True, slots=True)
class Revealing:
    """From the second approval, the requester waiting: until the audit says `value.revealed`, and until the values
    are open.
    """

    said: Latency
    opened: Latency

    def targets(self) -> list[Target]:
        """What was promised of reveal."""
        return [Target("second approval to values p95, ms", self.opened.p95_ms, REVEAL_TARGET_MS, False)]


@dataclass(frozen=True, slots=True)
class Joining:
    """Verdicts that all lie there, through join and what it reads in Vault, from its first commit to its last;
    `growth_bytes`: of the process, once as many segments were read as are kept. `where`: entries lie.
    """

    verdicts: int
    joined_per_s: float
    growth_bytes: int
    where: str = "in Vault"

    def targets(self) -> list[Target]:
        """What was promised of join."""
        growth, most = self.growth_bytes / 2**20, GROWTH_TARGET / 2**20
        return [
            Target(f"verdicts joined/s, entries {self.where}", self.joined_per_s, JOIN_TARGET, True),
            Target(f"join's memory more, MiB, entries {self.where}", growth, most, False),
        ]


@dataclass(frozen=True, slots=True)
class Resources:
    """By process name: the largest resident size, in bytes; the share of a core it takes when nothing comes."""

    peak_bytes: Mapping[str, int]
    idle_cpu: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Report:
    """One run. A part that was not asked for is None."""

    date: str
    machine: Mapping[str, str]
    records: int
    rates: Rates | None = None
    delays: Delays | None = None
    queueing: Queueing | None = None
    studio: Studio | None = None
    resources: Resources | None = None
    texts: Texts | None = None
    sealing: Sealing | None = None
    containing: Containing | None = None
    again: Again | None = None
    erasing: Erasing | None = None
    mappings: Mappings | None = None
    sustained: tuple[Sustained, ...] = ()
    revealing: Revealing | None = None
    joining: Joining | None = None
    joining_apart: Joining | None = None
    scaling: Scaling | None = None
    costs: Costs | None = None
    soak: Soak | None = None

    def targets(self) -> list[Target]:
        """Those that this run can speak of."""
        found = []
        if self.rates is not None:
            found.append(Target("redact ÷ alternative", self.rates.over(Way.ALTERNATIVE), 20, True))
            found.append(Target("redact ÷ no detection", self.rates.over(Way.UNDETECTED), 0.35, True))
            fast = self.rates.over(Way.UNDETECTED, Way.FAST)
            found.append(Target("redact, fast ÷ no detection", fast, 0.6, True))
        found += self.queueing.targets() if self.queueing is not None else []
        found += self.sealing.targets() if self.sealing is not None else []
        found += self.containing.targets() if self.containing is not None else []
        if self.erasing is not None:
            name = f"a person of {self.erasing.segments:,} segments erased, s"
            found.append(Target(name, self.erasing.over_s, ERASE_TARGET_S, False))
        of_vault = (self.mappings, *self.sustained, self.joining, self.joining_apart, self.revealing)
        for part in (*of_vault, self.scaling, self.soak):
            found += part.targets() if part is not None else []
        if self.resources is not None and self.resources.idle_cpu:
            busiest = max(self.resources.idle_cpu.values())
            found.append(Target("idle CPU of the busiest process", busiest, IDLE_CPU_TARGET, False))
        return found + (_text_targets(self.texts) if self.texts is not None else [])

    def as_json(self) -> dict[str, Any]:
        """Everything, ratios and targets included."""
        content: dict[str, Any] = {"date": self.date, "machine": dict(self.machine), "records": self.records}
        if self.rates is not None:
            content["redact"] = _rates(self.rates)
        if self.delays is not None:
            content["latency"] = _delays(self.delays)
        if self.resources is not None:
            content["peak_bytes"] = dict(self.resources.peak_bytes)
            content["idle_cpu"] = dict(self.resources.idle_cpu)
        parts = {
            "label": self.queueing,
            "label_studio": self.studio,
            "texts": self.texts,
            "seal": self.sealing,
            "contain": self.containing,
            "again": self.again,
            "erase": self.erasing,
            "join": self.joining,
            "join_apart": self.joining_apart,
            "reveal": self.revealing,
            "costs": self.costs,
            "soak": self.soak,
        }
        content |= {name: asdict(part) for name, part in parts.items() if part is not None}
        if self.scaling is not None:
            content["scale"] = _scaling(self.scaling)
        if self.mappings is not None:
            content["vault"] = asdict(self.mappings) | {"ratio_to_bare": self.mappings.ratio}
        if self.sustained:
            content["sustained"] = [asdict(it) | {"share_of_vault": it.share} for it in self.sustained]
        content["targets"] = [{**asdict(target), "met": target.met} for target in self.targets()]
        return content


def _call_targets(calls: Calls) -> list[Target]:
    goal = CALL_TARGETS_MS[calls.annotators]
    return [
        Target(f"{name} p95, {_people(calls.annotators)}, ms", latency.p95_ms, goal, False)
        for name, latency in (("lease", calls.lease), ("submit", calls.submit))
    ]


def _text_targets(texts: Texts) -> list[Target]:
    found = [
        Target(f"1 MiB of text, {mode}, s", s, TEXT_TARGETS_S[mode], False) for mode, s in texts.ordinary_s.items()
    ]
    found.append(Target("1 MiB made to be slow, s", max(texts.hostile_s.values()), HOSTILE_TARGET_S, False))
    grown = f"memory more after {texts.count:,} texts, MiB"
    return [*found, Target(grown, texts.growth_bytes / 2**20, GROWTH_TARGET / 2**20, False)]


def _people(count: int) -> str:
    return "1 annotator" if count == 1 else f"{count} annotators"


def _rates(rates: Rates) -> dict[str, Any]:
    ways: dict[str, Any] = {
        way.value: {
            "records_per_s": rates.median(way),
            "runs": list(runs),
            "outcomes": dict(rates.outcomes.get(way, {})),
        }
        for way, runs in rates.runs.items()
    }
    fast = {"fast_ratio_to_no_detection": rates.over(Way.UNDETECTED, Way.FAST)}
    return ways | {f"ratio_to_{way.value}": rates.over(way) for way in (Way.UNDETECTED, Way.ALTERNATIVE)} | fast


def _scaling(scaling: Scaling) -> dict[str, Any]:
    derived = {
        str(it): {
            "records_per_s": scaling.rate(it),
            "efficiency": scaling.efficiency(it),
            "a_core": scaling.a_core(it),
            "cpu_ms": scaling.cpu_ms(it),
            "busy": scaling.busy(it),
        }
        for it in scaling.processes
    }
    return asdict(scaling) | {"processes": derived}


def _delays(delays: Delays) -> dict[str, Any]:
    ratios = {
        "ratio_p50": delays.task.p50_ms / delays.plain.p50_ms,
        "ratio_p99": delays.task.p99_ms / delays.plain.p99_ms,
    }
    return asdict(delays) | ratios
