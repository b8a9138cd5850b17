"""What of a project waits for signatures, who has given theirs and who may give what is missing. Pure.

Everything follows from `control` and the project's file: a record that no pinned key has signed counts for
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from schemas.control import ControlKind, Freeze, lift_body
from schemas.errors import ConfigError
from schemas.quarantine_release import release_body
from topology.control import ControlBook
from topology.identity import Identity
from topology.jobs import Jobs, changes
from topology.policies import Policy, load_policy_bytes
from topology.policies.difference import differences
from topology.project import Persons, Project
from topology.signed_policies import PolicyRecord, SignedPolicy

LIFT, RELEASE = ControlKind.LIFT.value, ControlKind.RELEASE.value
KEEPER = "keeper"


def signatures(book: ControlBook, project: Project, now: int) -> dict[str, Any]:
    """Policies and labeling jobs, the newest first; who has stopped what, which records wait for a second person
    to leave quarantine, and who is revoked.
    """
    name = project.name
    ruling, ruling_job = book.policy_in_force(name), book.job_in_force(name)
    minimum = book.minimum(name)
    policies = [_policy(it, ruling, minimum, project.persons) for it in reversed(book.policy_history(name))]
    jobs = [_job(it, ruling_job, project.jobs) for it in reversed(book.job_history(name))] if project.jobs else []
    freezes = [_freeze(book, project, who, freeze) for who, freeze in book.freezes(name).items()]
    revoked = sorted(book.revocations(name).held)
    return {
        "minimum": minimum,
        "policies": policies,
        "jobs": jobs,
        "freezes": freezes,
        "releases": _releases(book, project, now),
        "revoked": revoked,
    }


def to_sign(
    book: ControlBook, project: Project, kind: str, target: str, person: str, now: int
) -> tuple[str, bytes] | None:
    """Name and body of what waits for this person's signature; None where nothing of this kind and target (a hash,
    who has frozen something, a quarantined record) does.
    """
    told = signatures(book, project, now)
    every = (*told["policies"], *told["jobs"], *told["freezes"], *told["releases"])
    waiting = [one for one in every if _waits(one, kind, target)]
    signed = any(it["signer"] == person for one in waiting for it in one["signatures"])
    if signed or not any(person in lacking["persons"] for one in waiting for lacking in one["missing"]):
        return None
    return waiting[0]["name"], _body(book, project.name, kind, target)


def _waits(one: Mapping[str, Any], kind: str, target: str) -> bool:
    return (one["kind"], one["target"], one["state"]) == (kind, target, "pending") and one["signable"]


def _body(book: ControlBook, project: str, kind: str, target: str) -> bytes:
    if kind == LIFT:
        return lift_body(book.frozen(project).version(target))
    if kind == RELEASE:
        return next(release_body(it) for it in book.quarantine_releases(project).waiting() if it.target == target)
    history = book.policy_history(project) if kind == "policy" else book.job_history(project)
    return next(known.record.body for known in history if known.record.hash == target)


def lacking(by_role: Mapping[str, Collection[str]], signed: Collection[str]) -> list[dict[str, Any]]:
    """Whose signature is missing: each role of which nobody has signed, with the persons who may."""
    found = {role: holders for role, holders in by_role.items() if not set(holders) & set(signed)}
    if not found:  # one person holds both roles: somebody else has to sign as well
        found = {"second person": sorted({one for holders in by_role.values() for one in holders} - set(signed))}
    return [{"role": role, "persons": list(holders)} for role, holders in found.items()]


def _freeze(book: ControlBook, project: Project, who: str, freeze: Freeze) -> dict[str, Any]:
    """One that holds, and who has yet to sign that it is over. Keeper's can't be signed here: what watch counts
    for the leak bound begins anew by what persons themselves say on the project's own audit.
    """
    frozen, persons = book.frozen(project.name), project.persons
    signed = frozen.signers(who)
    return {
        "kind": LIFT,
        "target": who,
        "name": f"freeze by {who}",
        "version": frozen.version(who),
        "stages": sorted(freeze.stages),
        "reason": freeze.reason,
        "signatures": [{"signer": one} for one in sorted(signed)],
        "missing": lacking({"operator": persons.operators, "approver": persons.approvers}, signed),
        "state": "pending",
        "signable": Identity.parse(who).role != KEEPER,
    }


def _releases(book: ControlBook, project: Project, now: int) -> list[dict[str, Any]]:
    """Those that one person has signed, by when; what quarantine has dropped since then waits for nobody. What the
    record holds nobody is told. Where people have signed different orders about one record, its target does not
    say which is meant: that is signed by command.
    """
    orders, persons = book.quarantine_releases(project.name), project.persons
    kept = project.retention_ms["quarantine"]
    waiting = [it for it in orders.waiting() if min(orders.signers(it).values()) + kept > now]
    targets = Counter(order.target for order in waiting)
    found = [
        {
            "kind": RELEASE,
            "target": order.target,
            "name": f"raw.{project.name}/{order.partition}/{order.offset}",
            "version": order.policy,
            "revision": order.revision,
            "reason": order.reason.value,
            "in_spite": order.in_spite,
            "signatures": _signed(orders.signers(order)),
            "missing": lacking(
                {"operator": persons.operators, "approver": persons.approvers}, orders.signers(order)
            ),
            "state": "pending",
            "signable": targets[order.target] == 1,
        }
        for order in waiting
    ]
    return sorted(found, key=lambda one: (one["signatures"][0]["at"], one["target"]))


def _policy(known: SignedPolicy, ruling: PolicyRecord | None, minimum: int, persons: Persons) -> dict[str, Any]:
    record = known.record
    return {
        "kind": "policy",
        "target": record.hash,
        "version": record.version,
        "signatures": _signed(known.signed_at),
        "missing": [] if known.fully_signed else lacking(_signers(persons), known.signed_at),
        "state": _state(known, ruling, minimum),
        **_policy_content(record, ruling),
    }


def _policy_content(record: PolicyRecord, ruling: PolicyRecord | None) -> dict[str, Any]:
    """Its name, and in which rules it differs from the one in force. What can't be read was signed unread."""
    new = _read(record)
    if new is None:
        return {"name": "?", "changes": [], "readable": False, "signable": False}
    old = _read(ruling) if ruling is not None and ruling != record else None
    told = [] if old is None else [asdict(change) for change in differences(old, new)]
    against = old.id if old else None
    return {"name": new.id, "changes": told, "readable": True, "signable": True, "against": against}


