"""From Label Studio: the annotations of a file, checked, and made an answer to a leased task. Pure.

Nothing that is refused is quoted: an annotation may hold what people typed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import ConfigError, Reason, Refused
from schemas.records import LabelSpan
from streams.label.commands import Result
from streams.label.studio import names
from streams.label.studio.offsets import Unit, quotes, to_code_points

MAX_TASKS = 100_000
MAX_FILE_BYTES = 512 * 1024 * 1024
"""A hundred thousand tasks with fifty results each."""


class Value(BaseModel):
    """What a region holds. Other keys (`globalOffsets`, a style) say nothing about the answer."""

    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)
    start: int | None = None
    end: int | None = None
    text: str | list[str] | None = Field(default=None, repr=False)
    labels: list[str] | None = None
    choices: list[str] | None = None


class Region(BaseModel):
    """One result of an annotation."""

    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)
    from_name: str
    to_name: str
    type: str
    value: Value


class Annotation(BaseModel):
    """What one person answered in Label Studio; cancelled is its word for skipped."""

    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)
    result: Annotated[list[Region], Field(max_length=10_000)]
    was_cancelled: bool = False


class Answered(BaseModel):
    """A task of an export. Ours are known by `veil_task` and `veil_fields` in their data."""

    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)
    data: dict[str, Any]
    annotations: list[Annotation] = []


@dataclass(frozen=True, slots=True)
class Given:
    """The one annotation of one of our tasks, and the paths of its fields in the order of the configuration."""

    task_id: str
    fields: tuple[str, ...]
    annotation: Annotation


def read(content: bytes, source: str) -> list[Given]:
    """The answers of an export (JSON). A task without an annotation gives none. Raises ConfigError."""
    try:
        loaded = json.loads(content)
    except (ValueError, RecursionError):
        raise ConfigError(f"{source}: is no JSON; export as “JSON”, not as “JSON-MIN” or another format") from None
    if not isinstance(loaded, list) or len(loaded) > MAX_TASKS:
        raise ConfigError(f"{source}: has to be a list of tasks, {MAX_TASKS:,} at most")
    found = [
        _given(_checked(entry, f"{source}: task {at}"), f"{source}: task {at}") for at, entry in enumerate(loaded)
    ]
    given = [it for it in found if it is not None]
    if len({it.task_id for it in given}) < len(given):
        raise ConfigError(f"{source}: holds a task twice; keep one answer to each")
    return given


def result(given: Given, texts: Mapping[str, str], unit: Unit) -> Result:
    """The answer to the task whose texts these are. Raises Refused, naming the region by its place."""
    spans: dict[LabelSpan, None] = {}
    choices: dict[str, str] = {}
    for at, region in enumerate(given.annotation.result):
        where = f"region {at}"
        if region.type == names.LABELS:
            spans |= dict.fromkeys(_spans(region, given, texts, unit, where))
        elif region.type == names.CHOICES:
            name, value = _choice(region, where)
            if choices.setdefault(name, value) != value:
                raise Refused(Reason.UNKNOWN_CHOICE, f"{where}: a choice has two values")
        else:
            raise Refused(Reason.BAD_REQUEST, f"{where}: only labels and choices can be taken over")
    return Result(tuple(spans), choices)


def _checked(entry: object, where: str) -> Answered:
    try:
        return Answered.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{where}: {place}: {first['msg'].lower()}") from None


def _given(entry: Answered, where: str) -> Given | None:
    task_id, fields = entry.data.get(names.TASK), entry.data.get(names.FIELDS)
    if (
        not isinstance(task_id, str)
        or not isinstance(fields, list)
        or not all(isinstance(it, str) for it in fields)
    ):
        raise ConfigError(f"{where}: its data has no {names.TASK} and {names.FIELDS}; it is none of our tasks")
    if len(entry.annotations) > 1:
        raise ConfigError(
            f"{where}: has {len(entry.annotations)} annotations; keep one, that of the person imported"
        )
    return Given(task_id, tuple(fields), entry.annotations[0]) if entry.annotations else None


def _spans(region: Region, given: Given, texts: Mapping[str, str], unit: Unit, where: str) -> list[LabelSpan]:
    at = names.field_of(region.to_name)
    path = given.fields[at] if at is not None and at < len(given.fields) else ""
    if path not in texts:
        raise Refused(Reason.UNKNOWN_FIELD, f"{where}: is of a field that the task does not have")
    value, text = region.value, texts[path]
    if value.start is None or value.end is None or not value.labels:
        raise Refused(Reason.BAD_REQUEST, f"{where}: has no start, end or label")
    start, end = to_code_points(text, value.start, unit), to_code_points(text, value.end, unit)
    if start is None or end is None or start >= end:
        raise Refused(Reason.SPAN_OUT_OF_RANGE, f"{where}: is empty, outside its field, or cuts a character")
    if isinstance(value.text, str) and not quotes(value.text, text[start:end]):
        raise Refused(Reason.SPAN_OUT_OF_RANGE, f"{where}: quotes another text; are its offsets {unit.value}?")
    return [LabelSpan(path, start, end, label) for label in value.labels]


def _choice(region: Region, where: str) -> tuple[str, str]:
    name, chosen = names.choice_of(region.from_name), region.value.choices
    if name is None:
        raise Refused(Reason.UNKNOWN_CHOICE, f"{where}: is of no choice of ours")
    if chosen is None or len(chosen) != 1:
        raise Refused(Reason.UNKNOWN_CHOICE, f"{where}: a choice has exactly one value")
    return name, chosen[0]
