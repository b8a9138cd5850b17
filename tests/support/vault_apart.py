"""An OpenBao of its own that an installation takes for somebody else's, so that what lies between them is ours:
a gate before it, the pipe that its audit device writes to, the disk that its storage lies on.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from deploy.local.layout import Layout
from deploy.local.openbao import AUDIT_LOG
from deploy.local.stack import LocalStack
from tests.support.gate import Gate
from tests.support.small_disk import SmallDisk

DISK_MIB = 128
PACKET = 65_536
_HELD_S = 0.01


class AuditPipe:
    """Reads the named pipe that Vault's audit device writes, into a file; not while it is held."""

    def __init__(self, pipe: Path, log: Path) -> None:
        os.mkfifo(pipe, 0o600)
        self._pipe = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)  # a writer of our own too: never at an end
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._held, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._copy, name="audit pipe", daemon=True)
        self._thread.start()

    def hold(self) -> None:
        """Nobody reads: when the pipe is full (64 kB) the device blocks, and with it every request."""
        self._held.set()

    def release(self) -> None:
        self._held.clear()

    def close(self) -> None:
        self._closed.set()
        self._thread.join(10)
        os.close(self._pipe)
        os.close(self._log)

    def _copy(self) -> None:
        while not self._closed.is_set():
            if self._held.is_set() or not self._copied():
                self._closed.wait(_HELD_S)

    def _copied(self) -> bool:
        try:
            os.write(self._log, os.read(self._pipe, PACKET))
        except BlockingIOError:
            return False
        return True


class VaultApart:
    """Use it as a context manager. `environ` is what an installation is told."""

    def __init__(self, root: Path) -> None:
        layout = Layout.create(root)
        self._root = root
        self.disk = SmallDisk(layout.data("vault"), DISK_MIB)
        self.disk.mount()
        self.audit_log = root / "audit.jsonl"
        self.audit = AuditPipe(layout.logs / AUDIT_LOG, self.audit_log)
        nowhere = root / "nowhere"
        nowhere.touch()
        self.stack = LocalStack(
            root,
            environ={
                "VEIL_KAFKA_BOOTSTRAP": "127.0.0.1:1",
                "VEIL_KAFKA_CA": str(nowhere),
                "VEIL_KAFKA_ADMIN_USER": "nobody",
                "VEIL_KAFKA_ADMIN_PASSWORD_FILE": str(nowhere),
                "VEIL_REGISTRY_URL": "https://127.0.0.1:1",
                "VEIL_REGISTRY_CA": str(nowhere),
            },
        )

    def __enter__(self) -> Self:
        try:
            self.stack.start()
            self.gate = Gate(urlsplit(self.stack.endpoints.vault.url).port)
        except BaseException:  # Ctrl-C too: nothing may be left running
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.close()
        self._end()

    @property
    def environ(self) -> dict[str, str]:
        vault = self.stack.endpoints.vault
        return {
            "VEIL_VAULT_ADDR": f"https://127.0.0.1:{self.gate.port}",
            "VEIL_VAULT_CA": str(vault.ca_file),
            "VEIL_VAULT_TOKEN_FILE": str(vault.token_file),
            "VEIL_VAULT_AUDIT_LOG": str(self.audit_log),
        }

    def _end(self) -> None:
        self.stack.stop()
        self.audit.close()
        self.disk.unmount()
