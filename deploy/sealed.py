"""How far the audit of a project is sealed, from its topic and `checkpoints` alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from deploy.compliance import Compliance, audit_topic
from schemas.errors import ConfigError
from streams.audit import checkpoint, note
from streams.audit.checkpoint import Checkpoint
from streams.audit.note import BadNote, Verifier
from streams.audit.sealed import place_of
from streams.engine.messages import Message
from topology.identity import PLATFORM, Identity

SEALER = Identity("seal", PLATFORM)


@dataclass(frozen=True, slots=True)
class Sealed:
    """`events`: how many the last checkpoints of a project's logs cover, of `written`; `checkpoints`: all there
    are of these logs.
    """

    events: int = 0
    written: int = 0
    checkpoints: int = 0

    @property
    def whole(self) -> bool:
        """Whether every event is covered."""
        return self.events >= self.written


def sealed(seen: Compliance, project: str) -> Sealed:
    """Read it. What is no checkpoint under the sealer's pinned key counts as none. Raises LogUnavailable;
    ConfigError where nobody has pinned that key.
    """
    key = seen.topology.pins.of(SEALER.signer)
    if key is None:
        raise ConfigError(f"{SEALER.signer} has no pinned key; run `veil topology apply`")
    topic = audit_topic(project)
    written = Counter(message.partition for message in seen.log.read(topic))
    found = [it for it in checkpoints(seen.log.read("checkpoints"), key) if f"/{topic}/" in it.origin]
    last = {place_of(it.origin): it.size for it in found}  # `checkpoints` has one partition: the last one counts
    return Sealed(sum(last.values()), written.total(), len(found))


def checkpoints(messages: Iterable[Message], key: bytes) -> Iterable[Checkpoint]:
    """Those that `key` has signed, in their order."""
    for message in messages:
        try:
            said, signed = checkpoint.parse(message.value or b"")
            note.check(signed, Verifier(said.origin, key))
        except BadNote:
            continue
        yield said
