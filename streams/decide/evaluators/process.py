"""The process of one evaluator of the user's own, from outside: started, asked, and ended with all it started."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum

from schemas.codec import adapter
from schemas.errors import ConfigError
from schemas.records import Label
from streams.decide.evaluators.channel import Channel

START_LIMIT_S = 30.0
"""Importing our records takes 0.5 s on a quiet machine; its own imports may take longer, and verdicts wait."""
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from streams.decide.evaluators.worker import main; main(int(sys.argv[2]))"
)


class Failure(StrEnum):
    """Why labels have no signal of an evaluator. Part of the audit: add, never rename."""

    RAISED = "raised"
    HANGS = "hangs"
    ENDED = "ended"
    BAD_ANSWER = "bad_answer"
    OFF = "off"
    """It failed too often and is not asked any more until decide starts again."""


class Failed(Exception):
    """An evaluator gave no answer. After anything but `raised` its process is of no more use."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


class EvaluatorProcess:
    """Runs `package.module:Class`. One thread at a time."""

    def __init__(self, place: str) -> None:
        """Returns when it is ready. Raises ConfigError for what can't be used."""
        self._asked = 0
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours)
        try:
            self._process = _start(theirs.fileno())
        finally:
            theirs.close()
        try:
            self._make_ready(place)
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def ask(self, labels: Sequence[Label], limit_s: float) -> object:
        """What it says of the labels, unchecked. Raises Failed."""
        self._asked += 1
        until = time.monotonic() + limit_s
        plain = [adapter(Label).dump_python(it, mode="json") for it in labels]
        try:
            self._channel.send({"number": self._asked, "labels": plain}, until)
            answer = self._channel.receive(until)
        except TimeoutError:
            raise Failed(Failure.HANGS) from None
        except (OSError, EOFError):
            raise Failed(Failure.ENDED) from None
        except ValueError:
            raise Failed(Failure.BAD_ANSWER) from None
        if not isinstance(answer, dict) or answer.get("number") != self._asked:
            raise Failed(Failure.BAD_ANSWER)
        if answer.get("raised"):
            raise Failed(Failure.RAISED)
        return answer.get("signals")

    def kill(self) -> None:
        """End it and its children, whatever they are doing."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._channel.close()

    def _make_ready(self, place: str) -> None:
        until = time.monotonic() + START_LIMIT_S
        try:
            self._channel.send({"place": place}, until)
            answer = self._channel.receive(until)
        except (EOFError, OSError, ValueError):
            answer = {"failed": "its process ended or did not answer"}
        if answer.get("ready") is not True:
            why = f"{answer.get('failed')}; it must be importable and take no arguments"
            raise ConfigError(f"evaluator {place}: can't be used: {why}")


def _start(descriptor: int) -> subprocess.Popen[bytes]:
    path = json.dumps([place for place in sys.path if isinstance(place, str)])
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _PROGRAM, path, str(descriptor)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
        pass_fds=(descriptor,),
        start_new_session=True,
    )
