"""What a verifier found wrong: where, and in one sentence why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

from streams.audit.printable import printable


class FindingKind(StrEnum):
    """The kinds of finding. Add, never rename: scripts read them."""

    UNREADABLE = "unreadable"
    HEADERS = "headers"
    WRONG_SLOT = "wrong_slot"
    SEQUENCE = "sequence"
    PREVIOUS = "previous"
    EPOCH_BACK = "epoch_back"
    NOT_STARTED = "not_started"
    STARTED_AGAIN = "started_again"
    UNKNOWN_SIGNER = "unknown_signer"
    CERTIFICATE = "certificate"
    HEAD_SIGNATURE = "head_signature"
    UNSIGNED_HEAD = "unsigned_head"
    UNSEALED = "unsealed"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    EXPIRED = "expired"

    WRONG_WRITER = "wrong_writer"
    BATCH = "batch"
    GAP = "gap"
    COVERED_TWICE = "covered_twice"
    REVISION = "revision"
    TWO_ORIGINS = "two_origins"
    NO_ORIGIN = "no_origin"
    TOO_MANY_LABELS = "too_many_labels"
    LABELED_TWICE = "labeled_twice"
    NOT_VIEWED = "not_viewed"
    VIEWED_AFTER_WITHDRAWAL = "viewed_after_withdrawal"
    TWO_VERDICTS = "two_verdicts"
    MISSING_LABELS = "missing_labels"
    TWO_JOINED = "two_joined"
    GOLD_JOINED = "gold_joined"
    NO_VERDICT = "no_verdict"
    NO_TASK = "no_task"
    LOST = "lost"
    NOT_ANNOUNCED = "not_announced"
    OPENED_TWICE = "opened_twice"
    NOT_OPENED = "not_opened"
    STILL_OPEN = "still_open"

    CHECKPOINT = "checkpoint"
    NOT_WITNESSED = "not_witnessed"
    FORKED = "forked"
    EDITED = "edited"
    DROPPED = "dropped"
    INSERTED = "inserted"
    MOVED = "moved"
    CHANGED = "changed"
    TILE = "tile"
    MISSING = "missing"
    FOREIGN = "foreign"
    LARGE = "large"
    EXPORT = "export"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`where` is an event id, a partition and offset, a log and entry, a task or a file. Never a value."""

    kind: FindingKind
    where: str
    text: str

    def __post_init__(self) -> None:
        """Both may repeat what somebody wrote: a terminal acts on none of it."""
        object.__setattr__(self, "where", printable(self.where))
        object.__setattr__(self, "text", printable(self.text))

    def __str__(self) -> str:
        return f"{self.where}: {self.text} [{self.kind}]"

    def as_json(self) -> dict[str, str]:
        """Plain strings under the names of the fields."""
        return {name: str(value) for name, value in asdict(self).items()}
