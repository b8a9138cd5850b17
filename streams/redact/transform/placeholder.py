"""`placeholder`: `[PERSON_1]`, numbered within a record: one value, one placeholder, in whatever field."""

from __future__ import annotations

from schemas.hidden import Hidden
from streams.redact.transform.transform import same
from topology.policies import Treatment


class Placeholders(Hidden):
    """Implements `transform.Transform`; numbers by first call. Values are one when `same` makes them one."""

    __slots__ = ("_counts", "_names")

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def replace(self, value: str, kind: str, treatment: Treatment | None = None) -> str:  # noqa: ARG002 - takes none
        return self.named(same(value), kind)

    def named(self, key: str, kind: str) -> str:
        """The placeholder of the value that is `key` in normal form."""
        name = self._names.get(key)
        if name is None:
            count = self._counts[kind] = self._counts.get(kind, 0) + 1
            name = self._names[key] = f"[{kind}_{count}]"
        return name
