"""What of a field must be replaced, and how: from finds to cuts, each with the treatment that policy gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from streams.redact.detect.find import Find
from streams.redact.detect.merge import union
from topology.policies import Action, Treatment, stricter


class Cut(NamedTuple):
    """Raw `[start, end)` of a field is replaced. No treatment: a bracket that must not look like a placeholder."""

    start: int
    end: int
    kind: str
    weight: float
    treatment: Treatment | None


Decide = Callable[[Find], Treatment]


def cuts_of(found: Sequence[Find], own: Sequence[Find], decide: Decide, default: Treatment) -> list[Cut]:
    """Disjoint cuts, ascending. `own` are the record's own values, hidden even where their type may pass.

    Finds that overlap become one, treated as strictly as the strictest of them. One whose type may pass passes
    where nothing is in it that its type does not cover; else it is of the strictest of those.
    """
    hidden = [pair for find in found if (pair := _decided(find, decide))[1].action is not Action.PASS]
    if not own and all(one.end <= two.start for (one, _), (two, _) in pairwise(hidden)):
        return [Cut(find.start, find.end, find.entity_type, find.weight, how) for find, how in hidden]
    for find in own:
        treatment = decide(find)
        hidden.append((find, default if treatment.action is Action.PASS else treatment))
    return _merged(hidden)


def _decided(find: Find, decide: Decide) -> tuple[Find, Treatment]:
    treatment = decide(find)
    if treatment.action is not Action.PASS or not find.beyond:
        return find, treatment
    others = [find._replace(entity_type=kind, beyond=()) for kind in find.beyond]
    hidden = [(one, how) for one in others if (how := decide(one)).action is not Action.PASS]
    return max(hidden, key=lambda pair: pair[1].strength, default=(find, treatment))


def _merged(hidden: Iterable[tuple[Find, Treatment]]) -> list[Cut]:
    parts = sorted((pair for pair in hidden if pair[0].end > pair[0].start), key=lambda pair: pair[0].start)
    cuts, position = [], 0
    for find in union(find for find, _ in parts):
        inside = []
        while position < len(parts) and parts[position][0].start < find.end:
            inside.append(parts[position][1])
            position += 1
        cuts.append(Cut(find.start, find.end, find.entity_type, find.weight, stricter(*inside)))
    return cuts
