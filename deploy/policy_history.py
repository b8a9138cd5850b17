"""Which policies a project has had: who signed what, from `control`; since when each is used, from the audit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy.compliance import audit_topic, compliance
from schemas.audit import AuditEvent, EventType
from schemas.resources import control_resource, policy_resource
from streams.audit.reader import Reader, read_events
from topology.control import ControlBook
from topology.signed_policies import SignedPolicy


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, and when they say they did (milliseconds)."""

    signer: str
    at: int


@dataclass(frozen=True, slots=True)
class Adopted:
    """A bundle by which redact worked, from when on (milliseconds), and which release and code is in it."""

    bundle: str
    at: int
    release: str
    code: str


@dataclass(frozen=True, slots=True)
class Version:
    """One policy somebody has signed. `applied_at`: when redact first acknowledged it, in milliseconds."""

    id: str
    version: int
    hash: str
    signatures: tuple[Signature, ...]
    fully_signed: bool
    in_force: bool
    below_minimum: bool
    applied_at: int | None
    bundles: tuple[Adopted, ...]


@dataclass(frozen=True, slots=True)
class History:
    """The policies of a project, the lowest version first, and the minimum that holds (0: none)."""

    project: str
    minimum: int
    versions: tuple[Version, ...]


def policy_history(root: Path, project: str) -> History:
    """Read it. Raises ConfigError, LogUnavailable, RegistryUnavailable."""
    with compliance(root) as seen:
        topic = audit_topic(seen.topology.project(project).name)
        return told(project, seen.book(), read_events(seen.log, Reader(seen.codec), [topic]))


def told(project: str, book: ControlBook, events: Iterable[AuditEvent]) -> History:
    """The history that `control` and these events tell."""
    account = _Account(project)
    for event in events:
        account.add(event)
    in_force, minimum = book.policy_in_force(project), book.minimum(project)
    versions = []
    for known in book.policy_history(project):
        policy_hash = known.record.hash
        versions.append(
            Version(
                id=f"{_name(known)}@{known.record.version}",
                version=known.record.version,
                hash=policy_hash,
                signatures=tuple(Signature(*pair) for pair in sorted(known.signed_at.items())),
                fully_signed=known.fully_signed,
                in_force=in_force is not None and in_force.hash == policy_hash,
                below_minimum=known.record.version < minimum,
                applied_at=account.applied.get(policy_hash),
                bundles=tuple(account.adopted.get(policy_hash, {}).values()),
            )
        )
    return History(project, minimum, tuple(versions))


class _Account:
    """What redact said of policies: the first time of each."""

    def __init__(self, project: str) -> None:
        self._redact = f"redact.{project}"
        self._concerns = control_resource(f"policy/{project}/")
        self.applied: dict[str, int] = {}
        self.adopted: dict[str, dict[str, Adopted]] = {}

    def add(self, event: AuditEvent) -> None:
        if event.process != self._redact:
            return
        if event.type is EventType.CONTROL_APPLIED and event.resource.startswith(self._concerns):
            policy_hash = event.resource.removeprefix(self._concerns)
            self.applied[policy_hash] = min(event.time, self.applied.get(policy_hash, event.time))
        elif event.type is EventType.BUNDLE_ADOPTED:
            bundles = self.adopted.setdefault(event.resource.removeprefix(policy_resource("")), {})
            known = bundles.get(event.bundle)
            if known is None or event.time < known.at:
                bundles[event.bundle] = Adopted(
                    event.bundle, event.time, event.details.get("release", ""), event.details.get("code", "")
                )


def _name(known: SignedPolicy) -> str:
    """The name a policy gives itself; its version and form were checked, the rest was signed unread."""
    name = json.loads(known.record.body).get("name")
    return name if isinstance(name, str) else "?"
