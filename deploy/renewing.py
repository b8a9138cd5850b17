"""`veil credentials certificates`: other certificates for the parts of a stack that runs; an event says so."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.endpoints import load_endpoints
from deploy.local.layout import Layout
from deploy.local.ports import keep
from deploy.local.renewal import renewing
from deploy.local.stack import STATE_FILE
from deploy.provisioning import say_certificates
from deploy.supervise.state import ProcessStatus, read_state
from schemas.errors import StackError


def renew_audited(root: Path) -> tuple[str, ...]:
    """Renew all of them, whoever owns the parts; the names. Returns when every port shows its new one.

    The event says that they were made; until all show theirs, the stack goes on with it where this is cut short.
    Raises StackError, ConfigError, and as `act`.
    """
    endpoints = load_endpoints(root / "run" / "endpoints.json")

    def statuses() -> tuple[ProcessStatus, ...]:
        return tuple(read_state(root, STATE_FILE))

    if not any(it.alive() for it in statuses()):
        raise StackError(
            f"No part of ours runs under {root}; a start renews what is due, others' parts are theirs."
        )
    ports = keep(root / "ports.json", random.SystemRandom())
    found = renewing(Layout(root), ports, endpoints, statuses, threading.Event().wait)
    names = found.renew_all(datetime.now(UTC))
    say_certificates(root, endpoints, len(names))
    found.take_up()
    return names
