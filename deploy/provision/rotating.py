"""`veil credentials rotate`: new passwords for Kafka, taken up by processes that run, without a restart; and a new
secret id for Vault of who keeps one, the earlier ones of which end.

Each is written to its identity's file first, then all are given to Kafka in one request. What ends in between is
mended by the next `veil topology apply` (`unsettled.py`). Between the two, some 50 ms, and until a process has
seen its file, who opens a connection is refused and tries again (`streams.engine.kafka_login`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from deploy.provision.credentials import CredentialFiles, Credentials, PassOn
from deploy.provision.difference import KafkaDifference
from deploy.provision.parts import Parts
from deploy.provision.unsettled import Unsettled
from schemas.errors import ConfigError
from topology.identity import PERSON, Identity
from topology.loading import Topology
from topology.rights import identities


@dataclass(frozen=True, slots=True)
class Renewed:
    """How many: identities with another password, of them with another secret id, and tokens that were ended."""

    passwords: int
    secret_ids: int
    ended: int


def rotated(topology: Topology, names: Sequence[str]) -> tuple[Identity, ...]:
    """Whose passwords to change: those named; where none is, of all processes that look at their files, which
    programs of others (of persons, producers) do not. Raises ConfigError for a name that is none.
    """
    known = {identity.name: identity for identity in identities(topology)}
    unknown = sorted(set(names) - known.keys())
    if unknown:
        raise ConfigError(f"no identity {unknown[0]}; `veil topology plan` knows those that are declared")
    if names:
        return tuple(known[name] for name in dict.fromkeys(names))
    roles = topology.flow.roles
    return tuple(it for it in known.values() if it.role != PERSON and not roles[it.role].keeps_secret)


def rotate(
    chosen: Sequence[Identity],
    parts: Parts,
    pass_on: PassOn = lambda _: None,
    *,
    end_logins: bool = False,
) -> Renewed:
    """Give each a new password, and a new secret id who keeps one. Returns when the broker takes the passwords,
    and Vault none of the secret ids before. `end_logins`: whoever is logged in to Vault as them is so no more.

    Raises ConfigError where one has none yet, VaultUnavailable, AccessDenied, and as `KafkaAdmin`.
    """
    files, unsettled = CredentialFiles(parts.root), Unsettled(parts.root)
    current = [files.load(identity) for identity in chosen]
    unsettled.add(it.kafka_user for it in current)
    renewed = [_renewed(it, parts, files) for it in current]
    for credentials in renewed:
        files.save(credentials)
    pass_on(renewed)
    passwords = {it.kafka_user: it.kafka_password for it in renewed}
    parts.kafka.apply(KafkaDifference(users=tuple(sorted(passwords))), passwords)
    unsettled.settle(passwords)
    keeping = [it for it in renewed if it.vault is not None and it.vault.secret_id]
    ended = [_end(it, parts, tokens=end_logins) for it in (renewed if end_logins else keeping)]
    return Renewed(len(renewed), len(keeping), sum(ended))


def _renewed(current: Credentials, parts: Parts, files: CredentialFiles) -> Credentials:
    fresh = files.with_new_password(current)
    if current.vault is None or not current.vault.secret_id:
        return fresh
    return replace(fresh, vault=parts.logins.issue(current.identity.name))


def _end(credentials: Credentials, parts: Parts, *, tokens: bool) -> int:
    """Secret ids first: with one of them a thief would have another token by then."""
    name = credentials.identity.name
    if credentials.vault is None:
        return 0
    parts.logins.end_others(name, credentials.vault)
    return parts.logins.end_tokens(name) if tokens else 0
