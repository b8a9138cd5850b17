"""Which control records are in force. Pure: takes records in any order, gives what holds.

Rules, each with a test:

1. A record counts only if its signer, the last part of its key, is pinned, may sign that prefix for that
   project (`flow.yaml`), and its Ed25519 signature covers key, version, kind and body.
2. Versions rise for each key: a lower one is refused; the same record again changes nothing.
3. A tombstone is refused: compaction may not undo what was ordered.
4. A policy is fully signed when an author and an approver, two different persons, have signed its hash.
   All fully signed policies stay available by hash; in force is the one with the highest version in its body
   (of equal versions, which no careful author makes, the higher hash, so that every stage agrees).
5. A withdrawal holds from its first valid signature, for ever.

What holds depends only on the set of valid records, not on the order they came in.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import permutations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from schemas.control import ControlKind, control_message
from schemas.errors import Reason
from schemas.records import ControlState
from topology.flow import Flow, Scope
from topology.identity import Identity
from topology.pins import Pins
from topology.project import Project

_TARGETS = {
    ControlKind.POLICY: re.compile(r"[0-9a-f]{64}"),  # SHA-256 of the policy's bytes
    ControlKind.WITHDRAW: re.compile(r"[0-9a-f]{32}"),  # task id
}
_PARTS = 4  # kind, project, target, signer


@dataclass(frozen=True, slots=True)
class ControlKey:
    """A key of `control`, taken apart: `policy/demo/<hash>/ada`, `withdraw/demo/<task>/label.demo`."""

    kind: ControlKind
    project: str
    target: str
    signer: str

    @property
    def concern(self) -> str:
        """What it is about: the key without its signer."""
        return f"{self.kind.value}/{self.project}/{self.target}"

    def __str__(self) -> str:
        return f"{self.concern}/{self.signer}"


@dataclass(frozen=True, slots=True)
class Applied:
    """A record taken up. `changed` are the concerns whose state in force is another one now."""

    key: str
    kind: ControlKind
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that counts for nothing, and why."""

    key: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """A fully signed policy: the SHA-256 of its canonical bytes in hex, its version, the bytes."""

    hash: str
    version: int
    body: bytes


@dataclass(slots=True)
class _Policies:
    """What is known of one project's policies."""

    records: dict[str, PolicyRecord] = field(default_factory=dict)
    signers: dict[str, set[str]] = field(default_factory=dict)
    signed: dict[str, PolicyRecord] = field(default_factory=dict)


def parse_key(key: str) -> ControlKey | None:
    """The key taken apart; None where it is no key of `control`."""
    parts = key.split("/")
    if len(parts) != _PARTS or parts[0] not in set(ControlKind):
        return None
    kind = ControlKind(parts[0])
    if _TARGETS[kind].fullmatch(parts[2]) is None:
        return None
    return ControlKey(kind, *parts[1:])


