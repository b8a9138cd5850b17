"""Keyed state behind a compacted changelog topic, written in the transaction of what changed it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from schemas.codec import Codec
from schemas.errors import Undecodable
from streams.engine.messages import Message, Outgoing

T = TypeVar("T")


class KeyedState(Generic[T]):
    """A dict whose changes are records. Memory: what you put into it.

    `topic` is the changelog; several states of different record types may share it (a key prefix keeps
    them apart). `keep` gives an equal value to hold instead, for example one of less memory. After a failure make
    a new one and `apply` the changelog from its beginning.
    """

    def __init__(
        self,
        topic: str,
        record_type: type[T],
        codec: Codec,
        prefix: str = "",
        keep: Callable[[T], T] = lambda value: value,
    ) -> None:
        self._topic = topic
        self._type = record_type
        self._codec = codec
        self._prefix = prefix
        self._keep = keep
        self._values: dict[str, T] = {}
        self._dirty: set[str] = set()

    def apply(self, message: Message) -> bool:
        """Take over one changelog record; False where it is another state's."""
        key = (message.key or b"").decode("utf-8", "replace")
        if not key.startswith(self._prefix):
            return False
        key = key[len(self._prefix) :]
        if message.value is None:
            self._values.pop(key, None)
            return True
        try:
            self._values[key] = self._keep(self._codec.decode(message.value, self._type))
        except Undecodable as error:
            raise Undecodable(error.reason, f"{message!r}: not a state record of {self._type.__name__}") from None
        return True

    def get(self, key: str) -> T | None:
        """The value of a key, or None."""
        return self._values.get(key)

    def put(self, key: str, value: T) -> None:
        """Set a value; a changelog record follows."""
        self._values[key] = self._keep(value)
        self._dirty.add(key)

    def remove(self, key: str) -> None:
        """Forget a key; a tombstone follows."""
        if self._values.pop(key, None) is not None:
            self._dirty.add(key)

    def items(self) -> Iterator[tuple[str, T]]:
        """All keys and values, in the order they came."""
        return iter(self._values.items())

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def changes(self) -> list[Outgoing]:
        """One record for each key changed since the last call."""
        out = [self._change(key) for key in sorted(self._dirty)]
        self._dirty.clear()
        return out

    def _change(self, key: str) -> Outgoing:
        value = self._values.get(key)
        encoded = None if value is None else self._codec.encode(value)
        return Outgoing(self._topic, (self._prefix + key).encode(), encoded)
