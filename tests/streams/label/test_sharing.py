from __future__ import annotations

import tracemalloc

from hypothesis import given

from schemas.codec import Codec, FixedIds
from schemas.records import FieldShape, PlaceholderSpan, Task
from schemas.states import TaskWork
from streams.engine.state import KeyedState
from streams.label.queue import Queue
from streams.label.settings import QueueSettings
from streams.label.sharing import MAX_NAMES, Sharing
from tests.schemas.making import records_of

CODEC = Codec(FixedIds())
SEALED = 400
TASKS = 2_000


@given(records_of("Task"))
def test_what_is_kept_is_equal(task):
    assert Sharing()(task) == task


def test_names_are_held_once_and_not_for_ever(make_task):
    sharing = Sharing()
    first, second = (sharing(CODEC.decode(CODEC.encode(make_task(n)), Task)) for n in (1, 2))
    assert first.policy is second.policy
    assert first.fields[0].placeholders[0].category is second.fields[0].placeholders[0].category
    for number in range(MAX_NAMES + 2):
        sharing(make_task(number, batch=f"batch-{number}"))
    assert len(sharing._names) < MAX_NAMES


def test_a_task_in_the_queue_takes_less_than_two_kilobytes_with_its_content():
    encoded = []
    for number in range(TASKS):
        spans = (PlaceholderSpan(0, 10, "PERSON"), PlaceholderSpan(20, 40, "EMAIL"))
        task = Task(
            f"{number:032x}", 1, "b" * 64, "p" * 64, f"redact.demo.0/1/{number // 100}", 3, 1,
            (FieldShape("customer.note", 200, spans),), b"x" * SEALED, number % 10, "week-48", ("de", "medical"),
        )  # fmt: skip
        encoded.append(CODEC.encode(task))
    tracemalloc.start()
    tasks = KeyedState("s", Task, CODEC, "task/", Sharing())
    work = KeyedState("s", TaskWork, CODEC, "work/")
    queue = Queue(tasks, work, QueueSettings())
    for one in encoded:
        queue.add(CODEC.decode(one, Task), 1)
    tasks.changes(), work.changes()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken / TASKS < 2_000
