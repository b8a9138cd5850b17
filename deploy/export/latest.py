"""What a topic says last of each task. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from schemas.codec import Codec
from schemas.errors import Undecodable
from schemas.records import JoinedLabel, Task, Verdict
from streams.engine.messages import Message

T = TypeVar("T", JoinedLabel, Task, Verdict)


def latest(codec: Codec, messages: Iterable[Message], kind: type[T]) -> tuple[dict[str, T], int]:
    """By task, and of how many the last record can't be read: an earlier one isn't taken for it. What was taken
    back is gone. Raises RegistryUnavailable.
    """
    found, unreadable = dict[str, T](), set[str]()
    for message in messages:
        key = (message.key or b"").decode("utf-8", "replace")
        found.pop(key, None)
        unreadable.discard(key)
        if message.value is None:
            continue
        try:
            found[key] = codec.decode(message.value, kind)
        except Undecodable:
            unreadable.add(key)
    return found, len(unreadable)
