"""Who gets no task for now, as decide says on `people.P`; kept in `label-state.P`, to outlive a restart."""

from __future__ import annotations

from schemas.codec import Codec
from schemas.errors import Reason, Refused
from schemas.gold import PersonStanding
from streams.engine.messages import Message, Outgoing
from streams.engine.state import KeyedState

PREFIX = "standing/"


def topic_of(project: str) -> str:
    """Where decide says it."""
    return f"people.{project}"


class PausedPeople:
    """One project's. A person of whom nothing was said may label."""

    def __init__(self, project: str, codec: Codec) -> None:
        self._codec = codec
        self._standings = KeyedState(f"label-state.{project}", PersonStanding, codec, PREFIX)

    def apply(self, message: Message) -> bool:
        """Take over one changelog record; False where it is another state's."""
        return self._standings.apply(message)

    def changes(self) -> list[Outgoing]:
        """Changes since the last call, as records for the changelog."""
        return self._standings.changes()

    def take(self, message: Message) -> None:
        """Take over what decide says of one person. Raises Undecodable, and Refused under another person's key."""
        standing = self._codec.decode(message.value, PersonStanding)
        if (message.key or b"") != standing.person.encode():
            raise Refused(Reason.BAD_REQUEST, "a standing under the key of another person")
        self._standings.put(standing.person, standing)

    def is_paused(self, person: str) -> bool:
        """Whether they get no new task; what they hold they may finish."""
        standing = self._standings.get(person)
        return standing is not None and standing.paused
