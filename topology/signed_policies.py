"""The policies of one project as `control` has them: who signed which, the minimum, and which is in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

Enough = Callable[[AbstractSet[str]], bool]
"""Whether the signatures of these signers suffice."""


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """A policy on `control`: the SHA-256 of its canonical bytes in hex, its version, the bytes."""

    hash: str
    version: int
    body: bytes


@dataclass(frozen=True, slots=True)
class SignedPolicy:
    """A policy and its valid signatures: when each signer says to have signed, in milliseconds."""

    record: PolicyRecord
    signed_at: Mapping[str, int] = field(default_factory=dict)
    fully_signed: bool = False


class SignedPolicies:
    """Not thread-safe, but for `find` and reading `in_force`."""

    def __init__(self) -> None:
        self.minimum = 0
        """No policy of a lower version is in force; 0 where nobody asked for one. It only rises."""
        self.in_force: PolicyRecord | None = None
        self._known: dict[str, SignedPolicy] = {}
        self._required: dict[int, frozenset[str]] = {}
        self._agreed = 0
        self._demanded: set[int] = set()

    def sign(self, record: PolicyRecord, signer: str, at: int, enough: Enough) -> bool:
        """Note a signature. Whether another policy is in force by it."""
        known = self._known.get(record.hash, SignedPolicy(record))
        signed_at = {**known.signed_at, signer: at}
        self._known[record.hash] = SignedPolicy(record, signed_at, enough(signed_at.keys()))
        before = self.in_force
        self._look()
        return self.in_force != before

    def require(self, version: int, signer: str, enough: Enough) -> bool:
        """Note a signature on a minimum. Whether the minimum has risen by it."""
        signers = self._required[version] = self._required.get(version, frozenset()) | {signer}
        if enough(signers):
            self._agreed = max(self._agreed, version)
        return self._look()

    def demand(self, version: int) -> bool:
        """Note a minimum by who may give it alone, a process. Whether the minimum has risen by it, or is as high
        already: then it is acknowledged, whoever else has given it.

        It holds while it is at most one above the highest policy that people have signed: it can rule out what is
        in force, and not what they publish next, but for a higher one that they have not published either.
        """
        new = version not in self._demanded
        self._demanded.add(version)
        return self._look() or (new and version <= self.minimum)

    def find(self, policy_hash: str) -> PolicyRecord | None:
        """A fully signed policy by its hash, whatever the minimum says: tasks made by it are still there."""
        known = self._known.get(policy_hash)
        return known.record if known is not None and known.fully_signed else None

    def signers(self, policy_hash: str) -> frozenset[str]:
        """Whose valid signatures a policy has."""
        known = self._known.get(policy_hash)
        return frozenset(known.signed_at) if known else frozenset()

    def signers_of_minimum(self, version: int) -> frozenset[str]:
        """Whose valid signatures this minimum has."""
        return self._required.get(version, frozenset())

    def history(self) -> tuple[SignedPolicy, ...]:
        """Every policy somebody has signed, the lowest version first."""
        return tuple(sorted(self._known.values(), key=lambda known: _rank(known.record)))

    def _look(self) -> bool:
        """See anew what holds. Whether the minimum has risen."""
        signed = (known.record.version for known in self._known.values() if known.fully_signed)
        next_one = max(signed, default=0) + 1
        before = self.minimum
        self.minimum = max((self._agreed, *(it for it in self._demanded if it <= next_one)))
        self.in_force = self._highest()
        return self.minimum > before

    def _highest(self) -> PolicyRecord | None:
        allowed = (
            known.record
            for known in self._known.values()
            if known.fully_signed and known.record.version >= self.minimum
        )
        return max(allowed, key=_rank, default=None)


def _rank(record: PolicyRecord) -> tuple[int, str]:
    return (record.version, record.hash)
