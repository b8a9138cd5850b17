"""A leased task as Label Studio holds it, there and back. Pure.

What the bridge has to remember stands on the task itself, where one that starts anew finds it: under which lease
it is shown, since when, and until when without asking label (`meta.veil`). Whoever has an account there can change
that; what names no lease that is held is taken out. A task without that mark is none of the bridge's, as those
that people import from our files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from streams.label.forms import LeaseView
from streams.label.studio import writing
from streams.label.studio.reading import Annotation

Json = dict[str, Any]
META, LEASE, SINCE, UNTIL = "veil", "lease", "since", "until"


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
    """A task of ours that lies there, by its number there. `until`: the end of its lease when it was put there.

    Times in milliseconds; 0 where that is not said.
    """

    number: int
    lease_id: str
    since: int
    until: int = 0
    data: Json = field(default_factory=dict, repr=False)
    answers: tuple[Answer, ...] = ()


def to_show(lease: LeaseView, fields: Sequence[str], now: int) -> Json:
    """The task for Label Studio."""
    mark = {LEASE: lease.lease_id, SINCE: now, UNTIL: lease.expires_at}
    return {"data": data_of(lease, fields), "meta": {META: mark}}


def data_of(lease: LeaseView, fields: Sequence[str]) -> Json:
    """What of it is shown. A field that the task lacks is empty there, since the configuration shows it."""
    texts = {path: lease.fields.get(path, "") for path in fields}
    data: Json = writing.task(lease.model_copy(update={"fields": texts}))["data"]
    return data


def ours(tasks: Sequence[object]) -> list[Shown]:
    """Those that a bridge put there, of what Label Studio lists. Others are not ours to touch."""
    found = [_object(it) for it in tasks]
    return [_shown(it) for it in found if isinstance(it.get("id"), int) and META in _object(it.get("meta"))]


def _shown(task: Json) -> Shown:
    mark = _object(_object(task.get("meta")).get(META))
    lease_id = mark.get(LEASE)
    given = task.get("annotations")
    return Shown(
        task["id"],
        lease_id if isinstance(lease_id, str) else "",
        _number(mark.get(SINCE)),
        _number(mark.get(UNTIL)),
        _object(task.get("data")),
        tuple(_answer(_object(it)) for it in given) if isinstance(given, list) else (),
    )


def _answer(given: Json) -> Answer:
    try:
        annotation = Annotation.model_validate(given)
    except ValidationError:
        annotation = None
    return Answer(_number(given.get("id")), _by(given), annotation)


def _by(given: Json) -> int | None:
    """Any account may say that an annotation is another's (`completed_by`); who wrote it last the server notes."""
    by, written_by = given.get("completed_by"), given.get("updated_by")
    return by if isinstance(by, int) and by == written_by else None


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}
