"""Records that name somebody who is erased: dropped before anything else is done with them.

It is looked at the record itself, not at what redaction makes of it: one that would be refused goes to
quarantine, and what names an erased person must not.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from schemas.errors import Refused
from schemas.hidden import RawRecord
from streams.redact.fields import leaves
from topology.policies import Policy
from vault.keyed_hash import KeyedHash

Erased = Callable[[], AbstractSet[bytes]]
"""The keyed hashes of those who are erased from the project, as `control` has them now."""


class Suppression:
    """Of one project. Pure but for asking who is erased."""

    def __init__(self, subject: KeyedHash, erased: Erased) -> None:
        self._subject = subject
        self._erased = erased

    @property
    def count(self) -> int:
        """How many are erased now."""
        return len(self._erased())

    def names_erased(self, record: RawRecord, policy: Policy) -> bool:
        """Whether a `subject` path of the policy holds somebody who is erased.

        A record that can't be taken apart names nobody: it is refused, and so it is whenever it comes back.
        """
        erased = self._erased()
        if not erased or not policy.subject:
            return False
        try:
            found = {leaf.text for leaf in leaves(record, policy) if leaf.name in policy.subject}
        except Refused:
            return False
        return any(self._subject.digest(person.encode()) in erased for person in found)
