"""`veil topology plan|apply` as functions that return what the CLI prints.

The order of `apply`: Vault (keys before anyone signs), pins, credentials, Kafka (topics and users before rules),
schemas. Each step looks first, so an apply that was interrupted is finished by the next.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from deploy.provision.credentials import CredentialFiles, Credentials, PassOn
from deploy.provision.desired import desired_kafka, desired_vault
from deploy.provision.difference import KafkaDifference, plan
from deploy.provision.parts import Parts
from deploy.provision.unsettled import Unsettled
from schemas import catalog
from schemas.errors import StackError
from schemas.files import write_atomically
from schemas.registrar import Registrar
from schemas.registry import Registry, subject
from topology.access import signers
from topology.identity import PERSON
from topology.loading import Topology
from topology.pins import Pins, load_pins
from topology.rights import identities
from vault.provision import Change, VaultDifference


@dataclass(frozen=True, slots=True)
class Result:
    """What differed, what was found undeclared, and whether it was changed or only planned."""

    changes: tuple[Change, ...]
    undeclared: tuple[str, ...]
    applied: bool

    def lines(self) -> list[str]:
        """For people."""
        verb = "changed" if self.applied else "to change"
        lines = [f"  + {change}" for change in self.changes]
        lines += [f"  ? not declared, left alone: {name}" for name in self.undeclared]
        return [*lines, f"{len(self.changes)} {verb}" if self.changes else "nothing to change"]

    def json(self) -> dict[str, object]:
        """For programs."""
        return {
            "applied": self.applied,
            "changes": [dataclasses.asdict(change) for change in self.changes],
            "undeclared": list(self.undeclared),
        }


def plan_topology(topology: Topology, parts: Parts) -> Result:
    """What `apply_topology` would do. Changes nothing. Raises DependencyError, AccessDenied, ConfigError."""
    wanted = desired_kafka(topology, parts.environment)
    kafka = plan(parts.kafka.state(wanted.topics), wanted)
    unsettled = _unsettled(topology, parts)
    vault = parts.vault.differences(desired_vault(topology, parts.audience))
    changes = [*vault.changes, *_pin_changes(topology, parts), *_credential_changes(topology, parts, kafka.users)]
    changes += [*_with_users(kafka, unsettled).changes(), *_schema_changes(parts.registry)]
    return Result(tuple(changes), _undeclared(parts, kafka, vault), applied=False)


def apply_topology(topology: Topology, parts: Parts, pass_on: PassOn = lambda _: None) -> Result:
    """Do what differs. Removes nothing. Raises as `plan_topology`, and StackError for what a part refuses."""
    with closing(parts.registrar()) as registrar:  # first: without its key nothing is begun
        return _applied(topology, parts, registrar, pass_on)


def _applied(topology: Topology, parts: Parts, registrar: Registrar, pass_on: PassOn) -> Result:
    wanted = desired_kafka(topology, parts.environment)
    difference = plan(parts.kafka.state(wanted.topics), wanted)  # first: it may say that nothing can be done
    vault = parts.vault.apply(desired_vault(topology, parts.audience))
    pinned = _pin(topology, parts)
    issued = _issue(topology, parts, difference.users)
    difference = _with_users(difference, _unsettled(topology, parts))
    known = _credentials(topology, parts)
    pass_on([known[name] for name in difference.users])
    parts.kafka.apply(difference, {name: it.kafka_password for name, it in known.items()})
    Unsettled(parts.root).settle(difference.users)
    changes = [*vault.changes, *pinned, *issued, *difference.changes(), *_register(parts.registry, registrar)]
    return Result(tuple(changes), _undeclared(parts, difference, vault), applied=True)


def _with_users(difference: KafkaDifference, unsettled: Collection[str]) -> KafkaDifference:
    """Those, too, who are there, under a password that may not be the one they have."""
    return dataclasses.replace(difference, users=tuple(sorted({*difference.users, *unsettled})))


def _unsettled(topology: Topology, parts: Parts) -> frozenset[str]:
    return Unsettled(parts.root).names() & {identity.name for identity in identities(topology)}


def _credentials(topology: Topology, parts: Parts) -> dict[str, Credentials]:
    files = CredentialFiles(parts.root)
    return {identity.name: files.load(identity) for identity in identities(topology)}


def _undeclared(parts: Parts, kafka: KafkaDifference, vault: VaultDifference) -> tuple[str, ...]:
    """What is there without being declared, besides the administrator who is looking."""
    found = (*kafka.undeclared, *vault.undeclared)
    return tuple(name for name in found if name != f"kafka user {parts.kafka.user}")


def _pin_changes(topology: Topology, parts: Parts) -> list[Change]:
    """Signers without a pin. Raises ConfigError where a pinned key is no longer Vault's."""
    pins = load_pins(parts.pins_file)
    pins.joined(_public_keys(topology, parts))
    return [Change("pin", "create", who.signer) for who in signers(topology) if pins.of(who.signer) is None]


