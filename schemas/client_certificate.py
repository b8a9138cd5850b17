"""The certificate that a client shows, as it stands on disk: one that is renewed there is shown at the next
connection, without a restart.
"""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path
from typing import Any, Self


class ClientContext(ssl.SSLContext):
    """TLS that trusts `ca` only and shows the certificate of two files (PEM; one file may hold both).

    Where what is found there later can't be used, the one before is shown on. Thread-safe: one handshake at a
    time, since the context must not change under another.
    """

    _files: tuple[Path, Path | None]
    _seen: tuple[object, ...]
    _lock: threading.Lock

    @classmethod
    def of(cls, ca: Path, certificate: Path, key: Path | None = None) -> Self:
        """Raises OSError (ssl.SSLError is one) where the files can't be used now."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=str(ca))
        context._files, context._lock = (certificate, key), threading.Lock()
        context._seen = context._stamps()
        context.load_cert_chain(certificate, key)
        return context

    def wrap_socket(self, sock: socket.socket, *arguments: Any, **named: Any) -> ssl.SSLSocket:
        with self._lock:
            self._look()
            return super().wrap_socket(sock, *arguments, **named)

    def _look(self) -> None:
        try:
            seen = self._stamps()
            if seen == self._seen:
                return
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(
                *self._files
            )  # tried: a failure would empty ours
            self.load_cert_chain(*self._files)
        except OSError:
            return
        self._seen = seen

    def _stamps(self) -> tuple[object, ...]:
        """A file that is replaced has another inode, one that is written over another time."""
        found = [path.stat() for path in self._files if path is not None]
        return tuple((it.st_ino, it.st_mtime_ns) for it in found)
