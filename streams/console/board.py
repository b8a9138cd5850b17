"""All that was read of the topics, in bounded memory. Thread-safe: one thread takes records in, others look."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from schemas.alerts import Alert
from schemas.audit import AuditEvent
from schemas.matching import MatchingStanding
from schemas.metrics import Metric
from streams.console.newest import Newest
from streams.console.plots import HOUR_MS, MINUTE_MS, Limits, drawn
from streams.console.seals import Checkpoint, Seals
from streams.console.settings import ConsoleSettings
from streams.console.tail import Page, Tail, Wanted
from streams.engine.messages import Message


class Board:
    """`news` is called, from the thread that takes records in, when there are new events."""

    def __init__(self, settings: ConsoleSettings, news: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._news = news
        self._tail = Tail(settings.tail_rows)
        self._kept = {MINUTE_MS: settings.minutes_kept, HOUR_MS: settings.hours_kept}
        self._metrics: dict[tuple[str, str, int], Newest[Metric]] = {}
        self._alerts_kept = settings.alerts_kept
        self._alerts: dict[str, Newest[Alert]] = {}
        """By project, or of the platform: many of one push out no other's."""
        self._seals = Seals()
        self._standing: MatchingStanding | None = None
        self._unreadable = 0

    def event(self, message: Message, event: AuditEvent) -> None:
        """An audit event."""
        with self._lock:
            self._tail.add(message.topic, event)
            self._seals.event(message)
        self._news()

    def metric(self, metric: Metric) -> None:
        """A window of a project, written once and for good."""
        length = metric.until - metric.since
        if length not in self._kept:
            return
        place = (metric.project, metric.policy, length)
        with self._lock:
            windows = self._metrics.setdefault(place, Newest(self._kept[length]))
            windows.put(metric.key, metric.since, metric)

    def alert(self, project: str, alert: Alert, at: int) -> None:
        """An alert of a project, or of the platform, and when it was written."""
        with self._lock:
            self._alerts.setdefault(project, Newest(self._alerts_kept)).put(alert.alert_id, at, alert)

    def checkpoint(self, place: str, checkpoint: Checkpoint | None, at: int) -> None:
        """A record of `checkpoints`; None: it does not hold."""
        with self._lock:
            self._seals.take(place, checkpoint, at)

    def matching(self, standing: MatchingStanding) -> None:
        """How far the matcher is; what it said before is over."""
        with self._lock:
            self._standing = standing

    def unreadable(self) -> None:
        """A record that is not what its topic holds."""
        with self._lock:
            self._unreadable += 1

    def rows(self, wanted: Wanted, limit: int, after: int = 0, before: int = 0) -> Page:
        """Rows of the tail."""
        with self._lock:
            return self._tail.newest(wanted, limit, after, before)

    def plots(self, project: str, length_ms: int, since: int, until: int, limits: Limits) -> dict[str, Any]:
        """What is drawn of a project."""
        with self._lock:
            found = [
                it for (name, _, _), windows in self._metrics.items() if name == project for it in windows.all()
            ]
        return drawn(found, length_ms, since, until, limits)

    def policies(self, project: str) -> frozenset[str]:
        """The policies of which there are metrics, by hash."""
        with self._lock:
            return frozenset(policy for name, policy, _ in self._metrics if name == project)

    def alerts(self, project: str, limit: int) -> list[Alert]:
        """The newest alerts of a project, or of the platform, the newest first."""
        with self._lock:
            found = list(self._alerts[project].all()) if project in self._alerts else []
        return sorted(found, key=lambda it: it.at, reverse=True)[:limit]

    def standing(self) -> MatchingStanding | None:
        """How far the matcher is; None where it has never said."""
        with self._lock:
            return self._standing

    def seals(self, topic: str, now: int) -> list[dict[str, Any]]:
        """How the logs of an audit topic stand."""
        with self._lock:
            return self._seals.of(topic, now)

    @property
    def unread(self) -> int:
        """How many records could not be read since the start."""
        with self._lock:
            return self._unreadable
