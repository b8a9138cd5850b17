"""A process's password for Kafka, taken up from its file when that is written anew (`veil credentials rotate`)."""

from __future__ import annotations

import threading

import structlog

from deploy.provision.credentials import CredentialFiles
from schemas.errors import ConfigError
from streams.engine.kafka_login import KafkaLogin
from topology.identity import Identity

LOOK_S = 1.0
"""One `stat` a second. Until it is seen a client that is refused looks for itself, and tries again."""

log = structlog.get_logger()


class PasswordWatch:
    """Looks at one identity's file, from a thread of its own, until it is closed."""

    def __init__(
        self, files: CredentialFiles, identity: Identity, login: KafkaLogin, look_s: float = LOOK_S
    ) -> None:
        self._files, self._identity, self._login, self._look_s = files, identity, login, look_s
        self._seen = self._written()
        self._closed = threading.Event()
        login.look = self._current
        self._thread = threading.Thread(target=self._watch, name="password", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closed.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closed.wait(self._look_s):
            written = self._written()
            if written != self._seen and self._login.change(self._current()):
                log.info("password_changed")
            self._seen = written

    def _written(self) -> int:
        try:
            return self._files.path(self._identity).stat().st_mtime_ns
        except OSError:
            return 0

    def _current(self) -> str:
        """As it is in the file; where that can't be read, as it was."""
        try:
            return self._files.load(self._identity).kafka_password
        except ConfigError:
            return self._login.password
