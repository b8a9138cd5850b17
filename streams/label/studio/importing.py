"""Answers of a Label Studio become labels: through the API, as the person or app whose token it is, lease by
lease.

Which task comes next is the queue's to say. One that the file does not answer is given back for now, and each of
those was a view that is on the audit: so only so many are passed over. The first is the one that the person holds,
if they do, in our page or an app: it is taken over as any other, answered or given back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.errors import Refused
from streams.label.client import LabelClient
from streams.label.commands import ReleaseReason, SkipReason
from streams.label.forms import LeaseView
from streams.label.studio.offsets import Unit
from streams.label.studio.reading import Given, result
from streams.label.studio.settings import PASSED_OVER


@dataclass(slots=True)
class Imported:
    """What became of the answers of a file, by task id. `refused`: with the reason; the task was given back."""

    labeled: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    passed_over: int = 0
    left: list[str] = field(default_factory=list)
    """Answers to tasks that the queue did not hand out: closed, withdrawn, answered before, or too far away."""


def import_answers(
    client: LabelClient, given: Sequence[Given], unit: Unit = Unit.CODE_POINTS, most: int = PASSED_OVER
) -> Imported:
    """Answer every task of the file that the queue hands out. Raises what the client raises but Refused."""
    done, waiting = Imported(), {it.task_id: it for it in given}
    returned: set[str] = set()
    while waiting and done.passed_over < most:
        try:
            lease = client.lease()
        except Refused:  # withdrawn while it was opened, or it never will open: the next one is another
            done.passed_over += 1
            continue
        if lease is None:
            break
        answered = waiting.pop(lease.task_id, None)
        if answered is not None and _answer(client, lease, answered, unit, done):
            continue
        with contextlib.suppress(Refused):  # it is over already: withdrawn, or its time was
            client.release(lease, ReleaseReason.TECHNICAL)
        if lease.task_id in returned:  # all that is left was given back before
            break
        returned.add(lease.task_id)
        done.passed_over += answered is None
    done.left = sorted(waiting)
    return done


def _answer(client: LabelClient, lease: LeaseView, given: Given, unit: Unit, done: Imported) -> bool:
    """Whether the lease has ended with what the file says."""
    try:
        if given.annotation.was_cancelled:
            client.skip(lease, SkipReason.UNCLEAR)
            done.skipped.append(lease.task_id)
            return True
        answer = result(given, lease.fields, unit)
        client.label(lease, answer.spans, answer.choices, key=f"studio-{lease.lease_id}")
    except Refused as error:
        done.refused[lease.task_id] = f"{error.reason.value}: {error}"
        return False
    done.labeled.append(lease.task_id)
    return True