class ControlBook:
    """Everything `control` has said, and what of it holds. Not thread-safe."""

    def __init__(self, flow: Flow, pins: Pins, projects: Mapping[str, Project]) -> None:
        self._flow = flow
        self._pins = pins
        self._projects = projects
        self._latest: dict[str, ControlState] = {}
        self._policies: dict[str, _Policies] = {}
        self._withdrawn: dict[str, set[str]] = {}

    def apply(self, key: str, state: ControlState | None) -> Applied | Rejected:
        """Take up one record of the topic; None stands for a tombstone."""
        parsed = parse_key(key)
        reason = self._fault(key, parsed, state)
        if parsed is None or state is None or reason is not None:
            return Rejected(key, reason or Reason.BAD_REQUEST)
        if key in self._latest and self._latest[key].version == state.version:
            return Applied(key, parsed.kind, ())
        changed = self._take_up(parsed, state)
        self._latest[key] = state
        return Applied(key, parsed.kind, (parsed.concern,) if changed else ())

    def policy_in_force(self, project: str) -> PolicyRecord | None:
        """The fully signed policy of the highest version, or None: then nothing may be released."""
        policies = self._policies.get(project)
        return _highest(policies) if policies else None

    def policy(self, policy_hash: str) -> PolicyRecord | None:
        """Any fully signed policy, by its hash. May also be asked by other threads (label's API)."""
        found = (policies.signed.get(policy_hash) for policies in list(self._policies.values()))
        return next((record for record in found if record is not None), None)

    def policy_signers(self, project: str, policy_hash: str) -> frozenset[str]:
        """Whose valid signatures a policy has so far."""
        policies = self._policies.get(project)
        return frozenset(policies.signers.get(policy_hash, ())) if policies else frozenset()

    def withdrawn(self, project: str) -> AbstractSet[str]:
        """The tasks withdrawn in a project."""
        return frozenset(self._withdrawn.get(project, ()))

    def is_withdrawn(self, project: str, task_id: str) -> bool:
        """Whether one task is withdrawn."""
        return task_id in self._withdrawn.get(project, ())

    def next_version(self, key: str) -> int:
        """The lowest version that a new record under this key may have."""
        return self._latest[key].version + 1 if key in self._latest else 1

    def _fault(self, key: str, parsed: ControlKey | None, state: ControlState | None) -> Reason | None:
        if state is None:
            return Reason.TOMBSTONE_IGNORED
        if parsed is None or parsed.project not in self._projects:
            return Reason.BAD_REQUEST
        if (state.key, state.kind, state.signer) != (key, parsed.kind.value, parsed.signer):
            return Reason.BAD_REQUEST
        return self._signature_fault(parsed, state) or self._version_fault(state) or _body_fault(parsed, state)

    def _signature_fault(self, key: ControlKey, state: ControlState) -> Reason | None:
        pinned = self._pins.of(key.signer)
        if not state.signature:
            return Reason.UNSIGNED
        if pinned is None:
            return Reason.UNKNOWN_SIGNER
        if not self._roles(key):
            return Reason.SIGNER_NOT_ALLOWED
        return None if _signed(pinned, state) else Reason.BAD_SIGNATURE

    def _version_fault(self, state: ControlState) -> Reason | None:
        latest = self._latest.get(state.key)
        if state.version < 1 or (latest is not None and state.version < latest.version):
            return Reason.STALE_VERSION
        same = latest is None or state.version > latest.version or latest.body == state.body
        return None if same else Reason.STALE_VERSION

    def _roles(self, key: ControlKey) -> list[str]:
        """The roles in which the signer may sign this key."""
        rule = self._flow.control.get(key.kind.value)
        return [role for role in rule.roles if self._holds(key, role)] if rule else []

    def _holds(self, key: ControlKey, role: str) -> bool:
        if self._flow.roles[role].scope is Scope.PERSON:
            return key.signer in self._projects[key.project].persons.holding(role)
        return key.signer == Identity(role, key.project).signer

    def _take_up(self, key: ControlKey, state: ControlState) -> bool:
        if key.kind is ControlKind.WITHDRAW:
            tasks = self._withdrawn.setdefault(key.project, set())
            new = key.target not in tasks
            tasks.add(key.target)
            return new
        return self._take_up_policy(key, state)

    def _take_up_policy(self, key: ControlKey, state: ControlState) -> bool:
        policies = self._policies.setdefault(key.project, _Policies())
        before = _highest(policies)
        record = PolicyRecord(key.target, _policy_version(state.body) or 0, state.body)
        policies.records[key.target] = record
        policies.signers.setdefault(key.target, set()).add(key.signer)
        if self._fully_signed(key, policies.signers[key.target]):
            policies.signed[key.target] = record
        return _highest(policies) != before

    def _fully_signed(self, key: ControlKey, signers: set[str]) -> bool:
        """Whether different signers can be found for each role (or one for any)."""
        rule = self._flow.control[key.kind.value]
        if not rule.each:
            return bool(signers)
        persons = self._projects[key.project].persons
        return any(
            all(signer in persons.holding(role) for signer, role in zip(chosen, rule.roles, strict=True))
            for chosen in permutations(sorted(signers), len(rule.roles))
        )


def _signed(pinned: bytes, state: ControlState) -> bool:
    message = control_message(state.key, state.version, state.kind, state.body)
    try:
        Ed25519PublicKey.from_public_bytes(pinned).verify(state.signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _body_fault(key: ControlKey, state: ControlState) -> Reason | None:
    if key.kind is ControlKind.WITHDRAW:
        return None
    matches = hashlib.sha256(state.body).hexdigest() == key.target
    return None if matches and _policy_version(state.body) is not None else Reason.BAD_REQUEST


def _policy_version(body: bytes) -> int | None:
    """The version a policy's body gives itself; None where it gives none."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    version = content.get("version") if isinstance(content, dict) else None
    return version if isinstance(version, int) and not isinstance(version, bool) and version >= 1 else None


def _highest(policies: _Policies) -> PolicyRecord | None:
    return max(policies.signed.values(), key=lambda record: (record.version, record.hash), default=None)
