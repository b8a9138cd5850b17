"""A reconciliation and findings for a person, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields

from streams.audit.findings import Finding
from streams.audit.reconcile import Reconciliation

MOST_FINDINGS = 20
"""So many are printed; one broken log can have thousands. JSON holds them all."""


def as_json(result: Reconciliation) -> dict[str, object]:
    """Everything, with plain keys: `holds`, the counts, `covered` by `topic/partition`, `findings`, `awaited`."""
    special = {"covered", "findings", "awaited"}
    out: dict[str, object] = {"holds": result.holds}
    out |= {it.name: getattr(result, it.name) for it in fields(result) if it.name not in special}
    out["covered"] = {
        f"{topic}/{partition}": {"first": first, "next": next_offset}
        for (topic, partition), (first, next_offset) in result.covered.items()
    }
    out["findings"] = [finding.as_json() for finding in result.findings]
    out["awaited"] = [finding.as_json() for finding in result.awaited]
    return out


def text(result: Reconciliation) -> str:
    """A paragraph on each side: what came in, what became of it, whether it adds up."""
    lines = [f"Project {result.project}: {_verdict(result)}", ""]
    lines += [*_incoming(result), *_outgoing(result), *_under_way(result)]
    if result.findings:
        lines += ["", *listed(result.findings)]
    return "\n".join(lines)


def listed(findings: Sequence[Finding], mark: str = "✗") -> list[str]:
    """One line a finding, the first twenty."""
    lines = [f"  {mark} {finding}" for finding in findings[:MOST_FINDINGS]]
    if len(findings) > MOST_FINDINGS:
        lines.append(f"  … and {_of(len(findings) - MOST_FINDINGS, 'more finding')}")
    return lines


def noted(notes: Sequence[Finding]) -> list[str]:
    """As `listed`, of what can't be checked."""
    lines = [f"  – {note}" for note in notes[:MOST_FINDINGS]]
    if len(notes) > MOST_FINDINGS:
        lines.append(f"  … and {len(notes) - MOST_FINDINGS:,} more")
    return lines


def awaited(findings: Sequence[Finding]) -> list[str]:
    """What will be a finding unless the rest of it comes; nothing where there is none."""
    if not findings:
        return []
    count = _of(len(findings), "statement")
    said = f"  … {count} at the end whose other half is not here yet; later states of the log must have it:"
    return [said, *listed(findings, "…")]


def _verdict(result: Reconciliation) -> str:
    if result.holds:
        return f"the audit adds up ({_of(result.events, 'event')})."
    return f"the audit does NOT add up: {_of(len(result.findings), 'finding')} in {_of(result.events, 'event')}."


def _incoming(result: Reconciliation) -> Iterable[str]:
    for (topic, partition), (first, next_offset) in result.covered.items():
        yield f"  {topic}/{partition}: offsets {first} to {next_offset - 1} covered"
    yield (
        f"  {_of(result.records, 'record')} in: {_of(result.tasks, 'task')}, "
        f"{result.quarantined} quarantined, {result.dropped} dropped by policy"
    )


def _outgoing(result: Reconciliation) -> Iterable[str]:
    yield (
        f"  {_of(result.views, 'view')}, {_of(result.labels, 'label')}, {result.skipped} skipped, "
        f"{result.reported} reported, {result.denied} refused to people"
    )
    yield (
        f"  {_of(result.verdicts, 'verdict')}, {result.joined} joined to their raw records, "
        f"{result.gold} of gold and scored"
    )


def _under_way(result: Reconciliation) -> Iterable[str]:
    yield (
        f"  under way: {_of(result.open_tasks, 'open task')}, {_of(result.unjoined, 'verdict')} not joined yet; "
        f"withdrawn: {result.withdrawn}; refused by a later stage: {result.refused}"
    )
    if result.released or result.returning:
        back = _of(result.released, "record")
        yield f"  released from quarantine: {back} came back, {result.returning} on the way"
    if result.opened:
        yield f"  in clear on open.{result.project}: {_of(result.opened, 'text')}"
    if result.expired:
        tasks = _of(result.expired, "task")
        yield f"  older than the audit that is here: {tasks}, of which nothing is missed"
    if result.unlimited:
        tasks = _of(result.unlimited, "task")
        yield f"  not checked: the number of labels of {tasks}, whose batch states no overlap"


def _of(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
