"""The leaves of a log that lies in an export: an entry is one, or stands for one that has a file of its own.

Any other entry, and a file that is not the one that was sealed, is a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from streams.audit.entries import is_foreign, large_digest
from streams.audit.findings import Finding, FindingKind
from streams.audit.index import large_name, sha256
from streams.audit.store import Store

_OURS = b"veilstream/"
"""What entries begin with that stand for something else; leaves begin with Avro's marker."""


@dataclass(slots=True)
class Leaves:
    """`find` is told of each finding; `large`: digests of the leaves that have a file of their own, or should."""

    store: Store
    find: Callable[[Finding], None]
    large: set[bytes] = field(default_factory=set)

    def of(self, log: str, first: int, entries: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
        """Those of a row of entries, each with its number; `first`: that of the first one."""
        for number, entry in enumerate(entries, first):
            data = self._leaf(f"{log}#{number}", entry) if entry.startswith(_OURS) else entry
            if data is not None:
                yield number, data

    def _leaf(self, where: str, entry: bytes) -> bytes | None:
        if is_foreign(entry):
            self.find(Finding(FindingKind.FOREIGN, where, "what somebody wrote here is no audit event"))
            return None
        digest = large_digest(entry)
        if digest is None:
            text = "this entry is neither an event nor what stands for one"
            self.find(Finding(FindingKind.UNREADABLE, where, text))
            return None
        self.large.add(digest)
        data = self.store.get(large_name(digest))
        if data is None or sha256(data) != digest.hex() or not entry.endswith(b"\n%d" % len(data)):
            text = f"the event at {where} is missing here, or another"
            self.find(Finding(FindingKind.LARGE, large_name(digest), text))
            return None
        return data
