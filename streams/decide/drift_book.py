"""Where each person's charts are kept: `decide-state.P`, one record a person, in the transaction of the verdict.

So a label that is replayed after a crash moves no chart twice, and an alarm is told once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.resources import person_resource
from schemas.states import DriftChart, PersonDrift
from streams.decide.charts import Alarm, followed, opened
from streams.decide.comparing import Signals, least
from streams.engine.messages import Message, Outgoing
from streams.engine.state import KeyedState

PREFIX = "drift/"
MAX_CHARTS = 64
"""Of one person: 4 kB. A schema with more labels and options has those watched that come first."""


class DriftBook:
    """The charts of a project's people. `topic` is the changelog it shares with the tasks."""

    def __init__(self, topic: str, codec: Codec) -> None:
        self._people = KeyedState(topic, PersonDrift, codec, PREFIX)

    def apply(self, message: Message) -> bool:
        """Take over one changelog record; False where it is another state's."""
        return self._people.apply(message)

    def follow(self, compared: Mapping[str, Signals], now: int) -> Iterator[tuple[str, Alarm]]:
        """Count in what a task tells; whoever has changed, and how."""
        for person, signals in sorted(compared.items()):
            kept = self._people.get(person)
            charts = {it.signal: it for it in kept.charts} if kept else {}
            for alarm in _follow(charts, signals, now):
                yield person, alarm
            self._people.put(person, PersonDrift(person, tuple(charts.values()), now))

    def forget(self, before: int) -> None:
        """Drop the charts of people of whom nothing has come since `before`."""
        for person, kept in list(self._people.items()):
            if kept.touched_at <= before:
                self._people.remove(person)

    def changes(self) -> list[Outgoing]:
        """Changes since the last call, as records for the changelog."""
        return self._people.changes()


def drifted(person: str, alarm: Alarm) -> Event:
    """`reviewer.drifted`: which signal, from where to where, since when. It asks for a second look, no more."""
    return Event(
        EventType.REVIEWER_DRIFTED,
        person_resource(person),
        reason="higher" if alarm.level > alarm.usual else "lower",
        details={
            "signal": alarm.signal,
            "usual": f"{alarm.usual:.4f}",
            "level": f"{alarm.level:.4f}",
            "answers": str(alarm.values),
            "since": str(alarm.since),
        },
    )


def _follow(charts: dict[str, DriftChart], signals: Signals, now: int) -> Iterator[Alarm]:
    for signal, value in signals.items():
        if signal not in charts and len(charts) >= MAX_CHARTS:
            continue
        charts[signal], alarm = followed(charts.get(signal) or opened(signal), value, now, least(signal))
        if alarm is not None:
            yield alarm
