"""From deeds to alerts: each rule is asked of each subject that did something in a step. Pure.

An alert is told once for a spell: while a rule goes on to fire, and until nothing of it was seen for the length
of its window, it is the same finding (`schemas.alerts.alert_id` of where it began). A spell that goes on is told
again when its window holds nothing that was told before, once an hour at most: who was shut out for it may have
been let in again, and does the same. Of a record it is told once: every stage refuses it, and again whenever it
starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from schemas.alerts import MAX_EVIDENCE, Alert, alert_id
from schemas.resources import Kind, parse
from streams.watch.deeds import Deeds, Diary
from streams.watch.habits import Habit, hour_of
from streams.watch.listening import Listening
from streams.watch.rules import Looked, Measured, Rule, fires, measure
from streams.watch.windows import Arrival, Windows

_MINUTE_MS = 60_000
_NEVER = -1
_WITHOUT_HABITS = frozenset({Kind.MESSAGE, Kind.SLOT, Kind.PROJECT})


@dataclass(slots=True)
class Suspicions:
    """What rules need to remember. `spells`: by rule and subject, when it last fired, and was told (steps)."""

    diary: Diary = field(default_factory=Diary)
    habits: dict[str, Habit] = field(default_factory=dict)
    listening: Listening = field(default_factory=Listening)
    spells: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def take(self, step: int, arrivals: Iterable[Arrival], rules: Sequence[Rule], windows: Windows) -> list[Alert]:
        """The alerts of one step; steps come in order."""
        found = []
        events = (it.event for it in arrivals if self.listening.news(it))
        for subject in self.diary.take(step, events):
            kind = parse(subject).kind
            habit = Habit() if kind in _WITHOUT_HABITS else self.habits.setdefault(subject, Habit())
            asked = [rule for rule in rules if rule.of is kind]
            found += list(self._ask(asked, subject, habit, step, windows))
            habit.at_work(windows.since(step))
        self.diary.forget(step - _longest(rules, windows))
        return found

    def _ask(
        self, rules: Sequence[Rule], subject: str, habit: Habit, step: int, windows: Windows
    ) -> Iterator[Alert]:
        spans: dict[int, Deeds] = {}
        for rule in rules:
            steps = _steps(rule, windows)
            if steps not in spans:
                spans[steps] = self.diary.of(subject, step - steps + 1, step)
            looked = Looked(spans[steps], rule.window_ms / _MINUTE_MS, habit, hour_of(windows.since(step)))
            measured = measure(rule, looked)
            if fires(rule, measured):
                fired, told = self.spells.get((rule.name, subject), (_NEVER, _NEVER))
                anew = rule.of is not Kind.MESSAGE and _again(step - fired, step - told, steps, windows)
                if told == _NEVER or anew:
                    yield _alert(rule, subject, measured, step, windows)
                    told = step
                self.spells[rule.name, subject] = step, told


def _steps(rule: Rule, windows: Windows) -> int:
    return max(1, rule.window_ms // windows.step_ms)


def _again(since_fired: int, since_told: int, steps: int, windows: Windows) -> bool:
    """Whether what fires is another spell, or goes on for long enough to be told again."""
    return since_fired > steps or since_told > max(steps, windows.steps)


def _longest(rules: Sequence[Rule], windows: Windows) -> int:
    return max((_steps(rule, windows) for rule in rules), default=1)


def _alert(rule: Rule, subject: str, measured: Measured, step: int, windows: Windows) -> Alert:
    length = max(rule.window_ms, windows.step_ms)
    since = windows.until(step) - length
    if measured.first is not None:  # before that where a log was written again, by a restore: it happened then
        since = min(since, measured.first)
    return Alert(
        alert_id=alert_id(rule.name, subject, since),
        rule=rule.name,
        severity=rule.severity,
        subject=subject,
        since=since,
        at=since + length,
        evidence=tuple(measured.events[-MAX_EVIDENCE:]),
        details={
            "measure": rule.measure.value,
            "value": f"{measured.value:.4f}",
            "above": f"{rule.above:g}",
            "base": str(measured.base),
            "playbook": rule.playbook,
        },
    )
