"""From `comments.P` to `notes.P`: opened, redacted, sealed for those who may see the task; one event each.

Of what does not open its writer is told so, by a note. What is no comment is refused (`record.refused`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

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

_NAME = re.compile(r"[0-9a-f]{32}")


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
        comments = list(self._decoded(messages, plan))
        if not comments:
            return
        opened = self._opened(comments)
        texts = [it.text for it in opened if isinstance(it, Typed)]
        left = iter(shown(texts, ruling, self._keys))
        for comment, typed in zip(comments, opened, strict=True):
            note = Note(comment.comment_id, comment.task_id, NoteOutcome.REFUSED, "", ruling.bundle.hash, b"", now)
            note = self._sealed(note, typed, next(left)) if isinstance(typed, Typed) else _refused(note, typed)
            key = note.task_id.encode()
            plan.outputs.append(Outgoing(notes_of(self._project), key, self._codec.encode(note)))
            plan.events.append(_redacted(note, ruling.policy.hash))

    def _decoded(self, messages: Sequence[Message], plan: Plan) -> Iterator[Comment]:
        for message in messages:
            try:
                comment = self._codec.decode(message.value, Comment)
            except RecordError as error:
                plan.events.append(refused(message, error.reason))
                continue
            names = comment.task_id, comment.comment_id
            if all(map(_NAME.fullmatch, names)) and message.key == comment.task_id.encode():
                yield comment
            else:
                plan.events.append(refused(message, Reason.UNDECODABLE))

    def _opened(self, comments: Sequence[Comment]) -> list[Typed | Reason]:
        secrets = self._unwrapped.unwrap([WrappedKey(it.wrapped_key, it.context) for it in comments])
        return [self._open(comment, secret) for comment, secret in zip(comments, secrets, strict=True)]

    def _open(self, comment: Comment, secret: Opened) -> Typed | Reason:
        if isinstance(secret, RecordError):
            return secret.reason
        try:
            return open_typed(
                secret,
                SealedBytes(comment.sealed),
                project=self._project,
                task_id=comment.task_id,
                comment_id=comment.comment_id,
            )
        except RecordError as error:
            return error.reason

    def _sealed(self, note: Note, typed: Typed, left: str | Reason) -> Note:
        if isinstance(left, Reason):
            return _refused(note, left)
        sealed = seal_note(
            typed.note_key, left, project=self._project, task_id=note.task_id, comment_id=note.comment_id
        )
        return replace(note, outcome=NoteOutcome.SHOWN, sealed=sealed.data)


def _refused(note: Note, reason: Reason) -> Note:
    return replace(note, reason=reason.value)


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
