"""A publisher of a project, under the identity of its producers."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from deploy.acting import act
from deploy.persons import load_declared
from deploy.surroundings import Surroundings, surroundings
from schemas.audit import Event, EventType
from schemas.errors import ConfigError, RecordError, VeilError
from schemas.resources import project_resource
from schemas.routing import Routing, routing
from streams.publish.connection import KafkaProducer, connect, settings
from streams.publish.publisher import Publisher
from topology.identity import Identity
from vault import keyed_hash
from vault.data_keys import DataKeys
from vault.keyed_hash import Purpose


@contextmanager
def publishing(root: Path, project: str) -> Iterator[Publisher]:
    """Publish as `producer.<project>`, under a name used once; what arrived is on the audit, however it ends.

    Raises ConfigError, and what Vault and `act` raise.
    """
    identity = Identity("producer", project)
    around = surroundings(root, identity, project)
    try:
        record_hash = keyed_hash.load(around.vault, project, Purpose.RECORD)
        heard: list[Publisher] = []

        def on_error(failure: VeilError) -> None:
            for publisher in heard:
                publisher.failed(failure)

        access = around.access
        assert access.ca is not None
        producer = connect(settings(access.bootstrap, access.ca, access.user, access.password), on_error)
        name = f"{identity.slots}{secrets.token_hex(4)}"
        client = cast("KafkaProducer", producer)  # its headers may also hold text and None; `list` is invariant
        publisher = Publisher(project, name, client, DataKeys(around.vault), record_hash, around.registry)
        heard.append(publisher)
        try:
            yield publisher
            publisher.flush()
        except BaseException:  # Ctrl-C too: what arrived has arrived
            with contextlib.suppress(VeilError):
                _say(around, name, publisher.counts().delivered)
            raise
        _say(around, name, publisher.counts().delivered)
    finally:
        around.close()


def known_routing(root: Path, project: str, priority: int, batch: str, skills: Sequence[str]) -> Routing:
    """A routing that redact will take: said here, before records that it would quarantine are published.

    Raises ConfigError.
    """
    routes = load_declared(root).project(project).routes
    try:
        made = routing(priority, batch, skills)
        routes.check(made)
    except RecordError as error:
        batches, known = (", ".join(sorted(names)) or "none" for names in (routes.batches, routes.skills))
        raise ConfigError(f"{error}; {project} has the batches: {batches}; the skills: {known}") from None
    return made


def _say(around: Surroundings, name: str, delivered: int) -> None:
    if delivered:
        details = {"producer": name, "records": str(delivered)}
        act(around, [], [Event(EventType.RECORDS_PUBLISHED, project_resource(around.project), details=details)])
