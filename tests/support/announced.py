"""Whether an event tells of each use of Vault, as the matcher judges it by Vault's own log and the audit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from deploy.following import FollowedLog
from schemas.audit import AuditEvent
from schemas.vault_log import Operation, VaultUse
from streams.audit.matching import FOREVER
from streams.audit.two_sided import DENIED, UNANNOUNCED, Alert, TwoSided
from streams.audit.vault_log import parse


@dataclass(frozen=True)
class Used:
    """What these identities did, and what of it no event tells of, or was denied."""

    operations: list[Operation]
    alerts: list[Alert]

    @property
    def opened(self) -> int:
        return self.operations.count(Operation.DECRYPT)


def lines(log: Path) -> Iterator[bytes]:
    """All of them, of the files too that the stack has put aside meanwhile."""
    followed, place, at_end = FollowedLog("vault", log), None, False
    while not at_end:
        piece = followed.read(place)
        yield from piece.lines
        place, at_end = piece.place, piece.at_end


def used(
    log: Path,
    events: Iterable[AuditEvent],
    project: str,
    who: AbstractSet[str],
    since: int = 0,
    until: int = FOREVER,
) -> Used:
    """In the time from `since` to before `until`, in milliseconds."""
    sides, operations = TwoSided(), []
    for line in lines(log):
        use = parse(line)
        if isinstance(use, VaultUse) and use.identity in who and since <= use.time < until:
            operations.append(use.operation)
            sides.use(use)
    for event in events:
        sides.announce(event, project)
    alerts = [it for it in sides.judge(FOREVER, FOREVER) if it.rule in {UNANNOUNCED, DENIED}]
    return Used(operations, alerts)
