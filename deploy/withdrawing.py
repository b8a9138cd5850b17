"""Pulling many tasks at once: all that a policy version has released, or all open ones that somebody was shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deploy.compliance import compliance
from deploy.control_orders import order_withdrawals
from deploy.incidents import events_of
from deploy.persons import acting, load_declared, require_role
from schemas.control import WithdrawalReason
from schemas.errors import ConfigError
from streams.audit.open_tasks import open_tasks, released_tasks, shown_to

AT_ONCE = 200
"""Orders in one transaction: a fifth of a second of signing in Vault, and 80 kB on `control`."""


def tasks_of_policy(root: Path, project: str, version: int) -> tuple[Sequence[str], int]:
    """The tasks made under a policy version that people work on, or whose text lies in clear for other queues; and
    for how many of them the work is over. Raises ConfigError for one that nobody has signed.
    """
    with compliance(root) as seen:
        history = seen.book().policy_history(project)
        hashes = {one.record.hash for one in history if one.record.version == version}
        if not hashes:
            raise ConfigError(f"nobody has signed a policy of version {version} in {project}")
        events = events_of(seen, project)
        tasks = [task for task, policy in released_tasks(events, project).items() if policy in hashes]
        return tasks, len(set(tasks) - open_tasks(events).keys())


def tasks_shown_to(root: Path, project: str, who: str) -> Sequence[str]:
    """The open tasks that a person has seen, or people through an app. Raises ConfigError for nobody's name."""
    with compliance(root) as seen:
        if not seen.topology.project(project).persons.duties(who):
            raise ConfigError(f"{project} names nobody called {who}")
        return shown_to(events_of(seen, project), who)


def withdraw_all(root: Path, project: str, person: str, tasks: Sequence[str], reason: WithdrawalReason) -> None:
    """Order that each is pulled everywhere and its key destroyed. Where it fails midway, do it again: what is
    ordered is not open any more. Raises ConfigError.
    """
    declared = load_declared(root)
    require_role(declared, project, person, ("operator",), "withdraw tasks")
    with acting(root, declared, project, person) as around:
        for first in range(0, len(tasks), AT_ONCE):
            order_withdrawals(around, tasks[first : first + AT_ONCE], reason)
