"""What the parts of a task are called in Label Studio: fields, labels, choices.

A field's path (`customer.note`) is no name that its configuration can refer to, so fields are numbered:
`field_0` is the first one of `veil_fields`. The task's id is `veil_task`. Both are kept by Label Studio, and
come back with an answer.
"""

from __future__ import annotations

TASK, FIELDS = "veil_task", "veil_fields"
LABELS, CHOICES = "labels", "choices"
"""Types of a result, and the keys of what it holds."""
_FIELD, _LABELS, _CHOICE = "field_", "labels_", "choice_"


def field_key(at: int) -> str:
    """The key of a field's text in `data`, and the name of the tag that shows it (`to_name` of a result)."""
    return f"{_FIELD}{at}"


def labels_name(at: int) -> str:
    """The tag with which spans of a field are labeled (`from_name` of a result)."""
    return f"{_LABELS}{at}"


def choice_name(choice: str) -> str:
    """The tag of a choice (`from_name` of a result)."""
    return f"{_CHOICE}{choice}"


def field_of(name: str) -> int | None:
    """The place of a field among `veil_fields`, by the name of the tag that shows it."""
    number = name.removeprefix(_FIELD)
    return int(number) if name.startswith(_FIELD) and number.isdecimal() and number.isascii() else None


def choice_of(name: str) -> str | None:
    """The choice that a tag asks for."""
    return name.removeprefix(_CHOICE) if name.startswith(_CHOICE) else None
