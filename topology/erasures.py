"""Which people are erased from a project, and who has signed it. Pure.

An erasure takes the signatures `flow.yaml` asks for under the same subject hash; each may give a reason of their
own. Nothing ends it: what names the person later is dropped, whatever brings it back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet


class Erasures:
    """Of one project. `enough`: whether the signatures of these people together suffice."""

    def __init__(self, enough: Callable[[AbstractSet[str]], bool]) -> None:
        self._enough = enough
        self._signed: dict[str, dict[str, int]] = {}
        """By subject hash: who has signed, and when they say they first did (milliseconds)."""
        self._since: dict[str, None] = {}
        self._hashes: frozenset[bytes] = frozenset()

    def sign(self, subject: str, signer: str, at: int) -> bool:
        """Note a signature. Whether the erasure comes into force by it."""
        signers = self._signed.setdefault(subject, {})
        signers[signer] = min(at, signers.get(signer, at))
        if subject in self._since or not self._enough(signers.keys()):
            return False
        self._since[subject] = None
        self._hashes |= {bytes.fromhex(subject)}
        return True

    @property
    def in_force(self) -> tuple[str, ...]:
        """The subject hashes (hex), in the order in which they came into force: the same for all who read
        `control`.
        """
        return tuple(self._since)

    @property
    def hashes(self) -> frozenset[bytes]:
        """The same as segments have them. Replaced as a whole."""
        return self._hashes

    def signers(self, subject: str) -> Mapping[str, int]:
        """Who has signed, and when they say they did (milliseconds)."""
        return self._signed.get(subject, {})

    def waiting(self) -> tuple[str, ...]:
        """Those that somebody has signed, and not enough have."""
        return tuple(sorted(self._signed.keys() - self._since.keys()))
