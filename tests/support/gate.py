"""A TCP gate before a server: it hands on what either side says, answers as late as it is told to.

TLS goes through it unopened, and the address of the server is 127.0.0.1 on both sides of it.
"""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from collections import deque

PACKET = 65_536
BACKLOG = 128


class Gate:
    """Listens from the start; `close` ends it and every connection through it.

    `asked`: so many packets of who connects are handed on; with the next one the connection ends.
    """

    def __init__(self, port: int, asked: float = math.inf) -> None:
        self._port = port
        self._limit = asked
        self._delay_s = 0.0
        self._closed = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.port = int(self._listener.getsockname()[1])
        self._start(self._accept)

    def slow(self, delay_s: float) -> None:
        """From now on every answer comes so much later; what is asked goes through at once."""
        self._delay_s = delay_s

    def let_in(self) -> None:
        """From now on everything asked is handed on."""
        self._limit = math.inf

    def close(self) -> None:
        self._closed.set()
        self._hang_up(self._listener)
        with self._lock:
            left = list(self._sockets)
        for one in left:
            self._hang_up(one)

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._port), 5)
            except OSError:
                self._hang_up(near)
                continue
            far.settimeout(None)
            with self._lock:
                self._sockets |= {near, far}
            self._start(self._asked, near, far)
            self._start(self._answered, near, far)

    def _asked(self, near: socket.socket, far: socket.socket) -> None:
        handed_on = 0
        with contextlib.suppress(OSError):
            while (packet := near.recv(PACKET)) and handed_on < self._limit:
                far.sendall(packet)
                handed_on += 1
        self._end(near, far)

    def _answered(self, near: socket.socket, far: socket.socket) -> None:
        """Reading goes on while answers wait, so that each is late by the delay and no more."""
        waiting: deque[tuple[float, bytes]] = deque()
        there = threading.Condition()

        def hand_on() -> None:
            while True:
                with there:
                    there.wait_for(lambda: bool(waiting))
                    due, packet = waiting.popleft()
                self._closed.wait(max(0.0, due - time.monotonic()))
                if not packet or self._closed.is_set():
                    self._end(near, far)
                    return
                with contextlib.suppress(OSError):
                    near.sendall(packet)

        self._start(hand_on)
        packet = b"-"
        while packet:
            try:
                packet = far.recv(PACKET)
            except OSError:
                packet = b""
            with there:
                waiting.append((time.monotonic() + self._delay_s, packet))
                there.notify()

    def _end(self, *sockets: socket.socket) -> None:
        with self._lock:
            self._sockets -= set(sockets)
        for one in sockets:
            self._hang_up(one)

    @staticmethod
    def _hang_up(one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()

    @staticmethod
    def _start(work, *arguments) -> None:
        threading.Thread(target=work, args=arguments, name="gate", daemon=True).start()
