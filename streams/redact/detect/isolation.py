"""A recognizer of the user's own in a process of its own: it may hang or crash, and takes nothing with it.

The record it hung on is refused, the process killed, the next record meets a fresh one.
"""

from __future__ import annotations

import json
import multiprocessing as mp
import re
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from schemas.errors import ConfigError, Reason, Refused
from streams.redact.detect.find import Find
from streams.redact.detect.recognizer_worker import MAX_MESSAGE_BYTES, serve

TEXT_LIMIT_S = 5.0  # for one text, 1 MiB at most
START_LIMIT_S = 60.0  # importing Presidio takes 2 s on a quiet machine; a model may take longer
_NO_NAME = re.compile(r"[^A-Z0-9_]")


class IsolatedRecognizer:
    """Runs `package.module:Class`, a Presidio `EntityRecognizer`. One thread at a time."""

    def __init__(self, place: str, sha256: str, *, text_limit_s: float = TEXT_LIMIT_S) -> None:
        self._place = place
        self._sha256 = sha256
        self._limit_s = text_limit_s
        self._process: Any = None
        self._pipe: Connection | None = None
        self._start()

    def find(self, texts: Sequence[str]) -> list[list[Find]]:
        """For each text its finds, inside it. Raises `Refused(DETECTION_FAILED)` where one was not answered."""
        try:
            return [self._ask(text) for text in texts]
        except (EOFError, OSError, TimeoutError, ValueError):
            self.close()
            raise Refused(Reason.DETECTION_FAILED) from None

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None

    def _start(self) -> None:
        spawn = mp.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=serve, args=(theirs, self._place, self._sha256), daemon=True)
        self._process.start()
        theirs.close()
        try:
            answer = self._receive(START_LIMIT_S)
        except (EOFError, OSError, TimeoutError, ValueError):
            answer = {"failed": "the process ended or did not answer"}
        if not answer.get("ready"):
            self.close()
            raise ConfigError(f"recognizer {self._place}: {_reason(answer)}")

    def _ask(self, text: str) -> list[Find]:
        if self._pipe is None:
            self._start()
        assert self._pipe is not None
        self._pipe.send_bytes(json.dumps(text).encode())
        answer = self._receive(self._limit_s)
        if "finds" not in answer:
            raise Refused(Reason.DETECTION_FAILED)
        return [_find(row, len(text)) for row in answer["finds"]]

    def _receive(self, limit_s: float) -> dict[str, Any]:
        assert self._pipe is not None
        if not self._pipe.poll(limit_s):
            raise TimeoutError
        answer = json.loads(self._pipe.recv_bytes(MAX_MESSAGE_BYTES))
        if not isinstance(answer, dict):
            raise ValueError("an answer is an object")  # noqa: TRY004 - what the callers await
        return answer

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()


def _find(row: Sequence[Any], length: int) -> Find:
    """One find, checked: what comes from the user's code is held to the contract of our own."""
    start, end, kind, score = row
    if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length):
        raise ValueError("a find lies inside its text")
    name = _NO_NAME.sub("_", str(kind).upper())[:40]
    return Find(start, end, name if name[:1].isalpha() else "CUSTOM", min(max(float(score), 0.0), 1.0))


def _reason(answer: dict[str, Any]) -> str:
    if answer.get("failed") == "hash":
        return "is not the source whose SHA-256 the policy names; review it again"
    failed = answer.get("failed")
    return f"can't be used: {failed}; it must be importable, take no arguments and need no NLP artifacts"
