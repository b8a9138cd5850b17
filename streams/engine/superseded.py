"""Which earlier tasks may still come although their record is another task by now: for whoever reads `tasks.P`.

A task comes once, and topics have partitions: of two revisions of a record the later one's task may come first.
Then it is noted that the earlier one is expected, so that nobody gets it. A note is of use

- only where the reader knew nothing of the earlier task: one it knew has come;
- only until it comes, since it comes once;
- only as long as it can come. Many never do: their record was quarantined or dropped, or they came and ended so
  long ago that the reader has forgotten them.

Notes are in the reader's state with what caused them: they outlive the later task and a restart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from schemas.codec import Codec
from schemas.states import ExpectedTask
from streams.engine.messages import Message, Outgoing
from streams.engine.state import KeyedState

USUAL_MS = 864_000_000
"""Ten days: `latest` where raw records are kept for a day and tasks for a week, as `topology/flow.yaml` says."""


def latest(retention_ms: Mapping[str, int]) -> int:
    """How long after the later revision's task the earlier one's may come, by how long a project keeps its topics.

    Its record waits on `raw.P` until redact takes it, and it on `tasks.P` until it is read. A quarter more: Kafka
    drops whole segments, which span so much at most.
    """
    return (retention_ms["raw"] + retention_ms["tasks"]) * 5 // 4


class ExpectedTasks:
    """The notes of one project. Memory: 0.3 kB each, at most one for each record redacted again in that time."""

    def __init__(self, topic: str, codec: Codec) -> None:
        self._notes = KeyedState(topic, ExpectedTask, codec, "expected/")
        self._ends: deque[tuple[int, str]] = deque()

    def __len__(self) -> int:
        return len(self._notes)

    def apply(self, message: Message) -> bool:
        """Take over one changelog record; False where it is another state's."""
        return self._notes.apply(message)

    def restored(self) -> None:
        """All changelog records have been applied."""
        self._ends = deque(sorted((note.until, task_id) for task_id, note in self._notes.items()))

    def expect(self, task_id: str, until: int) -> None:
        """It may still come, until then (milliseconds)."""
        self._notes.put(task_id, ExpectedTask(until))
        self._ends.append((until, task_id))

    def came(self, task_id: str) -> bool:
        """Whether it was expected: nobody may get it. It is not any more, since it won't come again."""
        expected = task_id in self._notes
        self._notes.remove(task_id)
        return expected

    def purge(self, now: int) -> None:
        """Forget what can't come any more."""
        while self._ends and self._ends[0][0] <= now:
            _, task_id = self._ends.popleft()
            note = self._notes.get(task_id)
            if note is not None and note.until <= now:
                self._notes.remove(task_id)

    def changes(self) -> list[Outgoing]:
        """What to write to the changelog."""
        return self._notes.changes()
