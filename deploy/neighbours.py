"""How many connections each address may have, and how often it is answered. Pure: times come in, in seconds of one
clock.

Each by itself: one that asks too much is sent away, and whoever else asks is answered as before. It is for a
server whose neighbours are few and can't choose their addresses, as pods and containers can't: eight of them
together can take all there is.
"""

from __future__ import annotations

from dataclasses import dataclass

from deploy.handing.rate import Rate


@dataclass(frozen=True, slots=True)
class Most:
    """`at_once`: connections of one address (a Prometheus or a probe has one; two of each may share one address),
    `altogether`: of all, each of which is a thread; `often` within `window_s`: answers to one
    address, as many as it likes where none is said.
    """

    at_once: int = 4
    altogether: int = 32
    often: int | None = None
    window_s: float = 10.0


class Neighbours:
    """Who has connections, and was answered lately. One thread at a time."""

    def __init__(self, most: Most) -> None:
        self._most = most
        self._open: dict[str, int] = {}
        self._rates: dict[str, Rate] = {}

    def takes(self, address: str, now: float) -> bool:
        """Whether one more connection of it is taken; then it counts, until `gone`."""
        if self._open.get(address, 0) >= self._most.at_once or sum(self._open.values()) >= self._most.altogether:
            return False
        if not self._answers(address, now):
            return False
        self._open[address] = self._open.get(address, 0) + 1
        return True

    def gone(self, address: str) -> None:
        """One of its connections has ended."""
        left = self._open[address] - 1
        if left:
            self._open[address] = left
        else:
            del self._open[address]

    def _answers(self, address: str, now: float) -> bool:
        if self._most.often is None:
            return True
        self._rates = {it: rate for it, rate in self._rates.items() if not rate.is_idle(now)}
        rate = self._rates.setdefault(address, Rate(self._most.often, self._most.window_s))
        if not rate.allows(now):
            return False
        rate.count(now)
        return True