def _read(record: PolicyRecord) -> Policy | None:
    try:
        return load_policy_bytes(record.body)
    except ConfigError:
        return None


def _job(known: SignedPolicy, ruling: PolicyRecord | None, jobs: Jobs) -> dict[str, Any]:
    record = known.record
    before = ruling.body if ruling is not None and ruling != record else None
    return {
        "kind": "job",
        "target": record.hash,
        "version": record.version,
        "name": f"labeling job {record.version}",
        "signatures": _signed(known.signed_at),
        "missing": [] if known.fully_signed else lacking(_signers_of_job(jobs, record.version), known.signed_at),
        "state": _state(known, ruling, 0),
        "changes": [
            {"path": path, "old": None, "new": None, "effect": "other"} for path in changes(before, record.body)
        ],
        "readable": True,
        "signable": True,
        "against": f"labeling job {ruling.version}" if ruling is not None and before is not None else None,
    }


def _signers_of_job(jobs: Jobs, version: int) -> dict[str, Collection[str]]:
    return {"maker": jobs.makers(version), "approver": jobs.approve}


def _signers(persons: Persons) -> dict[str, Collection[str]]:
    return {"author": persons.authors, "approver": persons.approvers}


def _state(known: SignedPolicy, ruling: PolicyRecord | None, minimum: int) -> str:
    """`pending` only where a signature could still bring it in force."""
    record = known.record
    if ruling is not None and ruling.hash == record.hash:
        return "in_force"
    if record.version < minimum:
        return "below_minimum"
    if known.fully_signed or (ruling is not None and record.version < ruling.version):
        return "past"
    return "pending"


def _signed(signed_at: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"signer": who, "at": at} for who, at in _by_time(signed_at.items())]


def _by_time(pairs: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(pairs, key=lambda pair: (pair[1], pair[0]))
