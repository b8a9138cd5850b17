"""What a book has folded, as bytes and back. Pure.

JSON, compressed: one form for all of it, the same bytes for the same state. One that was written for other
windows, or in another form, is not read: the log is read again from its beginning instead. What all forms have is
up to when was published (`told`): none of that is published twice, since what has expired of the log meanwhile
would make it differ.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from streams.watch.book import Book, Reading
from streams.watch.deeds import Deeds, Diary
from streams.watch.habits import Habit
from streams.watch.ledger import Leaks, Ledger
from streams.watch.listening import Listening
from streams.watch.rules import Rule
from streams.watch.suppression import Published
from streams.watch.suspicions import Suspicions
from streams.watch.tally import Tally
from streams.watch.windows import Windows

FORM = 6


def to_bytes(book: Book) -> bytes:
    """The state of a book; events that wait are no part of it."""
    ledger, suspicions = book.ledger, book.suspicions
    state = {
        "form": FORM,
        "windows": asdict(book.windows),
        "done": book.done,
        "told": max(book.told, book.final_until),
        "resumes": {partition: [it.next, it.time] for partition, it in book.resumes().items()},
        "policies": ledger.policies,
        "names": ledger.names,
        "leaks": {policy: asdict(it) for policy, it in ledger.leaks.items()},
        "diary": {step: _page(page) for step, page in suspicions.diary.steps.items()},
        "apps": suspicions.diary.apps,
        "habits": {subject: asdict(it) for subject, it in suspicions.habits.items()},
        "listening": asdict(suspicions.listening),
        "spells": sorted([*key, *steps] for key, steps in suspicions.spells.items()),
        "long": {policy: _tally(it) for policy, it in book.long_window.items()},
        "published": book.published.sums,
    }
    return zlib.compress(json.dumps(state, sort_keys=True, separators=(",", ":")).encode())


def restored(data: bytes, project: str, rules: Sequence[Rule], windows: Windows) -> Book:
    """The book of a state; where it is of another form or for other windows one that begins anew, and publishes
    nothing of what was.
    """
    state = json.loads(zlib.decompress(data))
    if state["form"] != FORM or state["windows"] != asdict(windows):
        return Book(project, rules, windows, told=state.get("told", 0))
    return Book(
        project=project,
        rules=rules,
        windows=windows,
        done=state["done"],
        told=state["told"],
        readings={int(partition): Reading(*it) for partition, it in state["resumes"].items()},
        ledger=Ledger(
            policies=state["policies"],
            names=state["names"],
            leaks={policy: Leaks(**it) for policy, it in state["leaks"].items()},
        ),
        suspicions=Suspicions(
            diary=Diary(
                steps={int(step): _read_page(page) for step, page in state["diary"].items()},
                apps={lease: (app, step) for lease, (app, step) in state["apps"].items()},
            ),
            habits={subject: Habit(**it) for subject, it in state["habits"].items()},
            listening=Listening(**state["listening"]),
            spells={(rule, subject): (fired, told) for rule, subject, fired, told in state["spells"]},
        ),
        long_window={policy: _read_tally(it) for policy, it in state["long"].items()},
        published=Published(
            {
                policy: {name: (total, windows) for name, (total, windows) in sums.items()}
                for policy, sums in state["published"].items()
            }
        ),
    )


def _page(page: Mapping[str, Deeds]) -> Mapping[str, Any]:
    return {
        subject: [it.times, {deed: sorted(things) for deed, things in it.things.items()}, it.events, it.firsts]
        for subject, it in page.items()
    }


def _read_page(page: Mapping[str, Any]) -> dict[str, Deeds]:
    return {
        subject: Deeds(times, {deed: set(it) for deed, it in things.items()}, events, firsts)
        for subject, (times, things, events, firsts) in page.items()
    }


def _tally(tally: Tally) -> Sequence[Any]:
    return [tally.cells, tally.spent, tally.agreed, tally.agreement]


def _read_tally(tally: Sequence[Any]) -> Tally:
    cells, spent, agreed, agreement = tally
    buckets = {span: Counter({int(at): count for at, count in it.items()}) for span, it in spent.items()}
    return Tally(Counter(cells), buckets, agreed, agreement)
