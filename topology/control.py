"""Which control records are in force. Pure: takes records in any order, gives what holds.

Rules, each with a test:

1. A record counts only if its signer, the last part of its key, is pinned, may sign that prefix for that
   project (`flow.yaml`), and its Ed25519 signature covers key, version, kind and body.
2. Versions rise for each key: a lower one is refused; the same record again changes nothing. But a freeze of a
   lower version counts like any other (rule 8), so that none hides behind a later one.
3. A tombstone is refused, and the topic is never compacted (`keeps_all` in `flow.yaml`). A stage that starts reads
   all of it, so that an old record written again is below the higher version and undoes nothing (rule 2).
4. A policy is fully signed when an author and an approver, two different persons, have signed its hash.
   All fully signed policies stay available by hash, in their project and in no other; in force is the one with the
   highest version in its body (of equal versions, which no careful author makes, the higher hash, so that every
   stage agrees).
5. A withdrawal holds from its first valid signature, for ever. Each signer's is acknowledged, whoever else has
   withdrawn the same: who ordered it waits for that.
6. A minimum holds when it is fully signed as a policy is, for ever; of several, the highest. A policy of a lower
   version is not in force, nor comes into force, whoever signs it; where none is left, nothing is in force. One
   that a process may sign alone holds when it is at most one above the highest fully signed policy.
7. A labeling job is in force as a policy is (rule 4), by the persons that the project's `jobs` names for its
   version: one who may create or change it, and another who may approve. Where it names nobody none is in force.
8. A freeze, whoever signed it, stops the stages it names until two people, one of each role that `lift` names,
   have both signed that it is over, up to a version as high as its own (`freezes.py`). Orders of one signer add
   up, and of several each holds by itself: a stage goes on when nobody stops it.
9. A pause and an exclusion hold while the record of the highest version, whoever signed it, says so
   (`switches.py`).
10. A replay of messages is the latest of its signer; notify remembers which version it has carried out.
11. A readmission counts once, by its version: of several the highest.
12. Who is revoked may do nothing in the project from the first valid signature on, until two people, one of each
    role that `reinstate` names, have both signed that it is over, up to a version as high as every revocation's.
    One of a higher version holds again (`revocations.py`). Nobody signs for themselves. No process revokes
    who could undo it, be it in another project.
13. Raw records are redacted again when two people, one of each role that `reredact` names, have signed the same
    order, for ever (`reredactions.py`); whoever carries it out remembers its number.
14. A quarantined revision of a record is released when two people, one of each role that `release` names, have
    signed the same order about it, for ever (`quarantine_releases.py`).
15. A grant is in force while its time lasts, once one person of each group of approvers has approved the very
    request, and nobody who may has denied or revoked it; whoever carries it out remembers that (`grants.py`).
16. A subject is erased when two people, one of each role that `erase` names, have signed the same hash, for ever
    (`erasures.py`).
17. Sanitized texts may be taken out when two people, one of each role that `export` names, have signed the same
    order, until its time is over (`export_orders.py`).

What holds depends only on the set of valid records, not on the order they came in.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from itertools import permutations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from schemas.control import (
    ControlKind,
    Freeze,
    Replay,
    control_message,
    read_freeze,
    read_lift,
    read_replay,
    read_switch,
)
from schemas.errors import Reason
from schemas.export_order import read_order
from schemas.quarantine_release import read_release
from schemas.records import ControlState
from schemas.reredaction import read_reredaction
from topology.control_key import ControlKey, fits, parse_key, policy_version
from topology.erasures import Erasures
from topology.export_orders import ExportOrders
from topology.flow import Flow, Scope
from topology.freezes import Freezes
from topology.grants import Grants
from topology.identity import Identity
from topology.pins import Pins
from topology.project import SAYING, Project
from topology.quarantine_releases import QuarantineReleases
from topology.reredactions import Reredactions
from topology.revocations import Revocations
from topology.signed_policies import PolicyRecord, SignedPolicies, SignedPolicy
from topology.switches import Exclusions, Pauses, Switches


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


class ControlBook:
    """Everything `control` has said, and what of it holds. One thread applies records; others may ask `policy`,
    `policy_in_force`, `job_in_force`, `freezes`, `frozen_by`, `revoked` meanwhile (as label's API), nothing else.
    """

    def __init__(self, flow: Flow, pins: Pins, projects: Mapping[str, Project]) -> None:
        self._flow = flow
        self._pins = pins
        self._projects = projects
        self._latest: dict[str, ControlState] = {}
        self._policies = {name: SignedPolicies() for name in projects}
        self._jobs = {name: SignedPolicies() for name in projects}
        self._freezes = {name: Freezes(partial(self._agreed, ControlKind.LIFT, name)) for name in projects}
        self._readmitted: dict[str, dict[str, int]] = {name: {} for name in projects}
        self._withdrawn: dict[str, dict[str, dict[str, int]]] = {name: {} for name in projects}
        """By project, task and signer, the highest version."""
        self._pauses = {name: Pauses() for name in projects}
        self._exclusions = {name: Exclusions() for name in projects}
        self._replays: dict[str, dict[str, Replay]] = {name: {} for name in projects}
        enough = {name: partial(self._agreed, ControlKind.REINSTATE, name) for name in projects}
        self._revocations = {name: Revocations(enough[name]) for name in projects}
        self._reredactions = {
            name: Reredactions(partial(self._agreed, ControlKind.REREDACT, name)) for name in projects
        }
        self._released = {
            name: QuarantineReleases(partial(self._agreed, ControlKind.RELEASE, name)) for name in projects
        }
        self._grants = {name: Grants(project.persons.holders) for name, project in projects.items()}
        self._erasures = {name: Erasures(partial(self._agreed, ControlKind.ERASE, name)) for name in projects}
        self._exports = {name: ExportOrders(partial(self._agreed, ControlKind.EXPORT, name)) for name in projects}

    def apply(self, key: str, state: ControlState | None) -> Applied | Rejected:
        """Take up one record of the topic; None stands for a tombstone."""
        parsed = parse_key(key)
        reason = self._fault(key, parsed, state)
        if parsed is None or state is None or reason is not None:
            return Rejected(key, reason or Reason.BAD_REQUEST)
        if key in self._latest and self._latest[key].version == state.version:
            return Applied(key, parsed.kind, ())
        changed = self._take_up(parsed, state)
        if state.version >= self.next_version(key):
            self._latest[key] = state
        return Applied(key, parsed.kind, (parsed.concern,) if changed else ())

    def policy_in_force(self, project: str) -> PolicyRecord | None:
        """The fully signed policy of the highest version, or None: then nothing may be released."""
        policies = self._policies.get(project)
        return policies.in_force if policies else None

    def policy(self, project: str, policy_hash: str) -> PolicyRecord | None:
        """A policy fully signed in a project, by its hash: that another project's people have agreed to the same
        text says nothing here.
        """
        policies = self._policies.get(project)
        return policies.find(policy_hash) if policies else None

    def policy_signers(self, project: str, policy_hash: str) -> frozenset[str]:
        """Whose valid signatures a policy has so far."""
        return self._policies[project].signers(policy_hash)

    def policy_history(self, project: str) -> tuple[SignedPolicy, ...]:
        """Every policy that somebody has signed, the lowest version first."""
        return self._policies[project].history()

    def job_in_force(self, project: str) -> PolicyRecord | None:
        """The fully signed labeling job of the highest version."""
        jobs = self._jobs.get(project)
        return jobs.in_force if jobs else None

    def job_history(self, project: str) -> tuple[SignedPolicy, ...]:
        """Every labeling job that somebody has signed, the lowest version first."""
        return self._jobs[project].history()

    def minimum(self, project: str) -> int:
        """The lowest version of a policy that may be in force; 0 where nobody asked for one."""
        return self._policies[project].minimum

    def minimum_signers(self, project: str, version: int) -> frozenset[str]:
        """Whose valid signatures a minimum has so far."""
        return self._policies[project].signers_of_minimum(version)

    def freezes(self, project: str) -> Mapping[str, Freeze]:
        """The freezes that hold now, by signer."""
        return self._freezes[project].held

    def frozen(self, project: str) -> Freezes:
        """Who has frozen what in a project, and who has signed that it is over."""
        return self._freezes[project]

    def frozen_by(self, project: str, stage: str) -> tuple[str, ...]:
        """Who has stopped a stage; nobody: it may go on."""
        return tuple(signer for signer, freeze in self.freezes(project).items() if stage in freeze.stages)

    def replays(self, project: str) -> Mapping[str, Replay]:
        """The latest replay of each signer, whether it has been carried out or not."""
        return self._replays[project]

    def lifted(self, project: str, signer: str) -> int:
        """Up to which version a signer's freezes are over; 0: none is."""
        return self._freezes[project].over(signer)

    def readmitted(self, project: str, person: str) -> int:
        """The version of the latest order that a paused person may label again; 0: none."""
        return self._readmitted[project].get(person, 0)

    def revoked(self, project: str, person: str) -> bool:
        """Whether a person or an app may do nothing in a project."""
        return person in self._revocations[project].held

    def revocations(self, project: str) -> Revocations:
        """Who is revoked in a project, by whom, and who has signed that they may again."""
        return self._revocations[project]

    def reredactions(self, project: str) -> Reredactions:
        """Which orders to redact again are in force, and which wait for a second signature."""
        return self._reredactions[project]

    def quarantine_releases(self, project: str) -> QuarantineReleases:
        """Which quarantined records two people have released, and which wait for a second signature."""
        return self._released[project]

    def grants(self, project: str) -> Grants:
        """Who may see the values of which task, and when."""
        return self._grants[project]

    def erasures(self, project: str) -> Erasures:
        """Who is erased from a project, by the keyed hash, and which erasures wait for a second signature."""
        return self._erasures[project]

    def export_orders(self, project: str) -> ExportOrders:
        """Who may take out sanitized texts, in which form, until when, and who has signed that."""
        return self._exports[project]

    def withdrawn(self, project: str) -> AbstractSet[str]:
        """The tasks withdrawn in a project."""
        return frozenset(self._withdrawn.get(project, ()))

    def is_withdrawn(self, project: str, task_id: str) -> bool:
        """Whether one task is withdrawn."""
        return task_id in self._withdrawn.get(project, ())

    def pauses(self, project: str) -> Pauses:
        """What of a project is paused."""
        return self._pauses[project]

    def exclusions(self, project: str) -> Exclusions:
        """Who is kept from what in a project."""
        return self._exclusions[project]

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
        if key.kind is ControlKind.GRANT and not self._grants[key.project].may(key.signer, state.body):
            return Reason.SIGNER_NOT_ALLOWED
        return None if _signed(pinned, state) else Reason.BAD_SIGNATURE

    def _version_fault(self, state: ControlState) -> Reason | None:
        latest = self._latest.get(state.key)
        lower = latest is not None and state.version < latest.version
        if state.version < 1 or (lower and state.kind != ControlKind.FREEZE):
            return Reason.STALE_VERSION
        same = latest is None or state.version != latest.version or latest.body == state.body
        return None if same else Reason.STALE_VERSION

    def _roles(self, key: ControlKey) -> list[str]:
        """The roles in which the signer may sign this key."""
        rule = self._flow.control.get(key.kind.value)
        if key.kind is ControlKind.REINSTATE and key.signer == key.target:
            return []
        roles = [role for role in (*rule.roles, *rule.alone) if self._holds(key, role)] if rule else []
        if key.kind is ControlKind.REVOKE and self._has_a_say(key):
            return [role for role in roles if self._flow.roles[role].scope is Scope.PERSON]
        return roles

    def _has_a_say(self, key: ControlKey) -> bool:
        """Whether whom the key is about may sign, here or in another project: no process shuts out who could undo
        what a process has done, and credentials end in all projects at once.
        """
        return any(project.persons.duties(key.target) & SAYING for project in self._projects.values())

    def _holds(self, key: ControlKey, role: str) -> bool:
        if self._flow.roles[role].scope is Scope.PERSON:
            return key.signer in self._projects[key.project].persons.holding(role)
        return key.signer == Identity(role, key.project).signer

    def _take_up(self, key: ControlKey, state: ControlState) -> bool:  # noqa: C901, PLR0911, PLR0912 - one a kind
        """Whether something else is in force by this record."""
        match key.kind:
            case ControlKind.POLICY:
                record = PolicyRecord(key.target, policy_version(state.body) or 0, state.body)
                policies = self._policies[key.project]
                return policies.sign(record, key.signer, state.signed_at, lambda them: self._enough(key, them))
            case ControlKind.MINIMUM:
                return self._take_up_minimum(key)
            case ControlKind.JOB:
                return self._take_up_job(key, state)
            case ControlKind.FREEZE:
                freeze = read_freeze(state.body)
                assert freeze is not None, "checked by `fits`"
                return self._freezes[key.project].freeze(key.signer, state.version, freeze)
            case ControlKind.WITHDRAW:
                of_task = self._withdrawn[key.project].setdefault(key.target, {})
                return _risen(of_task, key.signer, state.version)
            case ControlKind.PAUSE:
                return _turn(self._pauses[key.project], key, state)
            case ControlKind.EXCLUDE:
                return _turn(self._exclusions[key.project], key, state)
            case ControlKind.LIFT:
                return self._freezes[key.project].lift(key.target, key.signer, read_lift(state.body) or 0)
            case ControlKind.READMIT:
                return _risen(self._readmitted[key.project], key.target, state.version)
            case ControlKind.REPLAY:
                return self._take_up_replay(key, state)
            case ControlKind.REVOKE:
                return self._revocations[key.project].revoke(key.target, key.signer, state.version)
            case ControlKind.REINSTATE:
                up_to = read_lift(state.body) or 0
                return self._revocations[key.project].reinstate(key.target, key.signer, up_to)
            case ControlKind.REREDACT:
                order = read_reredaction(state.body)
                assert order is not None, "checked by `fits`"
                return self._reredactions[key.project].sign(order, key.signer)
            case ControlKind.RELEASE:
                release = read_release(key.target, state.body)
                assert release is not None, "checked by `fits`"
                return self._released[key.project].sign(release, key.signer, state.signed_at)
            case ControlKind.GRANT:
                return self._grants[key.project].take(key.target, key.signer, state.body)
            case ControlKind.ERASE:
                return self._erasures[key.project].sign(key.target, key.signer, state.signed_at)
            case ControlKind.EXPORT:
                export = read_order(key.target, state.body)
                assert export is not None, "checked by `fits`"
                return self._exports[key.project].sign(key.target, export, key.signer)

    def _take_up_replay(self, key: ControlKey, state: ControlState) -> bool:
        replay = read_replay(state.body, state.version)
        assert replay is not None, "checked by `fits`"
        self._replays[key.project][key.signer] = replay
        return True

    def _take_up_minimum(self, key: ControlKey) -> bool:
        policies, version = self._policies[key.project], int(key.target)
        if any(self._holds(key, role) for role in self._flow.control[key.kind.value].alone):
            return policies.demand(version)
        return policies.require(version, key.signer, lambda them: self._enough(key, them))

    def _take_up_job(self, key: ControlKey, state: ControlState) -> bool:
        version, jobs = policy_version(state.body) or 0, self._projects[key.project].jobs
        record = PolicyRecord(key.target, version, state.body)
        signed = self._jobs[key.project]
        return signed.sign(
            record, key.signer, state.signed_at, lambda them: jobs is not None and jobs.enough(version, them)
        )

    def _agreed(self, kind: ControlKind, project: str, signers: AbstractSet[str]) -> bool:
        return self._enough(ControlKey(kind, project, "", ""), signers)

    def _enough(self, key: ControlKey, signers: AbstractSet[str]) -> bool:
        """Whether different signers can be found for each role (or one for any)."""
        rule = self._flow.control[key.kind.value]
        if not rule.each:
            return bool(signers)
        persons = self._projects[key.project].persons
        return any(
            all(signer in persons.holding(role) for signer, role in zip(chosen, rule.roles, strict=True))
            for chosen in permutations(sorted(signers), len(rule.roles))
        )


def _turn(switches: Switches, key: ControlKey, state: ControlState) -> bool:
    on = read_switch(state.body)
    assert on is not None, "checked by `fits`"
    return switches.take(key.target, state.version, key.signer, on=on)


def _risen(highest: dict[str, int], name: str, version: int) -> bool:
    """Note a version under a name; whether it is the highest so far."""
    rises = version > highest.get(name, 0)
    if rises:
        highest[name] = version
    return rises


def _signed(pinned: bytes, state: ControlState) -> bool:
    message = control_message(state.key, state.version, state.kind, state.body)
    try:
        Ed25519PublicKey.from_public_bytes(pinned).verify(state.signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _body_fault(key: ControlKey, state: ControlState) -> Reason | None:
    return None if fits(key, state.body) else Reason.BAD_REQUEST
