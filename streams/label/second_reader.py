"""An annotator app as an example: a second reader, for what needs the text and so can be no evaluator.

It is a person of its own in the project's file, with a token of its own, and takes tasks like everybody: each
text it reads is a view on the audit. What looks like an exposed address or number it reports, which pulls the
task everywhere; a text without a word it skips; anything else it labels by its chips, so that people's agreement
with it is measured.

- `veil label token --person reader > token`
- `python -m streams.label.second_reader --url http://127.0.0.1:… --token token --chip DATE_TIME=DATE_MENTION`
"""

from __future__ import annotations

import argparse
import re
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import Reason, Refused
from schemas.records import LabelSpan
from streams.label.client import Denied, LabelClient
from streams.label.commands import ReportReason, SkipReason
from streams.label.forms import LeaseView

_EXPOSED = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.-]+"  # a mail address
    r"|(?<!\w)\+?\d[\d ()/-]{7,}\d(?!\w)"  # a telephone or account number
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_ASK_AGAIN_S = 1.0
_MISTAKES = frozenset(
    {
        Reason.SPAN_OUT_OF_RANGE,
        Reason.UNKNOWN_FIELD,
        Reason.UNKNOWN_LABEL,
        Reason.UNKNOWN_CHOICE,
        Reason.TOO_MANY_SPANS,
        Reason.DUPLICATE,
        Reason.BAD_REQUEST,
    }
)
"""What is wrong with the app itself: the next task would go the same way."""


@dataclass(frozen=True, slots=True)
class Report:
    """Something is exposed at these marks."""

    marks: tuple[LabelSpan, ...]


@dataclass(frozen=True, slots=True)
class Skip:
    """There is nothing to read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The spans to label."""

    spans: tuple[LabelSpan, ...]


def read(lease: LeaseView, chips: Mapping[str, str]) -> Report | Skip | Answer:
    """What to do with a task; `chips` are labels by category of placeholder. Pure."""
    marks = tuple(mark for path in lease.fields for mark in _exposed(lease, path))
    if marks:
        return Report(marks)
    if not any(_WORD.search(_without_chips(lease, path)) for path in lease.fields):
        return Skip()
    return Answer(
        tuple(
            LabelSpan(path, chip.start, chip.end, chips[chip.category])
            for path, found in lease.placeholders.items()
            for chip in found
            if chip.category in chips
        )
    )


def work(client: LabelClient, chips: Mapping[str, str]) -> str | None:
    """Take one task and end it; how, or None where there was none, or none for us: the person is paused.

    "lost" is a task that was taken away meanwhile, or never will open. Raises what else the client raises.
    """
    try:
        lease = client.lease()
        return _end(client, lease, read(lease, chips)) if lease is not None else None
    except Refused as error:
        if error.reason in _MISTAKES:
            raise
        return "lost"
    except Denied as denied:
        if denied.reason != Reason.PERSON_PAUSED:
            raise
        return None


def _end(client: LabelClient, lease: LeaseView, decided: Report | Skip | Answer) -> str:
    match decided:
        case Report(marks):
            return client.report(lease, ReportReason.PERSONAL_DATA, marks).outcome
        case Skip():
            return client.skip(lease, SkipReason.UNCLEAR).outcome
        case Answer(spans):
            return client.label(lease, spans, {}, key=f"read-{lease.lease_id}").outcome


def _exposed(lease: LeaseView, path: str) -> Iterator[LabelSpan]:
    for found in _EXPOSED.finditer(_without_chips(lease, path)):
        yield LabelSpan(path, found.start(), found.end(), "")


def _without_chips(lease: LeaseView, path: str) -> str:
    """The text with its placeholders blanked out, so that offsets stay."""
    text = list(lease.fields[path])
    for chip in lease.placeholders.get(path, ()):
        text[chip.start : chip.end] = " " * (chip.end - chip.start)
    return "".join(text)


def main(arguments: Sequence[str] | None = None, stop: threading.Event | None = None) -> int:
    """Read until there is nothing for `--idle` seconds; prints counts alone, never what it read."""
    options = _parser().parse_args(arguments)
    chips = dict(it.split("=", 1) for it in options.chip)
    stop = stop or threading.Event()
    done: Counter[str] = Counter()
    idle = 0.0
    with LabelClient(options.url, options.project, lambda: options.token.read_text().strip()) as client:
        while idle < options.idle and not stop.is_set():
            ended = work(client, chips)
            if ended is not None:
                done[ended] += 1
                idle = 0.0
            else:
                idle += _ASK_AGAIN_S
                stop.wait(_ASK_AGAIN_S)
    sys.stdout.write(" ".join(f"{how}={count}" for how, count in sorted(done.items())) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m streams.label.second_reader", description=__doc__)
    parser.add_argument("--url", required=True, help="label's API")
    parser.add_argument("--project", default="demo")
    parser.add_argument(
        "--token", type=Path, required=True, help="file with the token; read anew before each call"
    )
    parser.add_argument(
        "--chip", action="append", default=[], metavar="CATEGORY=LABEL", help="what chips are labeled"
    )
    parser.add_argument("--idle", type=float, default=5.0, help="seconds without a task after which it ends")
    return parser


if __name__ == "__main__":
    sys.exit(main())
