"""Sealed tasks that wait for being opened, and what they take in memory."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.codec import Codec
from schemas.records import Task
from streams.engine.messages import Message, Outgoing
from streams.engine.state import KeyedState

PENDING = "pending/"
MOST = 10_000
"""Tasks, some 2 kB each: 20 MB."""
MOST_BYTES = 32 * 1024 * 1024
"""As `size_of` counts, of the 1 Gi that a pod may take. A batch comes on top: its records have 12 MiB at most
(`kafka_session.BATCH_BYTES` and four of 2 MiB), which are 100 MB in memory if they are dense with placeholders. A
restart restores no more than both.
"""
TASK_BYTES, FIELD_BYTES, SPAN_BYTES = 1_000, 120, 190
"""In memory, beside what is sealed: measured 700, 118 and 183. A text of 1 MB with a placeholder every twelve
characters takes 16 MB.
"""


def size_of(task: Task) -> int:
    """What it takes in memory, in bytes. Its record takes less, sealed or in clear."""
    spans = sum(len(shape.placeholders) for shape in task.fields)
    return TASK_BYTES + len(task.sealed) + FIELD_BYTES * len(task.fields) + SPAN_BYTES * spans


class Pending:
    """Behind the changelog. Memory: the tasks, as they came."""

    def __init__(self, topic: str, codec: Codec) -> None:
        self._tasks = KeyedState(topic, Task, codec, PENDING)
        self._sizes: dict[str, int] = {}
        self._bytes = 0

    def apply(self, message: Message) -> bool:
        """Take over one changelog record; False where it is another state's. After the last one: `settle`."""
        return self._tasks.apply(message)

    def settle(self) -> None:
        """All of the changelog is there."""
        self._sizes = {task_id: size_of(task) for task_id, task in self._tasks.items()}
        self._bytes = sum(self._sizes.values())

    def changes(self) -> list[Outgoing]:
        """What to write to the changelog."""
        return self._tasks.changes()

    @property
    def is_full(self) -> bool:
        """Whether no more should come."""
        return len(self._tasks) >= MOST or self._bytes >= MOST_BYTES

    def items(self) -> Iterator[tuple[str, Task]]:
        """All, in the order they came."""
        return self._tasks.items()

    def __contains__(self, task_id: object) -> bool:
        return task_id in self._tasks

    def put(self, task: Task) -> None:
        """It waits now."""
        self.remove(task.task_id)
        self._tasks.put(task.task_id, task)
        self._sizes[task.task_id] = size = size_of(task)
        self._bytes += size

    def remove(self, task_id: str) -> None:
        """It waits no more."""
        self._tasks.remove(task_id)
        self._bytes -= self._sizes.pop(task_id, 0)
