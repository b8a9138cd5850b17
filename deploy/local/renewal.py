"""Changes the certificates of our parts while they run: writes other ones, and has each part take them up.

Kafka reads its key store anew when a listener's setting is written again, be it to the same value (KIP-226);
measured with 4.2.2 for all three listeners, the controller's too, one after the other in 2-4 s. OpenBao reads its
listener's files at SIGHUP. The registry looks at its own every half minute. Connections that are open stay. What
each port shows is looked at from outside: Kafka's answer is the same where the file is no use, and it goes on with
the one before.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined] # re-exported, says its documentation
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
)

from deploy.local.authority import BROKER, Certificates, due, everything, renew
from deploy.local.endpoints import Endpoints, KafkaEndpoint
from deploy.local.layout import Layout
from deploy.local.ports import Ports
from deploy.local.shown import Shown, serial_at, serial_of, shown_by
from deploy.supervise.files import alone
from deploy.supervise.identity import ProcessIdentity
from deploy.supervise.state import ProcessStatus
from schemas.errors import StackError

TAKEN_UP_S = 90.0
"""The registry's half minute, three times."""
TOLD_AGAIN_S = 5.0
LOOK_S = 0.5
ANSWER_S = 10.0
NODE = "1"
LISTENERS = ("client", "internal", "controller")
LOOK_EVERY_S = 600.0
"""A third of a life is months."""


@dataclass(frozen=True, slots=True)
class Renewing:
    """For one stack that runs: its owner's, or a command's beside it; two at a time wait for one another.

    `running`: names of the parts that run. One that is down reads its files when it starts. `tell`: by part, how
    it is told to read them; the registry looks by itself. `pause` waits; true when there is nothing to wait for.
    """

    layout: Layout
    ports: Ports
    running: Callable[[], frozenset[str]]
    tell: Mapping[str, Callable[[], None]]
    pause: Callable[[float], bool]

    def renew_all(self, now: datetime) -> tuple[str, ...]:
        """Write every certificate anew; their names. Raises StackError: then none was written."""
        return self._renew(everything, now)

    def renew_due(self, now: datetime) -> tuple[str, ...]:
        """Write anew those that have to be. As above."""
        return self._renew(lambda: due(self._files, now), now)

    def take_up(self) -> None:
        """Have the parts show what is on disk, whoever wrote it; returns when all do. Raises StackError."""
        with self._alone():
            deadline = time.monotonic() + TAKEN_UP_S
            told_at = float("-inf")
            while others := self._not_yet():
                if time.monotonic() > deadline:
                    raise StackError(_late(others, self.layout))
                if time.monotonic() - told_at > TOLD_AGAIN_S:
                    self._tell(others)
                    told_at = time.monotonic()
                if self.pause(LOOK_S):
                    raise StackError("The stack is being stopped; its next start shows the new certificates.")

    @property
    def _files(self) -> Certificates:
        return Certificates(self.layout.tls)

    def _renew(self, chosen: Callable[[], tuple[str, ...]], now: datetime) -> tuple[str, ...]:
        with self._alone():
            names = chosen()
            renew(self._files, self.layout.secrets / "ca.key", names, now)
        return names

    def _alone(self) -> AbstractContextManager[None]:
        return alone(self.layout.run / "certificates.lock")

    def _not_yet(self) -> dict[Shown, int | None]:
        """Where another certificate is shown than is on disk, and which; None where nothing answers now."""
        files = self._files
        seen = {it: serial_at(it, files) for it in shown_by(self.ports, self.running())}
        return {
            it: serial for it, serial in seen.items() if serial != serial_of(files.certificate(it.certificate))
        }

    def _tell(self, others: Mapping[Shown, int | None]) -> None:
        """Not those that don't answer: a part that starts has no use for it, and SIGHUP may end it then."""
        for part in sorted({it.part for it, serial in others.items() if serial is not None} & self.tell.keys()):
            self.tell[part]()


class Renewal:
    """Renews in time while the stack runs, in a thread of its own. `renewed` hears of the names; where it raises
    StackError, it is asked again at the next look. `refused` hears why a renewal did not happen.
    """

    def __init__(
        self,
        renewing: Renewing,
        now: Callable[[], datetime],
        renewed: Callable[[Sequence[str]], None],
        refused: Callable[[str], None],
        ended: threading.Event,
        every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._renewing, self._now, self._renewed, self._refused = renewing, now, renewed, refused
        self._every_s = every_s
        self._unsaid: tuple[str, ...] = ()
        self._ended = ended
        self._thread = threading.Thread(target=self._run, name="renew certificates", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Renew what is due. What fails is tried again at the next look; until then the old ones are shown."""
        try:
            self._unsaid += self._renewing.renew_due(self._now())
            self._renewing.take_up()
            if self._unsaid:
                self._renewed(self._unsaid)
                self._unsaid = ()
        except (StackError, OSError, ValueError) as error:  # ValueError: a damaged file
            self._refused(str(error))

    def _run(self) -> None:
        while not self._ended.wait(self._every_s):
            self.look()


def renewing(
    layout: Layout,
    ports: Ports,
    endpoints: Endpoints,
    statuses: Callable[[], Sequence[ProcessStatus]],
    pause: Callable[[float], bool],
) -> Renewing:
    """For the stack whose parts have these statuses; external ones have none."""
    tell = {"kafka": partial(tell_kafka, endpoints.kafka), "vault": partial(tell_vault, statuses)}
    return Renewing(layout, ports, lambda: frozenset(it.name for it in statuses() if it.alive()), tell, pause)


def tell_vault(statuses: Callable[[], Sequence[ProcessStatus]]) -> None:
    """SIGHUP to the process, where it runs; to no other that has been given its pid."""
    for status in statuses():
        if status.name == "vault" and status.pid is not None and status.started is not None:
            found = ProcessIdentity(status.pid, status.started).find()
            if found is not None:
                with suppress(psutil.NoSuchProcess):  # it has ended meanwhile, and reads its files at its start
                    found.send_signal(signal.SIGHUP)


def _late(others: Iterable[Shown], layout: Layout) -> str:
    which = ", ".join(f"{it.part} ({it.listener})" for it in others)
    return (
        f"After {TAKEN_UP_S:.0f} s these don't show their new certificate: {which}. The one before is good until "
        f"its end; see the logs in {layout.logs}, and try again or start again."
    )


def tell_kafka(endpoint: KafkaEndpoint) -> None:
    """Write the setting of each listener's key store anew. Raises StackError.

    The broker keeps what is set this way, so the file is named from the broker's folder: a root that is moved or
    restored elsewhere has its own there.
    """
    broker = ConfigResource(ConfigResource.Type.BROKER, NODE)
    for listener in LISTENERS:
        broker.add_incremental_config(_key_store(listener))
    try:
        client = AdminClient({**endpoint.client_settings(), "log_level": 2})
        for answer in client.incremental_alter_configs([broker], request_timeout=ANSWER_S).values():
            answer.result(ANSWER_S)
    except (KafkaException, TimeoutError) as error:
        raise StackError(f"Kafka was not told of its certificate ({type(error).__name__}); try again.") from None


def _key_store(listener: str) -> ConfigEntry:
    path = f"../tls/{Certificates(Path()).bundle(BROKER).name}"
    operation: Any = AlterConfigOpType.SET
    name = f"listener.name.{listener}.ssl.keystore.location"
    return ConfigEntry(name, path, incremental_operation=operation)
