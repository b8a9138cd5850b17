"""How the record of a project stands: its checkpoints, the matching with Vault's own log, what looks wrong. Pure
but for the board that it looks at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from streams.console import matching
from streams.console.board import Board
from topology.identity import PLATFORM

AUDIT = "audit."
PLAYBOOK = "playbook"
"""Among the details of an alert: the name of what to do about it (`topology/playbooks`)."""


def record(board: Board, project: str, now: int, limit: int, playbook: Callable[[str], str]) -> dict[str, Any]:
    """As the page has it: `limit` alerts at most, with the text of each playbook that they name."""
    alerts, platform = board.alerts(project, limit), board.alerts(PLATFORM, limit)
    named = sorted({it.details[PLAYBOOK] for it in (*alerts, *platform) if PLAYBOOK in it.details})
    return {
        "project": project,
        "now": now,
        "logs": board.seals(f"{AUDIT}{project}", now),
        "platform": board.seals(f"{AUDIT}{PLATFORM}", now),
        "matching": matching.told(board.standing(), now),
        "alerts": [asdict(it) for it in alerts],
        "platform_alerts": [matching.of_platform(it) for it in platform],
        "playbooks": {name: playbook(name) for name in named},
    }
