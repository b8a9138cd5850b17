"""The starter: hands each process what it logs in to Vault with, and says so on `audit.platform`.

It has an identity of its own (`starter.platform`) that may do just that. An administrator hands it its own login,
which is in this process's memory alone; where Vault has forgotten it, the administrator's file is asked again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from deploy.acting import act
from deploy.local.endpoints import Endpoints
from deploy.provision.parts import administrator
from deploy.supervise.restarts import STOLEN
from deploy.supervise.supervisor import STOP_LIMIT_S
from deploy.surroundings import Surroundings, surroundings
from schemas.audit import Event, EventType
from schemas.errors import LoginLost, StackError, VeilError
from schemas.resources import slot_resource
from streams.engine.kafka_lateness import AGAIN_S
from topology.identity import PLATFORM, Identity
from topology.loading import Topology
from vault.handing import HANDED_S, Handed, hand

IDENTITY = Identity("starter", PLATFORM)
RETRY_S = 2.0
"""Where Kafka does not take what was said; starts don't wait for it. Vault's log is matched after 90 s."""


def handed_by_administrator(endpoints: Endpoints, identity: Identity) -> Handed:
    """What an administrator, whom the endpoints name, hands an identity. Raises ConfigError, and as `hand`."""
    with administrator(endpoints) as session:
        return Handed(hand(session, identity.name))


class Starter:
    """For one installation. Thread-safe: processes are started again from threads of their own."""

    def __init__(
        self, root: Path, endpoints: Endpoints, topology: Topology, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._root, self._endpoints, self._topology, self._monotonic = root, endpoints, topology, monotonic
        self._lock = threading.Lock()
        self._around: Surroundings | None = None
        self._left: list[Surroundings] = []
        """Whose login is lost; closed by the writer, which may be using them."""
        self._handed: dict[str, float] = {}
        """By slot, when it was handed something last."""
        self._unsaid: list[Event] = []
        self._said = threading.Condition(self._lock)
        self._stopping = False
        self._writer = threading.Thread(target=self._write, name="starter", daemon=True)
        self._writer.start()

    def hand(self, identity: Identity, slot: str) -> bytes:
        """What a process of this identity finds in its standard input. Raises StackError: not yet."""
        try:
            token = self._made(identity.name)
        except VeilError as error:
            raise StackError(f"{slot} can't be handed what it logs in with: {error}.") from error
        with self._said:
            self._handed[slot] = self._monotonic()
            self._say(EventType.LOGIN_HANDED, identity, slot)
        return token.encode()

    def ended(self, identity: Identity, slot: str, code: int) -> None:
        """A process has ended. One that found its login used up in time, was not the first to come to it; that is
        said once of each handing, however often it is told.
        """
        with self._said:
            since = self._handed.get(slot)
            if code == STOLEN and since is not None and self._monotonic() - since < HANDED_S:
                del self._handed[slot]
                self._say(EventType.LOGIN_STOLEN, identity, slot)

    def stop(self) -> None:
        """Say what is left to say, where Kafka takes it, and end the login."""
        with self._said:
            self._stopping = True
            self._said.notify_all()
        self._writer.join(STOP_LIMIT_S)
        with self._lock:
            self._forget()
        self._close_left()

    def _made(self, role: str) -> str:
        with self._lock:
            try:
                return hand(self._logged_in().vault.session, role)
            except LoginLost:
                self._forget()
                return hand(self._logged_in().vault.session, role)

    def _logged_in(self) -> Surroundings:
        if self._around is None:
            handed = handed_by_administrator(self._endpoints, IDENTITY)
            self._around = surroundings(
                self._root, IDENTITY, PLATFORM, self._topology, handed=handed, patience_s=AGAIN_S
            )
            self._say(EventType.LOGIN_HANDED, IDENTITY, IDENTITY.name)
        return self._around

    def _forget(self) -> None:
        if self._around is not None:
            self._left.append(self._around)
            self._around = None

    def _close_left(self) -> None:
        with self._lock:
            left, self._left = self._left, []
        for around in left:
            around.close()

    def _say(self, what: EventType, identity: Identity, slot: str) -> None:
        self._unsaid.append(Event(what, slot_resource(slot), details={"identity": identity.name}))
        self._said.notify_all()

    def _write(self) -> None:
        """Until told to stop; then what is left is tried once."""
        while True:
            with self._said:
                self._said.wait_for(lambda: bool(self._unsaid) or self._stopping)
                events, last = list(self._unsaid), self._stopping
            written = bool(events) and self._written(events)
            self._close_left()
            if written:
                with self._said:
                    del self._unsaid[: len(events)]
            elif last:
                return
            else:
                with self._said:
                    self._said.wait_for(lambda: self._stopping, RETRY_S)

    def _written(self, events: list[Event]) -> bool:
        """Whether they stand on the log; else they are tried again, with what has come meanwhile."""
        try:
            with self._lock:
                around = self._logged_in()
            act(around, [], events)
        except LoginLost:
            with self._lock:
                self._forget()
            return False
        except VeilError:
            return False
        return True
