"""A leased task as Label Studio holds it, there and back. Pure.

What the bridge has to remember stands on the task itself, where one that starts anew finds it: under which lease
it is shown, and since when (`meta.veil`). Whoever has an account there can change that; what names no lease that
is held is taken out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from streams.label.forms import LeaseView
from streams.label.studio import names, writing
from streams.label.studio.reading import Annotation

Json = dict[str, Any]
META, LEASE, SINCE = "veil", "lease", "since"


@dataclass(frozen=True, slots=True)
class Answer:
    """One annotation. `by`: the account that has made it and was the last to change it; None where those are two.
    `annotation`: None where it can't be read.
    """

    number: int
    by: int | None
    annotation: Annotation | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A task of ours that lies there, by its number there. `since` in milliseconds; 0 where that is not said."""

    number: int
    lease_id: str
    since: int
    answers: tuple[Answer, ...] = ()


def to_show(lease: LeaseView, fields: Sequence[str], now: int) -> Json:
    """The task for Label Studio. A field that it lacks is empty there, since the configuration shows it."""
    texts = {path: lease.fields.get(path, "") for path in fields}
    task = writing.task(lease.model_copy(update={"fields": texts}))
    return task | {"meta": {META: {LEASE: lease.lease_id, SINCE: now}}}


def ours(tasks: Sequence[object]) -> list[Shown]:
    """Those that came from a bridge, of what Label Studio lists. Others are not ours to touch."""
    found = [_object(it) for it in tasks]
    return [_shown(it) for it in found if isinstance(it.get("id"), int) and names.TASK in _object(it.get("data"))]


def _shown(task: Json) -> Shown:
    mark = _object(_object(task.get("meta")).get(META))
    lease_id, since = mark.get(LEASE), mark.get(SINCE)
    given = task.get("annotations")
    return Shown(
        task["id"],
        lease_id if isinstance(lease_id, str) else "",
        since if isinstance(since, int) else 0,
        tuple(_answer(_object(it)) for it in given) if isinstance(given, list) else (),
    )


def _answer(given: Json) -> Answer:
    number = given.get("id")
    try:
        annotation = Annotation.model_validate(given)
    except ValidationError:
        annotation = None
    return Answer(number if isinstance(number, int) else 0, _by(given), annotation)


def _by(given: Json) -> int | None:
    """Any account may say that an annotation is another's (`completed_by`); who wrote it last the server notes."""
    by, written_by = given.get("completed_by"), given.get("updated_by")
    return by if isinstance(by, int) and by == written_by else None


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}
