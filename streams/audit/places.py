"""Where two rows of hashes differ, in words of the log: what was edited, dropped, inserted, moved. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from streams.audit.findings import FindingKind


@dataclass(frozen=True, slots=True)
class Difference:
    """Entries `first` ≤ n < `end`, by their numbers as they were signed. `end` = `first`: before this one."""

    kind: FindingKind
    first: int
    end: int

    @property
    def where(self) -> str:
        """As findings name it: `17`, or `17-20`."""
        return str(self.first) if self.end <= self.first + 1 else f"{self.first}-{self.end - 1}"


def differences(signed: Sequence[bytes], found: Sequence[bytes], start: int) -> Iterator[Difference]:
    """What has to have happened to the entries with the hashes `signed`, of which the first is number `start`.

    Quadratic in the worst case, so for a tile at a time.
    """
    if len(signed) == len(found) and sorted(signed) == sorted(found):
        yield from _moved(signed, found, start)
        return
    for tag, first, end, there, there_end in SequenceMatcher(None, signed, found, autojunk=False).get_opcodes():
        same = min(end - first, there_end - there)
        if tag == "equal":
            continue
        if same:
            yield Difference(FindingKind.EDITED, start + first, start + first + same)
        if end - first > same:
            yield Difference(FindingKind.DROPPED, start + first + same, start + end)
        if there_end - there > same:
            yield Difference(FindingKind.INSERTED, start + end, start + end)


def _moved(signed: Sequence[bytes], found: Sequence[bytes], start: int) -> Iterator[Difference]:
    for at, (was, is_) in enumerate(zip(signed, found, strict=True)):
        if was != is_:
            yield Difference(FindingKind.MOVED, start + at, start + at + 1)
