"""The process that runs one evaluator of the user's own. It is given labels and nothing else.

It starts with an empty environment, prints nothing, uses a bounded amount of memory, and ends with the process
that started it. It is not shut in beyond that: like every process of the same user it can open files and
connections.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import logging
import resource
import signal
import socket
import sys
from dataclasses import asdict
from typing import Any

from schemas.codec import adapter
from schemas.records import Label
from streams.decide.evaluators.channel import Channel

MEMORY_BYTES = 2 << 30
"""A leak ends before the machine's memory does."""
_PR_SET_PDEATHSIG = 1


def main(descriptor: int) -> None:
    """Serve on the socket with this file descriptor until it closes."""
    _shut_in()
    serve(Channel(socket.socket(fileno=descriptor)))


def serve(channel: Channel) -> None:
    """Say whether the evaluator can be used, then answer each list of labels."""
    try:
        adapter(Label)  # built before anything is asked: it takes longer than many an answer
        evaluator = _load(channel.receive()["place"])
    except Exception as error:  # noqa: BLE001 - the user's code may raise anything
        channel.send({"failed": type(error).__name__})
        return
    channel.send({"ready": True})
    while True:
        asked = channel.receive()
        channel.send(_answer(evaluator, asked))


def _answer(evaluator: Any, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - the user's class
    number = asked["number"]
    try:
        labels = [adapter(Label).validate_python(it) for it in asked["labels"]]
        said = list(evaluator.evaluate(labels))
    except Exception:  # noqa: BLE001 - whatever it raises, its text may hold anything
        return {"number": number, "raised": True}
    try:
        signals = [asdict(it) for it in said]
        json.dumps(signals)  # here, for what can't be sent (a numpy float, a Decimal) would end the process
    except Exception:  # noqa: BLE001 - as above
        signals = None
    return {"number": number, "signals": signals}


def _load(place: str) -> Any:  # noqa: ANN401
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)()


def _shut_in() -> None:
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_BYTES if most == resource.RLIM_INFINITY else min(MEMORY_BYTES, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    if sys.platform == "linux":  # started by the loop's own thread, which ends with its process
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
