"""The policies that `control` has put in force, by hash."""

from __future__ import annotations

from collections.abc import Callable

from topology.control import ControlBook
from topology.policies import load_policy_bytes
from topology.policies.model import Policy


def known_policies(book: ControlBook, project: str) -> Callable[[str], Policy | None]:
    """Each is parsed once; None for one that is not there (yet). May be asked by any thread."""
    known: dict[str, Policy] = {}

    def policy_of(policy_hash: str) -> Policy | None:
        if policy_hash not in known and (record := book.policy(project, policy_hash)) is not None:
            known[policy_hash] = load_policy_bytes(record.body)
        return known.get(policy_hash)

    return policy_of
