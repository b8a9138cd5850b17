"""A fresh local stack that becomes the one that was backed up: Vault's snapshot, topology, Kafka's records.

Vault first: the fresh vault's own first token is good for putting the snapshot in place, and for nothing after
that, since its tokens are the snapshot's from then on. All of these are ended, the administrator's too, the secret
ids of all processes and persons that the snapshot knows are destroyed, and new ones issued: whoever has the files
of the lost machine can't log in by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path, PurePosixPath

from deploy.backup import contents
from deploy.backup.age import Opener
from deploy.backup.folder import CHUNK, Verified
from deploy.backup.framing import Reframed
from deploy.backup.index import Outcome
from deploy.backup.manifest import Manifest
from deploy.backup.secrets import OldSecrets
from deploy.backup.source import BackupSource, Source
from deploy.backup.writing import ANY_PARTITION, Writer
from deploy.local.endpoints import Endpoints, VaultEndpoint
from deploy.local.layout import Layout
from deploy.local.openbao import RECOVERY_KEY, SEAL_KEY
from deploy.local.stack import RESTORING_MARK, LocalStack
from deploy.progress import Report
from deploy.provision.command import apply_topology
from deploy.provision.parts import connected
from deploy.segment_index import Index
from deploy.supervise.files import make_private_folder
from deploy.surroundings import CONTROL
from schemas.codec import Codec
from schemas.errors import ConfigError
from schemas.files import write_atomically
from schemas.registry import Registry
from schemas.states import SealedLog, SlotState
from streams.audit.entries import origin
from streams.audit.processor import STATE as SEAL_STATE
from streams.audit.processor import key_of
from streams.audit.sealing import begun
from streams.engine.clock import SystemClock
from streams.engine.loop import SLOT_PREFIX
from streams.engine.messages import Message, TopicPartition
from topology.flow import Content
from topology.identity import PLATFORM, Identity
from topology.topics import Environment
from vault.approles import MOUNT, end_secret_ids
from vault.paths import Paths
from vault.session import Credentials, Session
from vault.snapshots import Snapshots


def require_empty(folder: Path) -> None:
    """Raises ConfigError where something is in it."""
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty; a backup is restored into a folder of its own")


@contextmanager
def rebuilt(folder: Path, source: BackupSource, secrets: OldSecrets, report: Report) -> Iterator[LocalStack]:
    """A running stack in `folder`, which is new or empty, with the backup's Vault and topology; Kafka's topics are
    there and empty. It is stopped at the end, and from its beginning marked as one that nobody may start until it
    holds.

    Raises StackError, ConfigError, VaultUnavailable, and as `apply_topology`.
    """
    layout = Layout.create(folder)
    (folder / RESTORING_MARK).touch(mode=0o600)
    write_atomically(layout.secrets / SEAL_KEY, secrets.seal_key)
    for name, data in source.declared.items():
        _write(folder, name, data)
    with LocalStack(folder, environ={}, report=report, restoring=True) as stack:
        _restore_vault(stack.endpoints.vault, source.backup, source.opener, secrets)
        report("vault has the snapshot's content, and its keys opened it")
        _end_old_logins(stack.endpoints.vault)
        (layout.secrets / RECOVERY_KEY).unlink(missing_ok=True)  # the fresh vault's, which is no more
        with connected(stack.endpoints, folder) as parts:
            apply_topology(source.topology, replace(parts, environment=Environment.RESTORING))
        report("topology applied; the pinned keys are Vault's")
        yield stack


def _write(folder: Path, name: str, data: bytes) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or path.parts[0] not in {"projects", "topology"}:
        raise ConfigError(f"{contents.FILES}: names a file that is none of an installation's")
    make_private_folder((folder / path).parent)
    write_atomically(folder / path, data)


def _restore_vault(place: VaultEndpoint, backup: Verified, opener: Opener, secrets: OldSecrets) -> None:
    def snapshot() -> Iterator[bytes]:
        with backup.opened(contents.VAULT, opener) as clear:
            while data := clear.read(CHUNK):
                yield data

    first = place.token_file.read_text(encoding="utf-8").strip()
    with closing(_session(place, first)) as session:
        Snapshots(session).restore(snapshot)
    write_atomically(place.token_file, secrets.token)
    with closing(_session(place, secrets.token)) as session:
        Snapshots(session).await_active()


def _end_old_logins(place: VaultEndpoint) -> None:
    """Of all roles that the snapshot has: some may be of people who were named no more, and could still log in."""
    with closing(_session(place, place.token_file.read_text(encoding="utf-8").strip())) as session:
        paths = Paths(session)
        for name in sorted(paths.list(MOUNT)):
            end_secret_ids(paths, name)
        paths.write("sys/leases/revoke-prefix/auth/approle/login", {})
        made = paths.write("auth/token/create-orphan", {"policies": ["root"]})
        write_atomically(place.token_file, str(made["auth"]["client_token"]))
        paths.write("auth/token/revoke-self", {})


def _session(place: VaultEndpoint, token: str) -> Session:
    return Session(place.url, place.ca_file, Credentials(token=token))


def fill(
    endpoints: Endpoints, backup: BackupSource, orders: Source, outcomes: Mapping[str, tuple[Index, Outcome]]
) -> int:
    """Write Kafka's side: `control` as `orders` has it, the audit as it was, the index as it holds in the end.

    How many records. `outcomes`: by project, the index after the snapshot, and what holds of it.
    """
    reading = Registry(endpoints.registry.url, endpoints.registry.tls())
    with closing(reading) as registry, closing(endpoints.registry.registrar()) as registrar:
        framed, ordered = Reframed(backup.text_of, registrar), Reframed(orders.text_of, registrar)
        codec, count = Codec(registry), 0
        with Writer(endpoints.kafka.client_settings(), SystemClock().now()) as writer:
            count += writer.write(_framed(orders.messages(CONTROL), ordered))
            for topic in contents.as_they_are(backup.backup.manifest.projects):
                writer.go_on_from(topic, expired(backup.backup.manifest, topic))
                count += writer.write(_framed(backup.messages(topic), framed))
            for project, (index, outcome) in outcomes.items():
                count += writer.write(_framed(index.epochs.values(), framed, contents.segments(project)))
                count += writer.write(_indexes(contents.segments(project), index, outcome, codec))
        return count


def _framed(messages: Iterable[Message], framed: Reframed, topic: str = "") -> Iterator[Message]:
    for message in messages:
        yield replace(message, topic=topic or message.topic, value=framed.value(message.value))


def _indexes(topic: str, index: Index, outcome: Outcome, codec: Codec) -> Iterator[Message]:
    for name, segment in outcome.kept.items():
        yield Message(topic, index.partitions[name], 0, name.encode(), codec.encode(segment))


def expired(manifest: Manifest, topic: str) -> tuple[int, ...]:
    """Where each partition begins that is written anew: as in the backup's Kafka not at 0 where its beginning had
    expired, by which everybody knows that nothing is missing.
    """
    return tuple(min(first, 1) for first, _ in manifest.offsets.get(topic, ()))


def furthest(*ends: Sequence[int]) -> tuple[int, ...]:
    """Of each partition the last end that anybody has told."""
    return tuple(map(max, zip_longest(*ends, fillvalue=0)))


def ended_logs(manifest: Manifest) -> Iterator[SealedLog]:
    """What the sealer finds of the lost installation: logs of no entries, whose names are over. What was sealed
    after the backup is gone and other events get its places; under the old name they would be a second history.
    """
    for topic in map(contents.audit, (*manifest.projects, PLATFORM)):
        for partition in range(len(manifest.offsets.get(topic, ()))):
            yield begun(TopicPartition(topic, partition), origin(manifest.log_name, topic, partition))


def _ended(log: SealedLog, codec: Codec) -> Message:
    return Message(SEAL_STATE, ANY_PARTITION, 0, key_of(log).encode(), codec.encode(log))


def go_on(
    folder: Path, endpoints: Endpoints, backup: BackupSource, latest: Source, places: Mapping[str, SlotState]
) -> None:
    """What a stack needs that is to work on: each process's place in its chain of events (`places`, by slot), that
    the audit's logs have ended under their old name, and that no raw reference is given twice, as far as the
    `latest` source knows: an order about a task that came after the backup would be about another record else.
    From here on the broker says when a record came, and what has to end on Kafka ends.
    """
    flow = backup.topology.flow
    raw = [kind for kind in flow.topics.values() if kind.holds is Content.RAW and not kind.by_place]
    with closing(Registry(endpoints.registry.url, endpoints.registry.tls())) as registry:
        codec = Codec(registry)
        with Writer(endpoints.kafka.client_settings(), SystemClock().now()) as writer:
            for slot, place in places.items():
                owner = Identity.parse(slot.rpartition(".")[0])
                role = flow.roles.get(owner.role)
                if role is None or role.state is None:
                    continue
                topic = flow.topics[role.state].topic(owner.place)
                key = (SLOT_PREFIX + slot).encode()
                writer.write([Message(topic, ANY_PARTITION, 0, key, codec.encode(place))])
            writer.write(_ended(log, codec) for log in ended_logs(backup.backup.manifest))
            for topic in (kind.topic(project) for kind in raw for project in backup.topology.projects):
                writer.go_on_from(topic, furthest(backup.ends(topic), latest.ends(topic)))
    with connected(endpoints, folder) as parts:
        apply_topology(backup.topology, parts)
