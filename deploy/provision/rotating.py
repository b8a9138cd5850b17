"""`veil credentials rotate`: new passwords for Kafka, taken up by processes that run, without a restart.

Each is written to its identity's file first, then all are given to Kafka in one request: a crash in between leaves
passwords that we know, and the next rotation makes Kafka take new ones. Between the two, some 50 ms, and until a
process has seen its file, who opens a connection is refused and tries again (`streams.engine.kafka_login`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deploy.provision.credentials import CredentialFiles, Credentials
from deploy.provision.difference import KafkaDifference
from deploy.provision.parts import Parts
from schemas.errors import ConfigError
from topology.identity import PERSON, Identity
from topology.loading import Topology
from topology.rights import identities


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
    chosen: Sequence[Identity], parts: Parts, pass_on: Callable[[Sequence[Credentials]], None] = lambda _: None
) -> None:
    """Give each a new password. Returns when the broker takes them. `pass_on`: to whoever reads a copy of the
    file, before Kafka asks for it. Raises ConfigError where one has none yet, and as `KafkaAdmin`.
    """
    files = CredentialFiles(parts.root)
    renewed = [files.with_new_password(files.load(identity)) for identity in chosen]
    for credentials in renewed:
        files.save(credentials)
    pass_on(renewed)
    passwords = {it.kafka_user: it.kafka_password for it in renewed}
    parts.kafka.apply(KafkaDifference(users=tuple(sorted(passwords))), passwords)
