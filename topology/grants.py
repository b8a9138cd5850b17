"""Which grants are in force. Pure.

A grant lets one person see the values of one task, once, from a time until a time. It takes the request and the
approval of one person of each of two groups: three people. One denial by an approver ends it, as does a revocation
by an approver or by who has requested it: for ever, whichever came first. That it was opened stands elsewhere:
whoever hands out remembers it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType

from schemas.grants import GrantAnswer, GrantRequest, read_answer, read_request

REQUESTER = "requester"
GROUPS = ("grantor-a", "grantor-b")
"""The roles of the two groups of approvers; nobody is in both, and no requester in either (`project_document`)."""
Holding = Callable[[str], AbstractSet[str]]
"""Who holds a role."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What was said about one request. `approved`: by whom of group a, and by whom of group b."""

    grant_id: str
    request: GrantRequest
    approved: tuple[frozenset[str], frozenset[str]]
    denied: frozenset[str]
    revoked: frozenset[str]
    wanted_open: bool
    """Whether who has requested it has asked for it to be opened."""

    @property
    def ended_by(self) -> frozenset[str]:
        """Who has denied or revoked it."""
        return self.denied | self.revoked

    @property
    def approved_fully(self) -> bool:
        """Whether one of each group has approved, three different people with who has requested it."""
        of_a, of_b = (group - {self.request.requester} for group in self.approved)
        return any(one != other for one in of_a for other in of_b)

    def in_time(self, now: int) -> bool:
        """Whether a time, in milliseconds, is among those that were asked for."""
        return self.request.since <= now < self.request.until

    def in_force(self, now: int) -> bool:
        """Whether it may be opened now, if it was not before."""
        return self.approved_fully and not self.ended_by and self.in_time(now)


class Grants:
    """Of one project. `holding`: who holds a role in it."""

    def __init__(self, holding: Holding) -> None:
        self._holding = holding
        self._requests: dict[str, GrantRequest] = {}
        self._said: dict[str, dict[GrantAnswer, frozenset[str]]] = {}

    def may(self, signer: str, body: bytes) -> bool:
        """Whether it is for this person to say: approvers approve and deny, requesters request and open."""
        answer = read_answer(body)
        requests = signer in self._holding(REQUESTER)
        if answer is None or answer is GrantAnswer.OPEN:
            return requests
        approves = any(signer in self._holding(group) for group in GROUPS)
        return approves or (requests and answer is GrantAnswer.REVOKE)

    def take(self, grant_id: str, signer: str, body: bytes) -> bool:
        """Note what somebody says who may. Whether it is new."""
        before = self._requests.get(grant_id), self._by(grant_id)
        request, answer = read_request(body), read_answer(body)
        if request is not None:
            self._requests[grant_id] = request
        elif answer is not None:
            said = self._said.setdefault(grant_id, {})
            said[answer] = said.get(answer, frozenset()) | {signer}
        return before != (self._requests.get(grant_id), self._by(grant_id))

    def find(self, grant_id: str) -> Grant | None:
        """One that was requested."""
        request = self._requests.get(grant_id)
        if request is None:
            return None
        said = self._by(grant_id)
        approved, requester = said.get(GrantAnswer.APPROVE, frozenset()), {request.requester}
        of_a, of_b = (approved & self._holding(group) for group in GROUPS)
        approvers = self._holding(GROUPS[0]) | self._holding(GROUPS[1])
        return Grant(
            grant_id,
            request,
            (frozenset(of_a), frozenset(of_b)),
            said.get(GrantAnswer.DENY, frozenset()),
            said.get(GrantAnswer.REVOKE, frozenset()) & (approvers | requester),
            request.requester in said.get(GrantAnswer.OPEN, frozenset()),
        )

    def every(self) -> tuple[Grant, ...]:
        """All that were ever requested, the earliest first."""
        return self._found(self._requests)

    def unfinished(self, now: int, remembered: Collection[str]) -> tuple[Grant, ...]:
        """Those whose time is not over at `now` (milliseconds), and those named, the earliest first."""
        lasting = (name for name, request in self._requests.items() if request.until > now)
        return self._found({*lasting, *remembered})

    def _found(self, names: Iterable[str]) -> tuple[Grant, ...]:
        found = [grant for name in names if (grant := self.find(name)) is not None]
        return tuple(sorted(found, key=lambda it: (it.request.since, it.grant_id)))

    def _by(self, grant_id: str) -> Mapping[GrantAnswer, frozenset[str]]:
        return MappingProxyType(dict(self._said.get(grant_id, {})))
