"""The tables of CAPACITY.md, of `measured.json` and the flow. `python -m deploy.capacity.page` makes them anew."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from deploy.capacity.limits import limits
from deploy.capacity.load import Load, Machines
from deploy.capacity.measured import HOLDING, Measured, ours
from deploy.capacity.numbers import in_short
from deploy.capacity.reckoning import ROWS, reckon
from topology.flow import Flow
from topology.loading import load_topology

PAGE = Path(__file__).parents[1] / "CAPACITY.md"
LOADS = tuple(Load(records) for records in (1e6, 1e8, 1e10))
MARKED = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
LEAST_CPU_MS, LEAST_BYTES = 0.005, 1.0


def with_tables(page: str, measured: Measured, flow: Flow) -> str:
    """The page with its tables as they follow from these. What stands between the marks is replaced."""
    made = {
        "run": _run(measured),
        "costs": _table(["", "a record", *_titles(measured)], _costs(measured)),
        "kept": _table(["", "a record", *_titles(measured)], _kept(measured)),
        "needs": _table(["records a day", *(in_short(load.records) for load in LOADS)], _needs(measured, flow)),
        "limits": _table(["", "what there is", "ends at, records a day", "of"], _limits(measured)),
    }
    return MARKED.sub(lambda found: f"{found[1]}\n{made[found[2]]}\n\n{found[3]}", page)


def _run(measured: Measured) -> str:
    return f"Measured on {measured.date}: {measured.machine}."


def _titles(measured: Measured) -> list[str]:
    return [f"a label, {rate:,.0f} labels/s" for rate, _ in (measured.few, measured.many)]


def _costs(measured: Measured) -> Iterator[Sequence[str]]:
    columns = [measured.released.cpu_ms, measured.few[1].cpu_ms, measured.many[1].cpu_ms]
    for name in _names(columns, LEAST_CPU_MS):
        yield name, *(f"{it.get(name, 0.0):.2f}" for it in columns)
    yield "all, ms of CPU", *(f"{sum(it.values()):.2f}" for it in columns)


def _kept(measured: Measured) -> Iterator[Sequence[str]]:
    columns = [measured.released.topic_bytes, measured.few[1].topic_bytes, measured.many[1].topic_bytes]
    for name in _names(columns, LEAST_BYTES):
        yield f"`{name}`", *(f"{it.get(name, 0.0):,.0f}" for it in columns)
    yield "all topics, bytes", *(f"{sum(it.values()):,.0f}" for it in columns)
    yield "Vault's disk, bytes", f"{measured.vault_disk_bytes:,.0f}", "", ""
    yield f"memory of {HOLDING}, bytes", f"{measured.waiting_bytes:,.0f}", "", ""


def _needs(measured: Measured, flow: Flow) -> Iterator[Sequence[str]]:
    columns = [reckon(replace(load, labels_each=measured.labels_each), measured, flow) for load in LOADS]
    for name, told in ROWS.items():
        yield name, *(told(it.load, it.needs) for it in columns)


def _limits(measured: Measured) -> Iterator[Sequence[str]]:
    load = replace(LOADS[0], labels_each=measured.labels_each)
    for it in limits(load, measured, Machines()):
        yield it.name, it.what, in_short(it.most), it.of.value


def _names(columns: Sequence[Mapping[str, float]], least: float) -> list[str]:
    """Those that are worth a line, the largest first."""
    names = {name for column in columns for name, size in column.items() if size >= least}
    return sorted(names, key=lambda name: (-max(column.get(name, 0.0) for column in columns), name))


def _table(titles: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), ours(), load_topology().flow), encoding="utf-8")
