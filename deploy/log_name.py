"""What the audit's logs of an installation are named in their checkpoints."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from deploy.local.endpoints import Endpoints


class Cluster(Protocol):
    """A log that knows its cluster."""

    def cluster(self) -> str:
        """Its id. May raise LogUnavailable."""
        ...


def log_name(endpoints: Endpoints, log: Cluster) -> str:
    """As it was set, or by its Kafka. Raises LogUnavailable."""
    return endpoints.log_name or f"veilstream-{log.cluster()}"


def after_restore(name: str, at: int) -> str:
    """The name that follows one whose installation was restored at that time (ms): what was sealed after the
    backup is gone, and other events get its places, so that logs of the old name would have two histories. To the
    second: one backup may be restored twice a day.
    """
    return f"{name}-r{datetime.fromtimestamp(at / 1000, UTC):%Y%m%d-%H%M%S}"
