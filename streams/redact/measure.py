"""Leak and over-redaction on annotated texts, always together: `python -m streams.redact.measure FILE.jsonl …`.

A line is `{"text", "spans": [{"start", "end", "entity_type"}]}`. Leak is the share of the characters inside gold
spans that stay readable, over-redaction the share of the others that are hidden.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from streams.redact.detect.detector import build_detector
from streams.redact.detect.find import Detector
from topology.policies import Policy, load_policy


@dataclass(frozen=True, slots=True)
class Quality:
    """Character counts over a set of texts, and how fast they were searched."""

    texts: int
    gold: int
    leaked: int
    other: int
    hidden: int
    texts_per_second: float

    @property
    def leak(self) -> float:
        return self.leaked / self.gold if self.gold else 0.0

    @property
    def over_redaction(self) -> float:
        return self.hidden / self.other if self.other else 0.0


def measure(rows: Sequence[tuple[str, Iterable[tuple[int, int]]]], detector: Detector) -> Quality:
    """Search each text; `rows` are texts with their gold spans in code points."""
    begun = time.perf_counter()
    found = detector.find([text for text, _ in rows])
    seconds = time.perf_counter() - begun
    gold = leaked = other = hidden = 0
    for (text, spans), finds in zip(rows, found, strict=True):
        covered = _mark(len(text), ((find.start, find.end) for find in finds))
        wanted = _mark(len(text), spans)
        gold += sum(wanted)
        leaked += sum(want and not cover for want, cover in zip(wanted, covered, strict=True))
        other += len(text) - sum(wanted)
        hidden += sum(cover and not want for want, cover in zip(wanted, covered, strict=True))
    return Quality(len(rows), gold, leaked, other, hidden, len(rows) / max(seconds, 1e-9))


def read_rows(source: Path) -> list[tuple[str, list[tuple[int, int]]]]:
    """Texts and gold spans of an annotated file."""
    with source.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    return [(row["text"], [(span["start"], span["end"]) for span in row["spans"]]) for row in rows]


def _mark(length: int, spans: Iterable[tuple[int, int]]) -> bytearray:
    marks = bytearray(length)
    for start, end in spans:
        marks[start:end] = b"\1" * (end - start)
    return marks


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: one line per file."""
    parser = argparse.ArgumentParser(prog="python -m streams.redact.measure", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--policy", default="text", help="name of a built-in policy or a YAML file")
    options = parser.parse_args(arguments)
    policy: Policy = load_policy(options.policy)
    detector = build_detector(policy)
    for source in options.files:
        quality = measure(read_rows(source), detector)
        print(  # noqa: T201 - this is a command
            f"{source.name}: {quality.texts} texts, leak {quality.leak:.2%}, over-redaction"
            f" {quality.over_redaction:.2%}, {quality.texts_per_second:.0f} texts/s"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
