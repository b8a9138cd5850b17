"""How soon drift is found, and how often where there is none: `python -m tests.streams.decide.drifting`.

Simulated people label simulated tasks, three a task, through the same code as decide's: a verdict by majority, a
comparison, the charts. Tasks differ in length and difficulty, people in speed and care; everything is drawn from a
seed. One person changes after `BEFORE` labels.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import exp
from random import Random
from statistics import median

from schemas.records import Contribution, LabelSpan
from streams.decide.charts import Alarm, followed, opened
from streams.decide.comparing import AGREEMENT, LABEL, SKIP, TIME, Answered, compared, least
from streams.decide.majority import majority

MONTH = 4_000
"""Labels of a person-month: 200 a day, 20 days."""
BEFORE = 400
"""Labels before somebody changes."""
PATIENCE = 1_000
"""Labels after the change within which it counts as found."""
LABELS = ("COMPLAINT", "PRODUCT", "REQUEST", "DATE", "PLACE", "NAME")
TONES = ("negative", "neutral", "positive")
LENGTH = 400
TESTED_MONTHS, MOST_FALSE_ALARMS = 24, 1
"""What a test of a few seconds holds against the rate in the README, which is measured over ten times as many."""
TESTED_RUNS = 10


@dataclass(frozen=True)
class Habits:
    """How one person works: time by speed, care as the chance to see a span, favours: a label set for another."""

    speed: float = 1.0
    care: float = 0.9
    skips: float = 0.02
    favours: float = 0.0


def tasks(random: Random) -> Iterator[tuple[float, list[LabelSpan], str]]:
    """Difficulty, true spans, true tone."""
    while True:
        spans = [
            LabelSpan("text", 40 * place, 40 * place + random.randint(4, 30), label)
            for place, label in enumerate(LABELS)
            if random.random() < 0.5
        ]
        yield random.lognormvariate(0, 0.4), spans, random.choice(TONES)


def answer(person: str, habits: Habits, task: tuple[float, list[LabelSpan], str], random: Random) -> Contribution:
    difficulty, truth, tone = task
    seen = [it for it in truth if random.random() < habits.care ** min(2.0, difficulty)]
    spans = [
        replace(it, label="COMPLAINT") if it.label == "PRODUCT" and random.random() < habits.favours else it
        for it in seen
    ]
    if random.random() < 0.1:
        spans.append(LabelSpan("text", 300, 310, random.choice(LABELS)))
    chosen = tone if random.random() < habits.care else random.choice(TONES)
    return Contribution(person, f"label-of-{person}", tuple(spans), {"tone": chosen})


def compare(people: dict[str, Habits], task: tuple[float, list[LabelSpan], str], random: Random) -> dict:
    labels, skipped, durations = [], set(), {}
    for person, habits in people.items():
        if random.random() < habits.skips:
            skipped.add(person)
            continue
        labels.append(answer(person, habits, task, random))
        seconds = 20 * task[0] / habits.speed * random.lognormvariate(0, 0.5)
        durations[person] = int(1000 * seconds)
    outcome = majority(labels) if labels else None
    return compared(Answered(labels, skipped, durations, LENGTH, outcome))


def watch(seed: int, labels: int, habits: Callable[[int], Habits]) -> Iterator[tuple[int, str, Alarm]]:
    """The alarms of `labels` tasks: at which label, about whom. Person `a` has the habits of each moment."""
    random = Random(seed)
    others = {
        name: Habits(
            speed=exp(random.gauss(0, 0.3)), care=random.uniform(0.75, 0.95), skips=random.uniform(0, 0.05)
        )
        for name in "bc"
    }
    charts: dict[tuple[str, str], object] = {}
    for at, task in zip(range(labels), tasks(random), strict=False):
        for person, signals in compare({"a": habits(at), **others}, task, random).items():
            for signal, value in signals.items():
                chart = charts.get((person, signal)) or opened(signal)
                charts[person, signal], alarm = followed(chart, value, at, least(signal))
                if alarm:
                    yield at, person, alarm


CHANGES: tuple[tuple[str, str, Habits, int], ...] = (
    (TIME, "takes a third less time", Habits(speed=1.5), 0),
    (TIME, "takes half the time", Habits(speed=2.0), 60),
    (TIME, "takes a third of the time", Habits(speed=3.0), 20),
    (AGREEMENT, "sees 80 % of the spans, not 90 %", Habits(care=0.8), 0),
    (AGREEMENT, "sees 65 %", Habits(care=0.65), 0),
    (AGREEMENT, "sees 40 %", Habits(care=0.4), 40),
    (SKIP, "skips 10 %, not 2 %", Habits(skips=0.1), 0),
    (SKIP, "skips 20 %", Habits(skips=0.2), 0),
    (SKIP, "skips 40 %", Habits(skips=0.4), 60),
    (LABEL, "one product in four is a complaint", Habits(favours=0.25), 0),
    (LABEL, "every second", Habits(favours=0.5), 250),
    (LABEL, "all of them", Habits(favours=1.0), 40),
)


def delays(signal: str, changed: Habits, runs: int) -> list[int]:
    """Labels until the change was found by this signal, for each run that found it."""
    found = []
    for seed in range(runs):
        alarms = watch(seed, BEFORE + PATIENCE, lambda at: changed if at >= BEFORE else Habits())
        first = next(
            (at for at, who, it in alarms if who == "a" and at >= BEFORE and it.signal.startswith(signal)), None
        )
        if first is not None:
            found.append(first - BEFORE)
    return found


def false_alarms(person_months: int) -> int:
    """Alarms where nobody has changed: three people a run, a month each."""
    return sum(1 for seed in range(person_months // 3) for _ in watch(1_000 + seed, MONTH, lambda _: Habits()))


def main(runs: int = 40, person_months: int = 240) -> None:
    rows = []
    for signal, how, changed, _ in CHANGES:
        found = delays(signal, changed, runs)
        late = sorted(found)[int(0.9 * len(found))] if found else "–"
        rows.append(
            (signal.rstrip("/"), how, median(found) if found else "–", late, f"{100 * len(found) // runs} %")
        )
    sys.stdout.write(
        "| signal | the person … | median delay (labels) | nine of ten within | found |\n|---|---|---|---|---|\n"
    )
    sys.stdout.writelines(f"| {' | '.join(map(str, row))} |\n" for row in rows)
    wrong = false_alarms(person_months)
    sys.stdout.write(f"\nFalse alarms: {wrong} in {person_months} person-months of {MONTH:,} labels\n")


if __name__ == "__main__":
    main()
