"""Taking tasks out of the documents of a segment, and taking segments away. Decrypts nothing.

Each function may be repeated after a crash at any point: what is done stays done. What was taken away is read
back: what Vault still gives out afterwards is done again, and never said to be gone.
"""

from __future__ import annotations

from schemas.errors import Refused, Undecodable, VaultUnavailable
from vault.interface import Documents
from vault.segments.document import Layer, drop_entries, path_of, unpack

ATTEMPTS = 3
"""Only another keeper, just being fenced, can get in between read and write, and it does the same work."""


def take_out(documents: Documents, segment_id: str, task_ids: frozenset[str]) -> None:
    """Drop the entries of `task_ids` from every layer and destroy the versions that held them.

    A document that has lost the entries already is written again all the same: a crash may have come between
    the new version and the destruction of the old one, and `replace` does both.
    """
    for layer in Layer:
        _take_out(documents, path_of(layer, segment_id), task_ids)


def destroy(documents: Documents, segment_id: str) -> None:
    """Destroy every layer of a segment. The view goes first: from then on nobody opens its tasks."""
    for layer in Layer:
        _destroy(documents, path_of(layer, segment_id))


def _take_out(documents: Documents, path: str, task_ids: frozenset[str]) -> None:
    for _ in range(ATTEMPTS):
        document = documents.read(path)
        if document is None:
            return
        try:
            documents.replace(path, drop_entries(document.blob, task_ids), document.version)
            _check_gone(documents, path, document.version, task_ids)
        except Undecodable:
            # No reader can open it either, and what is in it must not outlive the order (fail closed).
            _destroy(documents, path)
        except Refused:
            continue
        return
    raise VaultUnavailable(f"{path} changes under our hands; trying again later")


def _check_gone(documents: Documents, path: str, replaced: int, task_ids: frozenset[str]) -> None:
    """What was replaced is two versions where a crash came in between. Raises VaultUnavailable."""
    now = documents.read(path)
    left = unpack(now.blob).entries.keys() & task_ids if now is not None else ()
    if left or any(documents.holds(path, version) for version in range(max(1, replaced - 1), replaced + 1)):
        raise VaultUnavailable(f"{path}: Vault still gives out what was taken away; trying again")


def _destroy(documents: Documents, path: str) -> None:
    """Raises VaultUnavailable."""
    documents.destroy(path)
    if documents.read(path) is not None:
        raise VaultUnavailable(f"{path}: Vault still gives out what was destroyed; trying again")
