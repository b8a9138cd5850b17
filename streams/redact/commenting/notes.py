"""From `comments.P` to `notes.P`: opened, redacted, sealed for those who may see the task; one event each.

What does not open, or is none, is refused (`record.refused`): there is nobody to show it to, and nothing to keep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.errors import Reason, RecordError
from schemas.hidden import SealedBytes
from schemas.records import Comment, Note, NoteOutcome
from schemas.resources import comment_resource, task_resource
from streams.engine.messages import Message, Outgoing
from streams.engine.processor import Plan
from streams.engine.refusals import refused
from streams.redact.commenting.texts import shown
from streams.redact.ruling import Ruling
from streams.redact.transform.keys import TransformKeys
from vault.comments import Typed, notes_of, open_typed, seal_note, transit_key
from vault.data_keys import Opened, UnwrappedKeys
from vault.interface import Transit, WrappedKey


@dataclass(frozen=True, slots=True)
class _Read:
    """A comment, opened."""

    comment: Comment
    typed: Typed


class Notes:
    """Makes notes for one project."""

    def __init__(self, project: str, codec: Codec, transit: Transit, keys: TransformKeys) -> None:
        self._project = project
        self._codec = codec
        self._unwrapped = UnwrappedKeys(transit, transit_key(project))
        self._keys = keys

    def make(self, messages: Sequence[Message], ruling: Ruling, now: int, plan: Plan) -> None:
        """Put the note of each comment, and its event, into the plan.

        Raises VaultUnavailable: then nothing is blamed on a comment.
        """
        read = self._read(messages, plan)
        texts = shown([it.typed.text for it in read], ruling, self._keys) if read else []
        for one, left in zip(read, texts, strict=True):
            note = self._note(one, left, ruling.bundle.hash, now)
            key = note.task_id.encode()
            plan.outputs.append(Outgoing(notes_of(self._project), key, self._codec.encode(note)))
            plan.events.append(_redacted(note, ruling.policy.hash))

    def _read(self, messages: Sequence[Message], plan: Plan) -> list[_Read]:
        decoded: list[tuple[Message, Comment]] = []
        for message in messages:
            try:
                decoded.append((message, self._codec.decode(message.value, Comment)))
            except RecordError as error:
                plan.events.append(refused(message, error.reason))
        secrets = self._unwrapped.unwrap([WrappedKey(it.wrapped_key, it.context) for _, it in decoded])
        read = []
        for (message, comment), secret in zip(decoded, secrets, strict=True):
            try:
                read.append(_Read(comment, self._open(comment, secret)))
            except RecordError as error:
                plan.events.append(refused(message, error.reason))
        return read

    def _open(self, comment: Comment, secret: Opened) -> Typed:
        if isinstance(secret, RecordError):
            raise secret
        return open_typed(
            secret,
            SealedBytes(comment.sealed),
            project=self._project,
            task_id=comment.task_id,
            comment_id=comment.comment_id,
        )

    def _note(self, one: _Read, left: str | Reason, bundle: str, now: int) -> Note:
        comment = one.comment
        task_id, comment_id = comment.task_id, comment.comment_id
        if isinstance(left, Reason):
            return Note(comment_id, task_id, NoteOutcome.REFUSED, left.value, bundle, b"", now)
        sealed = seal_note(one.typed.note_key, left, project=self._project, task_id=task_id, comment_id=comment_id)
        return Note(comment_id, task_id, NoteOutcome.SHOWN, "", bundle, sealed.data, now)


def _redacted(note: Note, policy: str) -> Event:
    return Event(
        EventType.COMMENT_REDACTED,
        comment_resource(note.comment_id),
        "success" if note.outcome is NoteOutcome.SHOWN else "refused",
        reason=note.reason,
        bundle=note.bundle,
        parents=(task_resource(note.task_id),),
        details={"policy": policy},
    )