def _pin(topology: Topology, parts: Parts) -> list[Change]:
    changes = _pin_changes(topology, parts)
    if changes:
        pins = load_pins(parts.pins_file).joined(_public_keys(topology, parts))
        _write_pins(parts.pins_file, pins)
    return changes


def _public_keys(topology: Topology, parts: Parts) -> dict[str, bytes]:
    by_key = {who.sign_key: who.signer for who in signers(topology)}
    return {by_key[key]: public for key, public in parts.vault.public_keys(list(by_key)).items()}


def _write_pins(path: Path, pins: Pins) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(path, pins.json())


def _outdated(topology: Topology, parts: Parts, missing: Collection[str]) -> list[Credentials]:
    """Credentials to write: of an identity that has none, or that Vault no longer takes; of a person or an app
    also where Kafka has no such user any more. Warden ends passwords, and what was ended is never given out again.
    """
    files = CredentialFiles(parts.root)
    wanted, found = desired_vault(topology), []
    for identity in identities(topology):
        credentials = files.load_or_new(identity)
        current = _is_current(identity.name, credentials, parts, handed=identity.name in wanted.handed)
        ended = identity.role == PERSON and identity.name in missing and files.path(identity).exists()
        if ended:
            credentials = files.with_new_password(credentials)
        if ended or not files.path(identity).exists() or (identity.name in wanted.policies and not current):
            found.append(credentials)
    return found


def _is_current(name: str, credentials: Credentials, parts: Parts, *, handed: bool) -> bool:
    """Whether Vault still takes them, and they hold a secret id only where none is handed over."""
    vault = credentials.vault
    return vault is not None and handed is not bool(vault.secret_id) and parts.logins.holds(name, vault)


def _credential_changes(topology: Topology, parts: Parts, missing: Collection[str]) -> list[Change]:
    return [_credential_change(credentials, parts) for credentials in _outdated(topology, parts, missing)]


def _credential_change(credentials: Credentials, parts: Parts) -> Change:
    exists = CredentialFiles(parts.root).path(credentials.identity).exists()
    return Change("credentials", "update" if exists else "create", credentials.identity.name)


def _issue(topology: Topology, parts: Parts, missing: Collection[str]) -> list[Change]:
    files = CredentialFiles(parts.root)
    wanted, changes = desired_vault(topology), []
    outdated = _outdated(topology, parts, missing)
    # The user of a file that was lost exists, under a password that nobody knows any more.
    Unsettled(parts.root).add(it.kafka_user for it in outdated if not files.path(it.identity).exists())
    for credentials in outdated:
        name = credentials.identity.name
        changes.append(_credential_change(credentials, parts))
        issue = parts.logins.issue_handed if name in wanted.handed else parts.logins.issue
        vault = issue(name) if name in wanted.policies else None
        files.save(dataclasses.replace(credentials, vault=vault))
    return changes


def _schema_changes(registry: Registry) -> list[Change]:
    return _created(name for name in catalog.NAMES if not _registered(registry, name))


def _created(schemas: Iterable[str]) -> list[Change]:
    return [Change("schema", "create", subject(name)) for name in schemas]


def _register(registry: Registry, registrar: Registrar) -> list[Change]:
    missing = [name for name in catalog.NAMES if not _registered(registry, name)]
    for name in catalog.NAMES:
        if name in missing:
            registrar.register(subject(name), catalog.text(name))
        else:
            registrar.keep_compatible(subject(name))  # whoever administers the registry may have changed that
    return _created(missing)


def _registered(registry: Registry, name: str) -> bool:
    try:
        registry.id_of(name)
    except StackError:
        return False
    return True
