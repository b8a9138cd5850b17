"""A publisher of a project, under the identity of its producers."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.acting import act
from deploy.persons import load_declared
from deploy.surroundings import Surroundings, surroundings
from schemas.audit import Event, EventType
from schemas.errors import ConfigError, RecordError, VeilError
from schemas.resources import project_resource
from schemas.routing import Routing, routing
from streams.publish.connection import settings
from streams.publish.lasting import LastingProducer, connect
from streams.publish.publisher import Publisher
from topology.identity import Identity
from vault import keyed_hash
from vault.data_keys import DataKeys
from vault.keyed_hash import Purpose

SAY_EVERY_S = 20.0
"""The matcher knows a use of Vault for announced by what is said within 60 s of it: who publishes for longer says
on the way what has arrived.
"""


@contextmanager
def publishing(root: Path, project: str) -> Iterator[Publisher]:
    """Publish as `producer.<project>`. Raises ConfigError, and what Vault and `announcing` raise."""
    around = surroundings(root, Identity("producer", project), project)
    try:
        with announcing(around) as (publisher, _):
            yield publisher
    finally:
        around.close()


@contextmanager
def announcing(around: Surroundings, every_s: float = SAY_EVERY_S) -> Iterator[tuple[Publisher, LastingProducer]]:
    """A publisher under a name used once, and its client; what arrived is on the audit, however it ends, and be it
    nothing: keys were opened for it in any case.

    Raises what failed, and what `act` raises.
    """
    record_hash = keyed_hash.load(around.vault, around.project, Purpose.RECORD)
    heard: list[Publisher] = []

    def on_error(failure: VeilError) -> None:
        for publisher in heard:
            publisher.failed(failure)

    access = around.access
    assert access.ca is not None
    producer = connect(settings(access.bootstrap, access.ca, access.user, access.password), on_error)
    name = f"{around.identity.slots}{secrets.token_hex(4)}"
    publisher = Publisher(around.project, name, producer, DataKeys(around.vault), record_hash, around.registry)
    heard.append(publisher)
    account = _Account(around, name, publisher)
    try:
        with account.kept(every_s):
            yield publisher, producer
            publisher.flush()
    except BaseException:
        # Whatever the caller meets, Ctrl-C too: it goes on from here, and what arrived has arrived.
        with contextlib.suppress(VeilError):
            account.say()
        raise
    account.say()


class _Account:
    """Says on the audit how many records have arrived since it said so last."""

    def __init__(self, around: Surroundings, name: str, publisher: Publisher) -> None:
        self._around = around
        self._name = name
        self._publisher = publisher
        self._said: int | None = None

    def say(self) -> None:
        """By one thread at a time. Raises as `act`."""
        delivered = self._publisher.counts().delivered
        if delivered == self._said:
            return
        details = {"producer": self._name, "records": str(delivered - (self._said or 0))}
        resource = project_resource(self._around.project)
        act(self._around, [], [Event(EventType.RECORDS_PUBLISHED, resource, details=details)])
        self._said = delivered

    @contextmanager
    def kept(self, every_s: float) -> Iterator[None]:
        """Say so again and again, meanwhile. What fails is said the next time."""
        over = threading.Event()

        def keep() -> None:
            while not over.wait(every_s):
                with contextlib.suppress(VeilError):
                    self.say()

        thread = threading.Thread(target=keep, name="account", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


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
