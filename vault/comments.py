"""What is typed about a task, sealed for redact; what redact leaves of it, sealed for who may see the task. Pure.

Both keys come from the task's own, which lies in Vault's view layer alone: once its entry is dropped there,
nothing that was commented on it opens any more, Kafka's log included. Redact holds no task's key after the task is
out; so the key for what it leaves of a text comes with the text.
"""

from __future__ import annotations

import hmac
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from schemas.errors import Reason, Undecodable
from schemas.hidden import Hidden, SealedBytes, SecretBytes
from vault.keys import KEY_BYTES, Nonces, associated_data, framed, open_sealed, seal, unframed

_NOTES = b"veilstream/comments/notes/v1"
_DIGESTS = b"veilstream/comments/digests/v1"
MOST_BYTES = 4_000
"""Of a text, in UTF-8: 1,000 characters, which label lets people type, have no more."""
DIGEST_BYTES = 16
"""So that two texts of one task have the same digest by chance once in 2^64."""


class Typed(Hidden):
    """A text as somebody typed it, and the key for what redact leaves of it."""

    __slots__ = ("note_key", "text")

    def __init__(self, text: str, note_key: SecretBytes) -> None:
        self.text = text
        self.note_key = note_key


def transit_key(project: str) -> str:
    """The transit key that wraps label's data keys for comments."""
    return f"comments-{project}"


def topic_of(project: str) -> str:
    """Where label puts what was typed."""
    return f"comments.{project}"


def notes_of(project: str) -> str:
    """Where redact puts what is left of it."""
    return f"notes.{project}"


def note_key(task_key: SecretBytes, project: str, task_id: str, comment_id: str) -> SecretBytes:
    """The key of one note: the one that travels with a comment opens no other."""
    return _derived(task_key, _NOTES, project, task_id, comment_id)


def digest(task_key: SecretBytes, project: str, task_id: str, text: str) -> bytes:
    """What tells one text of a task from another, and nothing to who has no key of the task."""
    key = _derived(task_key, _DIGESTS, project, task_id)
    return hmac.digest(key.data, text.encode(), "sha256")[:DIGEST_BYTES]


def seal_typed(
    secret: SecretBytes, typed: Typed, *, project: str, task_id: str, comment_id: str, nonces: Nonces = os.urandom
) -> SealedBytes:
    """For redact, under a data key of `comments-<project>`."""
    content = framed(typed.note_key.data, typed.text)
    return seal(secret, content, _typed_binding(project, task_id, comment_id), nonces)


def open_typed(secret: SecretBytes, sealed: SealedBytes, *, project: str, task_id: str, comment_id: str) -> Typed:
    """Raises Undecryptable; Undecodable for what label does not write."""
    content = open_sealed(secret, sealed, _typed_binding(project, task_id, comment_id))
    try:
        key, text = unframed(content)
        if len(key) != KEY_BYTES or not 0 < len(text) <= MOST_BYTES:
            raise ValueError
        return Typed(text.decode(), SecretBytes(key))
    except ValueError:  # `from None`: it quotes what it choked on
        raise Undecodable(Reason.UNDECODABLE, f"comment {comment_id} is not what label writes") from None


def seal_note(
    secret: SecretBytes, text: str, *, project: str, task_id: str, comment_id: str, nonces: Nonces = os.urandom
) -> SealedBytes:
    """What redact left of a comment, under the task's `note_key`."""
    return seal(secret, text.encode(), _note_binding(project, task_id, comment_id), nonces)


def open_note(secret: SecretBytes, sealed: SealedBytes, *, project: str, task_id: str, comment_id: str) -> str:
    """Raises Undecryptable, Undecodable."""
    content = open_sealed(secret, sealed, _note_binding(project, task_id, comment_id))
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Undecodable(Reason.UNDECODABLE, f"note {comment_id} is not what redact writes") from None


def _derived(task_key: SecretBytes, purpose: bytes, *names: str) -> SecretBytes:
    derivation = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=framed(purpose, *names))
    return SecretBytes(derivation.derive(task_key.data))


def _typed_binding(project: str, task_id: str, comment_id: str) -> bytes:
    topic = topic_of(project)
    return associated_data(
        purpose="comment", project=project, topic=topic, key=task_id, schema="Comment", more=(comment_id,)
    )


def _note_binding(project: str, task_id: str, comment_id: str) -> bytes:
    topic = notes_of(project)
    return associated_data(
        purpose="note", project=project, topic=topic, key=task_id, schema="Note", more=(comment_id,)
    )
