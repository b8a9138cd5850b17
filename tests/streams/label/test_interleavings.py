"""Thousands of interleavings keep every promise of `queue.py`; a queue that breaks one is found out.

`VEIL_QUEUE_HISTORIES` asks for more. A failing seed is one line to replay:
`python -c "from tests.streams.label.interleavings import History; History(4711).run()"`.
"""

from __future__ import annotations

import os

import pytest

from schemas.states import LeaseState, TaskWork
from streams.label.commands import Held, Leased
from streams.label.queue import Queue
from tests.streams.label.interleavings import broken

HISTORIES = int(os.environ.get("VEIL_QUEUE_HISTORIES", "5000"))
SHARDS = 40
"""Each a test, so that the lanes share them."""
MUTANT_HISTORIES = 1_000


@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_interleaving_keeps_every_promise(shard: int) -> None:
    seeds = range(1 + shard, 1 + HISTORIES, SHARDS)
    assert [failure for failure in map(broken, seeds) if failure] == []


def test_all_shards_together_are_all_histories() -> None:
    assert sum(len(range(1 + shard, 1 + HISTORIES, SHARDS)) for shard in range(SHARDS)) == HISTORIES


class Naive(Queue):
    """Takes whoever names a task for its holder: no fencing token, no person, no end of a lease."""

    def _held(self, claim: Held, now: int) -> tuple[TaskWork, LeaseState]:
        state = self._known(claim.lease_id.rpartition("-")[0])
        self._content(state.task_id)
        lease = next((one for one in state.leases if one.person == claim.person), None)
        return state, lease or LeaseState(claim.person, claim.fencing_token, now, now + 1)


class Forgetful(Queue):
    """Restores leases, but not reservations."""

    def _index_leases(self, state: TaskWork) -> None:
        super()._index_leases(state)
        self._reserves.clear()


class Lax(Queue):
    """Ends no lease of whoever is excluded."""

    def exclude(self, now: int) -> list[Leased]:
        return []


class Idle(Queue):
    """Ends no lease when its time is over."""

    def expire(self, now: int) -> list[Leased]:
        return []


class Hoarding(Queue):
    """Keeps what is reserved for one person from everybody."""

    def _yielding(self, asker: object) -> None:  # type: ignore[override]
        """Nobody gives way."""


@pytest.mark.parametrize("mutant", [Naive, Forgetful, Lax, Idle, Hoarding])
def test_a_queue_that_breaks_a_promise_is_found_out(mutant: type[Queue]) -> None:
    assert _first_failure(mutant) is not None


def test_an_owner_that_nothing_fences_is_found_out() -> None:
    assert _first_failure(Queue, fencing=False) is not None


def _first_failure(queue_type: type[Queue], *, fencing: bool = True) -> str | None:
    failures = (broken(seed, queue_type, fencing=fencing) for seed in range(1, 1 + MUTANT_HISTORIES))
    return next((failure for failure in failures if failure), None)
