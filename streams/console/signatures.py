"""What of a project waits for signatures, who has given theirs and who may give what is missing. Pure.

Everything follows from `control` and the project's file: a record that no pinned key has signed counts for
nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from schemas.errors import ConfigError
from topology.control import ControlBook
from topology.jobs import Jobs, changes
from topology.policies import Policy, load_policy_bytes
from topology.policies.difference import differences
from topology.project import Persons, Project
from topology.signed_policies import PolicyRecord, SignedPolicy


def signatures(book: ControlBook, project: Project) -> dict[str, Any]:
    """Policies and labeling jobs, the newest first; who has stopped what, and who is revoked."""
    name = project.name
    ruling, ruling_job = book.policy_in_force(name), book.job_in_force(name)
    minimum = book.minimum(name)
    policies = [_policy(it, ruling, minimum, project.persons) for it in reversed(book.policy_history(name))]
    jobs = [_job(it, ruling_job, project.jobs) for it in reversed(book.job_history(name))] if project.jobs else []
    freezes = [
        {"by": who, "stages": sorted(freeze.stages), "reason": freeze.reason}
        for who, freeze in book.freezes(name).items()
    ]
    revoked = sorted(book.revocations(name).held)
    return {"minimum": minimum, "policies": policies, "jobs": jobs, "freezes": freezes, "revoked": revoked}


def to_sign(book: ControlBook, project: Project, kind: str, digest: str, person: str) -> tuple[str, bytes] | None:
    """Name and body of what waits for this person's signature; None where nothing of this hash does."""
    told = signatures(book, project)
    waiting = [
        one
        for one in (*told["policies"], *told["jobs"])
        if (one["kind"], one["hash"], one["state"]) == (kind, digest, "pending") and one["readable"]
    ]
    signed = any(it["signer"] == person for one in waiting for it in one["signatures"])
    if signed or not any(person in lacking["persons"] for one in waiting for lacking in one["missing"]):
        return None
    history = book.policy_history(project.name) if kind == "policy" else book.job_history(project.name)
    record = next(known.record for known in history if known.record.hash == digest)
    return waiting[0]["name"], record.body


def missing(persons: Persons, signed: Collection[str]) -> list[dict[str, Any]]:
    """Whose signature a policy lacks: each role with the persons who may give it."""
    by_role = {"author": persons.authors, "approver": persons.approvers}
    lacking = {role: holders for role, holders in by_role.items() if not set(holders) & set(signed)}
    if not lacking:  # one person holds both roles: somebody else has to sign as well
        others = {*persons.authors, *persons.approvers} - set(signed)
        lacking = {"second person": tuple(sorted(others))}
    return [{"role": role, "persons": list(holders)} for role, holders in lacking.items()]


def _policy(known: SignedPolicy, ruling: PolicyRecord | None, minimum: int, persons: Persons) -> dict[str, Any]:
    record = known.record
    return {
        "kind": "policy",
        "hash": record.hash,
        "version": record.version,
        "signatures": _signed(known.signed_at),
        "missing": [] if known.fully_signed else missing(persons, known.signed_at),
        "state": _state(known, ruling, minimum),
        **_policy_content(record, ruling),
    }


def _policy_content(record: PolicyRecord, ruling: PolicyRecord | None) -> dict[str, Any]:
    """Its name, and in which rules it differs from the one in force. What can't be read was signed unread."""
    new = _read(record)
    if new is None:
        return {"name": "?", "changes": [], "readable": False}
    old = _read(ruling) if ruling is not None and ruling != record else None
    told = [] if old is None else [asdict(change) for change in differences(old, new)]
    return {"name": new.id, "changes": told, "readable": True, "against": old.id if old else None}


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
        "hash": record.hash,
        "version": record.version,
        "name": f"labeling job {record.version}",
        "signatures": _signed(known.signed_at),
        "missing": [] if known.fully_signed else _missing_of_job(jobs, record.version, known.signed_at),
        "state": _state(known, ruling, 0),
        "changes": [
            {"path": path, "old": None, "new": None, "effect": "other"} for path in changes(before, record.body)
        ],
        "readable": True,
        "against": f"labeling job {ruling.version}" if ruling is not None and before is not None else None,
    }


def _missing_of_job(jobs: Jobs, version: int, signed: Collection[str]) -> list[dict[str, Any]]:
    by_role = {"maker": jobs.makers(version), "approver": jobs.approve}
    lacking = {role: holders for role, holders in by_role.items() if not set(holders) & set(signed)}
    if not lacking:
        lacking = {"second person": tuple(sorted({*jobs.makers(version), *jobs.approve} - set(signed)))}
    return [{"role": role, "persons": list(holders)} for role, holders in lacking.items()]


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
