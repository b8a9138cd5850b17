"""Bugs planted on purpose, each a way in which the loop of step 3 and 4 could be wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from streams.engine.log import FROM_THE_BEGINNING, Session, SessionSpec
from streams.engine.loop import Loop
from streams.engine.messages import Message, TopicPartition
from streams.engine.processor import Plan
from streams.engine.warm import WarmLog
from tests.simulation.broker import MemoryFollower, MemoryLog, MemorySession


def no_fencing() -> dict[str, Any]:
    """Positions are sent without group metadata, and every incarnation under an id of its own."""
    return {"fencing": False}


class _LateVault(Loop):
    """Writes the segments after the commit that names them."""

    def _commit(self, session: Session, plan: Plan, holds: Callable[[], None] = lambda: None) -> None:
        documents, plan.documents = plan.documents, []
        super()._commit(session, plan, holds)
        self._documents.create_all(documents)


def commit_before_vault() -> dict[str, Any]:
    """A crash between commit and Vault leaves tasks that nobody can ever open."""
    return {"loop_type": _LateVault}


class _Forward(MemorySession):
    def rewind(self) -> None:
        """Goes on after the messages of the aborted batch."""


class _ForwardLog(MemoryLog):
    def open(self, spec: SessionSpec) -> MemorySession:
        return _Forward(self.broker, spec)


def no_rewind() -> dict[str, Any]:
    """After an abort the messages of the batch are not read again."""
    return {"log_type": _ForwardLog}


class _Deaf(MemorySession):
    def _check_epoch(self) -> None:
        """Under its second id it commits whatever has become of it."""
        if self._id != self.spec.second_id:
            super()._check_epoch()


class _DeafSecondLog(MemoryLog):
    def open(self, spec: SessionSpec) -> MemorySession:
        return _Deaf(self.broker, spec)


def second_id_unfenced() -> dict[str, Any]:
    """Whoever has lost label's queue commits once more."""
    return {"log_type": _DeafSecondLog}


class _StaleLog(WarmLog):
    def read(self, topic: str, after: Mapping[TopicPartition, int] = FROM_THE_BEGINNING) -> Iterator[Message]:
        """Begins with what the one that stood by had read, not with what was committed since."""
        copy, self._copy = self._copy, None
        return copy.drain() if copy is not None and copy.topic == topic else super().read(topic, after)


def stale_copy() -> dict[str, Any]:
    """Whoever takes over does not read the rest."""
    return {"warm_type": _StaleLog}


class _DeafLog(MemoryLog):
    def follow(
        self, topics: Sequence[str], after: Mapping[TopicPartition, int] = FROM_THE_BEGINNING
    ) -> MemoryFollower:
        return MemoryFollower(self.broker, [topic for topic in topics if not topic.startswith("gold.")], after)


def unread_gold() -> dict[str, Any]:
    """Join never hears which records are gold."""
    return {"log_type": _DeafLog}


class _LatePosition(Loop):
    def _commit(self, session: Session, plan: Plan, holds: Callable[[], None] = lambda: None) -> None:
        """Commits what replay has copied first, and how far it has come in a transaction of its own."""
        states = [it for it in plan.outputs if it.topic.startswith("replay-state.")]
        plan.outputs = [it for it in plan.outputs if it not in states]
        super()._commit(session, plan, holds)
        if states:
            self._transact(session, states)


def position_after_copies() -> dict[str, Any]:
    """A crash between the two copies the same records again."""
    return {"loop_type": _LatePosition}


ALL = (
    *(no_fencing, second_id_unfenced, commit_before_vault, no_rewind, stale_copy, unread_gold),
    position_after_copies,
)
