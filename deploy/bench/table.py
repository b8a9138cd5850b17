"""The report as tables for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table

from deploy.bench.figures import Latency, Target
from deploy.bench.handouts import Faults
from deploy.bench.report import (
    Again,
    Calls,
    Containing,
    Delays,
    Erasing,
    Joining,
    Mappings,
    Queueing,
    Rates,
    Report,
    Resources,
    Revealing,
    Scaling,
    Sealing,
    Studio,
    Sustained,
    Texts,
    Way,
)
from deploy.bench.spent import Costs
from deploy.bench.steady import Soak

_NAMES = {
    Way.DETECTED: "redact, end to end, exactly once",
    Way.FAST: "the same in the mode fast",
    Way.UNDETECTED: "the same loop and sealing, no detection",
    Way.ALTERNATIVE: "consume, stock Presidio, produce",
}
MIB = 2**20
LEAST_SHOWN = {"ms": 0.001, "bytes": 1.0}
"""Of what costs are told in; smaller ones are in the JSON."""


def tables(report: Report) -> Iterator[RenderableType]:
    """One table a part, the targets last."""
    if report.rates is not None:
        yield _rates(report.rates)
    if report.delays is not None:
        yield _delays(report.delays)
    if report.queueing is not None:
        yield _queueing(report.queueing)
    if report.studio is not None:
        yield _studio(report.studio)
    if report.sealing is not None:
        yield _sealing(report.sealing)
    if report.containing is not None:
        yield _containing(report.containing)
    if report.again is not None:
        yield _again(report.again)
    yield from _of_vault(report)
    yield from _of_capacity(report)
    if report.resources is not None:
        yield _resources(report.resources)
    if report.texts is not None:
        yield _texts(report.texts)
    yield _targets(report.targets())


def _of_capacity(report: Report) -> Iterator[Table]:
    if report.scaling is not None:
        yield _scaling(report.scaling)
    if report.costs is not None:
        yield from _costs(report.costs)
    if report.soak is not None:
        yield _soak(report.soak)


def _of_vault(report: Report) -> Iterator[Table]:
    if report.erasing is not None:
        yield _erasing(report.erasing)
    if report.mappings is not None:
        yield _mappings(report.mappings)
    if report.sustained:
        yield _sustained(report.sustained)
    for joining in (report.joining, report.joining_apart):
        if joining is not None:
            yield _joining(joining)
    if report.revealing is not None:
        yield _revealing(report.revealing)


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _rates(rates: Rates) -> Table:
    table = _table("Redact", "way", "records/s", "redact is", "runs")
    for way, runs in rates.runs.items():
        ratio = "" if way is Way.DETECTED else f"{rates.over(way):.2f} ×"
        table.add_row(_NAMES[way], f"{rates.median(way):,.0f}", ratio, "  ".join(f"{run:,.0f}" for run in runs))
    return table


def _delays(delays: Delays) -> Table:
    table = _table(f"Produce to visible, {delays.per_second} records/s", "way", "p50 ms", "p95 ms", "p99 ms")
    table.add_row("produce → task visible", *_times(delays.task))
    table.add_row("produce → consume, plain", *_times(delays.plain))
    pairs = zip(_numbers(delays.task), _numbers(delays.plain), strict=True)
    table.add_row("ratio", *(f"{task / plain:.1f} ×" for task, plain in pairs))
    return table


def _queueing(queueing: Queueing) -> Table:
    title = f"Label API, {queueing.open_tasks:,} open tasks, no think time"
    table = _table(title, "call", "annotators", "p50 ms", "p95 ms", "p99 ms", "tasks/s")
    table.add_row("transaction, broker alone", "", *_times(queueing.alone), "")
    for calls in queueing.groups:
        _add_calls(table, calls, "lease", "submit")
    table.caption = f"label at most {queueing.peak_bytes / MIB:.0f} MiB; {_faults(queueing.faults)}"
    return table


def _studio(studio: Studio) -> Table:
    title = f"Label Studio {studio.version}, {studio.open_tasks:,} open tasks, no think time"
    table = _table(title, "call", "annotators", "p50 ms", "p95 ms", "p99 ms", "tasks/s")
    for calls in studio.groups:
        _add_calls(table, calls, "next task", "annotation")
    table.caption = f"{_faults(studio.faults)}; calls made again {studio.failed}"
    return table


def _add_calls(table: Table, calls: Calls, lease: str, submit: str) -> None:
    count, rate = str(calls.annotators), f"{calls.tasks_per_s:.0f}"
    table.add_row(lease, count, *_times(calls.lease), rate)
    table.add_row(submit, count, *_times(calls.submit), "")


def _faults(faults: Faults) -> str:
    return f"handed out twice {faults.twice}, labels lost {faults.lost}, doubled {faults.doubled}"


def _sealing(sealing: Sealing) -> Table:
    title = f"Sealing, {sealing.events:,} events"
    table = _table(title, "", "events/s", "behind p50 ms", "p95 ms", "p99 ms", "worst ms", "back after, s")
    table.add_row("all at once", f"{sealing.events_per_s:,.0f}", "", "", "", "", "")
    worst = f"{sealing.behind_worst_ms:,.0f}"
    table.add_row("steadily", f"{sealing.per_second:,}", *_times(sealing.behind), worst, "")
    table.add_row("killed, a million entries", "", "", "", "", "", f"{sealing.restart_s:.1f}")
    return table


def _containing(containing: Containing) -> Table:
    table = _table("Alert to contained", "", "p50 ms", "p95 ms", "p99 ms", "worst ms")
    worst = f"{containing.revoked_worst_ms:,.0f}"
    table.add_row(f"a person shut out, {containing.revoked.count} times", *_times(containing.revoked), worst)
    table.add_row("the project frozen, once", "", "", "", f"{containing.frozen_ms:,.0f}")
    return table


def _again(again: Again) -> Table:
    table = _table("Redacted again", "", "copies/s")
    table.add_row(f"replay alone, {again.records:,} records", f"{again.copies_per_s:,.0f}")
    return table


def _scaling(scaling: Scaling) -> Table:
    parts = list(scaling.cpu_ms(1))
    named = (f"{name}, ms" for name in parts)
    table = _table("Redact processes; CPU of a record", "", "records/s", "of N × one", "cores taken", *named)
    for count in scaling.processes:
        costs = (f"{scaling.cpu_ms(count)[name]:.3f}" for name in parts)
        share, busy = f"{scaling.efficiency(count):.2f}", f"{scaling.busy(count):.0%}"
        table.add_row(str(count), f"{scaling.rate(count):,.0f}", share, busy, *costs)
    return table


def _costs(costs: Costs) -> Iterator[Table]:
    ways = [costs.released, *(it.spent for it in costs.labeled)]
    titles = [f"released ({costs.records:,})"]
    titles += [f"labeled by {it.people} people ({it.labels_per_s:,.0f}/s)" for it in costs.labeled]
    table = _table(f"CPU ms of a record, and of a task with {costs.labels_each} labels", "process", *titles)
    for name in _largest_first([it.cpu_ms for it in ways], LEAST_SHOWN["ms"]):
        table.add_row(name, *(f"{it.cpu_ms.get(name, 0.0):.3f}" for it in ways))
    table.add_row("all", *(f"{sum(it.cpu_ms.values()):.3f}" for it in ways))
    yield table
    table = _table("What is kept of it, bytes", "topic", *titles)
    for name in _largest_first([it.topic_bytes for it in ways], LEAST_SHOWN["bytes"]):
        table.add_row(name, *(f"{it.topic_bytes.get(name, 0.0):,.0f}" for it in ways))
    empty = [""] * len(costs.labeled)
    table.add_row("mappings in Vault", f"{costs.in_vault.bytes:,.0f}", *empty)
    table.add_row("on Vault's disk", f"{costs.in_vault.disk_bytes:,.0f}", *empty)
    for name in _largest_first([costs.grown_bytes], LEAST_SHOWN["bytes"]):
        table.add_row(f"memory of {name}", f"{costs.grown_bytes[name]:,.0f}", *empty)
    yield table


def _soak(soak: Soak) -> Table:
    title = f"{soak.records:,} records, {soak.per_second:,.0f}/s"
    sizes = [soak.before, *(it.sizes for it in soak.thirds())]
    table = _table(title, "", "before", *(f"{it.records:,}" for it in soak.thirds()))
    table.add_row("p95 ms", "", *(f"{it.latency.p95_ms:,.0f}" for it in soak.thirds()))
    table.add_row("on the disk, MiB", *(f"{it.disk_bytes / MIB:,.0f}" for it in sizes))
    for name in _largest_first([sizes[-1].resident_bytes], MIB):
        table.add_row(f"{name}, MiB", *(f"{it.resident_bytes[name] / MIB:,.0f}" for it in sizes))
    return table


def _largest_first(columns: Sequence[Mapping[str, float]], least: float) -> list[str]:
    total: dict[str, float] = {}
    for column in columns:
        for name, size in column.items():
            total[name] = total.get(name, 0.0) + size
    return sorted((name for name, size in total.items() if size >= least), key=lambda name: -total[name])


def _erasing(erasing: Erasing) -> Table:
    table = _table("A person erased", "", "s")
    table.add_row(
        f"{erasing.tasks:,} tasks of {erasing.segments:,} segments out of Vault", f"{erasing.erased_s:.1f}"
    )
    table.add_row("every stage has let go", f"{erasing.over_s:.1f}")
    return table


def _mappings(mappings: Mappings) -> Table:
    table = _table("Mappings in Vault", "", "per second")
    table.add_row(f"segments sealed, {mappings.segments:,}", f"{mappings.sealed_per_s:,.0f}")
    table.add_row("segments written", f"{mappings.stored_per_s:,.0f}")
    table.add_row("bare writes of their size", f"{mappings.bare_per_s:,.0f}")
    return table


def _sustained(sustained: Sequence[Sustained]) -> Table:
    titles = ("placeholders/s", "documents/s", "of what Vault can write", "kB/s in Vault")
    table = _table("Mappings at a steady rate", "entries lie", *titles)
    for it in sustained:
        figures = (f"{it.placeholders_per_s:,.0f}", f"{it.documents_per_s:,.0f}", f"{it.share:.1%}")
        table.add_row(it.where, *figures, f"{it.bytes_per_s / 1000:,.0f}")
    return table


def _joining(joining: Joining) -> Table:
    table = _table(f"Join, entries {joining.where}", "", "per second", "memory more, MiB")
    name = f"verdicts joined, {joining.verdicts:,}"
    table.add_row(name, f"{joining.joined_per_s:,.0f}", f"{joining.growth_bytes / MIB:.1f}")
    return table


def _revealing(revealing: Revealing) -> Table:
    title = f"Reveal, {revealing.opened.count} times: from the second approval"
    table = _table(title, "until", "p50 ms", "p95 ms", "p99 ms")
    table.add_row("the audit says so", *_times(revealing.said))
    table.add_row("the values are open", *_times(revealing.opened))
    return table


def _resources(resources: Resources) -> Table:
    table = _table("Processes", "process", "peak MiB", "idle CPU, share of a core")
    for name, size in resources.peak_bytes.items():
        idle = resources.idle_cpu.get(name)
        table.add_row(name, f"{size / MIB:.0f}", "" if idle is None else f"{idle:.1%}")
    table.add_row("all", f"{sum(resources.peak_bytes.values()) / MIB:.0f}", "")
    return table


def _texts(texts: Texts) -> Table:
    table = _table(
        f"One text of {texts.size:,} characters, CPU", "mode", "ordinary, s", "made to be slow, at worst, s"
    )
    for mode, seconds in texts.ordinary_s.items():
        table.add_row(mode, f"{seconds:.1f}", f"{texts.hostile_s[mode]:.1f}")
    return table


def _targets(targets: list[Target]) -> Table:
    table = _table("Targets", "figure", "found", "target", "")
    for target in targets:
        sign = "≥" if target.at_least else "≤"
        verdict = "[green]met[/]" if target.met else "[red]missed[/]"
        table.add_row(target.name, f"{target.figure:.3g}", f"{sign} {target.goal:g}", verdict)
    return table


def _numbers(latency: Latency) -> tuple[float, float, float]:
    return latency.p50_ms, latency.p95_ms, latency.p99_ms


def _times(latency: Latency) -> list[str]:
    return [f"{number:.1f}" for number in _numbers(latency)]
