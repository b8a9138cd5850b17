"""The process that runs one recognizer of the user's own. It is given texts and nothing else.

It prints nothing, has no variable that could hold a secret, leaves no core file that could hold a text, may use a
bounded amount of memory, and ends when the one that started it does: `recognizer_process` is its other side.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import logging
import os
import resource
import signal
import socket
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from streams.redact.detect.channel import Channel

MEMORY_BYTES = 4 << 30  # room for a language model; a leak ends before the machine's memory does
PROBE = "A text without anything in it."


class HashDiffersError(Exception):
    """The source is not the one that the policy names."""


def main(channel: int, lifeline: int) -> None:
    """Serve on the socket with this file descriptor, until it or the pipe at `lifeline` closes."""
    for inherited in (channel, lifeline):
        os.set_inheritable(inherited, False)
    _end_with(lifeline)
    _shut_in()
    serve(Channel(socket.socket(fileno=channel)))


def serve(channel: Channel) -> None:
    """Say whether the recognizer can be used, then for each text its finds, `[start, end, type, score]`."""
    try:
        recognizer = _ready(channel.receive())
    except HashDiffersError:
        channel.send({"failed": "hash"})
        return
    except Exception as error:  # noqa: BLE001 - the user's code may raise anything; its text may hold anything
        channel.send({"failed": type(error).__name__})
        return
    channel.send({"ready": True})
    while True:
        asked = channel.receive()
        channel.send({"number": asked["number"], "finds": _answer(recognizer, asked["text"])})


def _ready(order: dict[str, Any]) -> Any:  # noqa: ANN401 - the user's class
    os.environ.update(order["variables"])
    recognizer = _load(order["place"], order["sha256"])
    _analyze(recognizer, PROBE)
    return recognizer


def _answer(recognizer: Any, text: str) -> list[tuple[int, int, str, float]] | None:  # noqa: ANN401
    try:
        return _analyze(recognizer, text)
    except Exception:  # noqa: BLE001 - whatever it raises, only this text is refused
        return None


def _analyze(recognizer: Any, text: str) -> list[tuple[int, int, str, float]]:  # noqa: ANN401
    """Presidio's call; results with no score are none to it either. One that is no number is not dropped."""
    results = recognizer.analyze(text=text, entities=recognizer.supported_entities, nlp_artifacts=None) or []
    return [
        (int(one.start), int(one.end), str(one.entity_type), float(one.score))
        for one in results
        if not one.score <= 0
    ]


def _load(place: str, sha256: str) -> Any:  # noqa: ANN401
    module_name, _, class_name = place.partition(":")
    recognizer = getattr(_module(module_name, sha256), class_name)()
    recognizer.load()
    return recognizer


def _module(name: str, sha256: str) -> ModuleType:
    """The module from the bytes whose hash was looked at, not from a compiled file beside them."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(name)
    source = Path(spec.origin).read_bytes()
    if hashlib.sha256(source).hexdigest() != sha256:
        raise HashDiffersError
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(compile(source, spec.origin, "exec"), module.__dict__)  # noqa: S102 - what was hashed is what runs
    return module


def _end_with(lifeline: int) -> None:
    """Ask the kernel for SIGKILL to all of this session when the pipe closes, as it does when its owner dies.

    Unlike prctl's PR_SET_PDEATHSIG this doesn't end us with the thread that started us, which built a detector and
    is done; unlike a thread of ours it needs no interpreter that a recognizer may hold. Elsewhere than on Linux a
    recognizer that hangs may outlive its owner.
    """
    if sys.platform == "linux":
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def _shut_in() -> None:
    """Bounded memory, no core file, no files for others, no log: it would hold what it was given."""
    logging.disable(logging.CRITICAL)
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_BYTES if most == resource.RLIM_INFINITY else min(MEMORY_BYTES, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
