"""The process of one recognizer of the user's own, from outside: started, asked, and ended with all it started.

It is a session of its own, so that one signal ends it with its children. It starts with an empty environment: what
is only deleted later can still be read in `/proc`. It holds the reading end of a pipe whose other end is ours
alone; when that closes, because we were killed, the kernel kills it (see `recognizer_worker`).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

from schemas.errors import ConfigError
from schemas.hidden import Hidden
from streams.redact.detect.channel import Channel

START_LIMIT_S = 60.0  # importing Presidio takes 2 s on a quiet machine; a model may take longer
_VARIABLES = ("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR")  # no secrets; sent once it runs
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from streams.redact.detect.recognizer_worker import main; main(int(sys.argv[2]), int(sys.argv[3]))"
)


class RecognizerProcess(Hidden):
    """Runs `package.module:Class` of the source with this SHA-256 (hex). One thread at a time."""

    __slots__ = ("_asked", "_channel", "_lifeline", "_process")

    def __init__(self, place: str, sha256: str) -> None:
        """Returns when it is ready. Raises `ConfigError` for what can't be used."""
        self._asked = 0
        ours, theirs = socket.socketpair()
        held, self._lifeline = os.pipe()
        self._channel = Channel(ours)
        try:
            self._process = _start(theirs.fileno(), held)
        except OSError as error:
            self._close()
            raise ConfigError(f"recognizer {place}: no process can be started ({type(error).__name__})") from None
        finally:
            theirs.close()
            os.close(held)
        try:
            self._make_ready(place, sha256)
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, text: str, limit_s: float) -> object:
        """What it says of `text` within `limit_s` seconds: its finds, or `None` where its code raised.

        Raises what `Channel` raises; then it is of no more use.
        """
        self._asked += 1
        until = time.monotonic() + limit_s
        self._channel.send({"number": self._asked, "text": text}, until)
        answer = self._channel.receive(until)
        if answer.get("number") != self._asked:
            raise ValueError("an answer to another text")
        return answer.get("finds")

    def kill(self) -> None:
        """End it and its children, whatever they are doing."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._close()

    def _make_ready(self, place: str, sha256: str) -> None:
        variables = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
        until = time.monotonic() + START_LIMIT_S
        try:
            self._channel.send({"place": place, "sha256": sha256, "variables": variables}, until)
            answer = self._channel.receive(until)
        except (EOFError, OSError, ValueError):
            answer = {"failed": "the process ended or did not answer"}
        if answer.get("ready") is not True:
            raise ConfigError(f"recognizer {place}: {_reason(answer.get('failed'))}")

    def _close(self) -> None:
        self._channel.close()
        os.close(self._lifeline)


def _start(channel: int, lifeline: int) -> subprocess.Popen[bytes]:
    path = json.dumps([place for place in sys.path if isinstance(place, str)])
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _PROGRAM, path, str(channel), str(lifeline)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
        pass_fds=(channel, lifeline),
        start_new_session=True,
    )


def _reason(failed: object) -> str:
    if failed == "hash":
        return "is not the source whose SHA-256 the policy names; review it again"
    return f"can't be used: {failed}; it must be importable, take no arguments and need no NLP artifacts"
