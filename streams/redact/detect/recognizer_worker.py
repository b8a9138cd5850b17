"""The process that runs one recognizer of the user's own. It is given texts and nothing else.

It speaks JSON over a pipe (never pickle: what comes back is data, whoever wrote the recognizer), prints nothing,
inherits no variable that could hold a secret, and may use a bounded amount of memory.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import resource
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

MEMORY_BYTES = 4 << 30  # room for a language model; a leak ends before the machine's memory does
MAX_MESSAGE_BYTES = 64 << 20  # a text of 1 MiB, each character an escape of twelve, and room
PROBE = "A text without anything in it."
_KEPT = ("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR")


class HashDiffersError(Exception):
    """The source is not the one that the policy names."""


def serve(connection: Connection, place: str, sha256: str) -> None:
    """Answer each text with its finds, `[start, end, type, score]`, until the pipe closes."""
    _shut_in()
    try:
        recognizer = _load(place, sha256)
        _analyze(recognizer, PROBE)
    except HashDiffersError:
        _send(connection, {"failed": "hash"})
        return
    except Exception as error:  # noqa: BLE001 - the user's code may raise anything; its text may hold anything
        _send(connection, {"failed": type(error).__name__})
        return
    _send(connection, {"ready": True})
    while (text := _receive(connection)) is not None:
        _send(connection, _answer(recognizer, text))


def _answer(recognizer: Any, text: str) -> dict[str, Any]:  # noqa: ANN401 - the user's class
    try:
        return {"finds": _analyze(recognizer, text)}
    except Exception:  # noqa: BLE001 - whatever it raises, only this text is refused
        return {"failed": "text"}


def _analyze(recognizer: Any, text: str) -> list[tuple[int, int, str, float]]:  # noqa: ANN401
    """Presidio's call; results with no score are none to it either."""
    results = recognizer.analyze(text=text, entities=recognizer.supported_entities, nlp_artifacts=None) or []
    return [
        (int(one.start), int(one.end), str(one.entity_type), float(one.score)) for one in results if one.score > 0
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


def _shut_in() -> None:
    """No output, no inherited variables, bounded memory; the log would otherwise hold what it was given."""
    logging.disable(logging.CRITICAL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    for name in [name for name in os.environ if name not in _KEPT]:
        del os.environ[name]
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_BYTES if most == resource.RLIM_INFINITY else min(MEMORY_BYTES, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _receive(connection: Connection) -> str | None:
    try:
        return str(json.loads(connection.recv_bytes(MAX_MESSAGE_BYTES)))
    except EOFError:
        return None


def _send(connection: Connection, message: dict[str, Any]) -> None:
    connection.send_bytes(json.dumps(message).encode())
