"""`drop`: nothing is left."""

from __future__ import annotations

from topology.policies import Treatment


class Drop:
    """Implements `transform.Transform`."""

    def replace(self, value: str, kind: str, treatment: Treatment) -> str | None:  # noqa: ARG002 - the same for all
        return ""
