"""Feeding a witness: a log's newest checkpoint goes there, the cosignature comes back into the log's `checkpoint`.

Whoever replaces that file holds a lock (`flock`) on the log's folder, and looks again under it: a cosignature for
an older checkpoint must not put that one back.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx

from deploy.witness import tiled_log
from deploy.witness.durable import sync_folder
from schemas.errors import ChainBroken, ConfigError, DependencyError
from schemas.files import write_atomically
from streams.audit import checkpoint, note, tree, witness_request
from streams.audit.checkpoint import Checkpoint
from streams.audit.note import BadNote, Note, Signature, Verifier
from streams.audit.tiles import CHECKPOINT
from streams.audit.tree import ProofFails
from streams.audit.witness import Request
from streams.audit.witness_request import BadRequest

TRIES = 5
"""A witness fed by several at once, or a log that grows meanwhile, takes another try; five are a fault."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """`time`: the witness's, in seconds."""

    point: Checkpoint
    time: int


def submit(folder: Path, url: str, verifier: Verifier, ca: Path | None = None) -> Submitted:
    """Have a log's newest checkpoint cosigned by the witness at `url`, whose key is `verifier`.

    Raises ChainBroken where the witness has seen another history, or this log is damaged; ConfigError where it
    doesn't know the log or is another witness; DependencyError where it doesn't answer.
    """
    where, seen = str(folder), 0
    with tiled_log.opened(where) as read, tiled_log.client(url, ca) as http:
        for _ in range(TRIES):
            data = tiled_log.checkpoint_in(read, where)
            point, whole = _parsed(data, where)
            if seen > point.size:
                raise ChainBroken(
                    f"{where} has {point.size:,} entries, and {verifier.name} has cosigned {seen:,} of "
                    f"{point.origin}: this copy is old, or the log was cut"
                )
            request = tiled_log.request_for(read, where, data, point, seen)
            status, body = _post(http, url, request)
            if status == HTTPStatus.CONFLICT:
                seen = _size(body, url)
            elif status != HTTPStatus.OK:
                raise _refused(status, where, verifier, request, point)
            else:
                line = _cosignature(body, whole, verifier)
                if _add(folder, whole, line):
                    return Submitted(point, note.check_cosignature(whole.with_signature(line), verifier))
                seen = point.size
    raise DependencyError(f"{url} had always seen another size of {where}; is something else feeding it?")


def _parsed(data: bytes, where: str) -> tuple[Checkpoint, Note]:
    try:
        return checkpoint.parse(data)
    except BadNote as error:
        raise ChainBroken(f"{where}: its checkpoint is none: {error}") from None


def _post(http: httpx.Client, url: str, request: Request) -> tuple[int, bytes]:
    address = f"{url.rstrip('/')}/add-checkpoint"
    try:
        with http.stream("POST", address, content=witness_request.body_of(request)) as answer:
            return answer.status_code, tiled_log.body_of(answer)
    except httpx.HTTPError as error:
        raise DependencyError(f"{address} doesn't answer ({type(error).__name__}); nothing was changed") from None


def _size(body: bytes, url: str) -> int:
    try:
        return witness_request.parse_size(body)
    except BadRequest as error:
        raise DependencyError(f"{url}: {error}; this is no witness") from None


def _cosignature(body: bytes, asked: Note, verifier: Verifier) -> Signature:
    try:
        return witness_request.cosignature_in(body, asked, verifier)
    except BadNote as error:
        raise ConfigError(f"no cosignature by the key given: {error}; is it this witness's?") from None


def _refused(
    status: int, where: str, verifier: Verifier, request: Request, point: Checkpoint
) -> ChainBroken | ConfigError | DependencyError:
    who, log = verifier.name, point.origin
    if status == HTTPStatus.NOT_FOUND:
        return ConfigError(f"{who} knows no log {log}; its operator has to trust the log's key")
    if status == HTTPStatus.FORBIDDEN:
        return ChainBroken(f"{where}: no key that {who} trusts for {log} has signed this checkpoint rightly")
    if status != HTTPStatus.UNPROCESSABLE_ENTITY:
        return DependencyError(f"{who} answers {status}; nothing was changed")
    if not _begins_as_it_says(request, point):
        return ChainBroken(f"{where}: the tiles are not those of its checkpoint: damaged; {who} refuses it")
    return ChainBroken(
        f"SPLIT VIEW: {who} has cosigned another history of {log} than the one in {where}, at "
        f"{request.old_size:,} entries. Others were shown that one. Keep both, ask the witness for its evidence"
    )


def _begins_as_it_says(request: Request, point: Checkpoint) -> bool:
    if request.earlier is None:
        return False
    try:
        tree.check_consistency(request.old_size, request.earlier, point.size, point.root, request.proof)
    except ProofFails:
        return False
    return True


def _add(folder: Path, cosigned: Note, line: Signature) -> bool:
    """Whether the log still shows this checkpoint; then it has the line now, beside those that came meanwhile."""
    path = folder / CHECKPOINT
    with _locked(folder):
        now = _parsed(path.read_bytes(), str(folder))[1]
        if now.text != cosigned.text:
            return False
        _replace(path, str(now.with_signature(line)).encode())
    return True


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all, and readable by the same people as before: a web server may serve it."""
    write_atomically(path, content, stat.S_IMODE(path.stat().st_mode))
    sync_folder(path.parent)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
