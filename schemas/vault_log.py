"""What the logs of Vault and of Kafka say that somebody has done: the records of `vault-log`. Never a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

USE, DENIED, READ_UP_TO = "use/", "denied/", "read-up-to"
"""What the key of a record begins with, by which it is told what it is; the last is a whole key."""


class Operation(StrEnum):
    """What was done. Names of documents (`list`), public keys and one's own token are of no interest."""

    DECRYPT = "decrypt"
    DATAKEY = "datakey"
    ENCRYPT = "encrypt"
    SIGN = "sign"
    REWRAP = "rewrap"
    READ = "read"
    WRITE = "write"
    REWRITE = "rewrite"
    DELETE = "delete"
    LOGIN = "login"
    ADMINISTER = "administer"
    SNAPSHOT = "snapshot"
    """All that Vault stores was read, as it lies on its disk."""
    OTHER = "other"
    """Anything else, which is told only where it was denied."""


class Outcome(StrEnum):
    """How it ended."""

    DONE = "done"
    DENIED = "denied"
    FAILED = "failed"
    UNREADABLE = "unreadable"
    """What was done can't be known: a line is none of the log, or lines are lost. `target` says which."""


@dataclass(frozen=True, slots=True)
class VaultUse:
    """One request that Vault has answered. `time`: milliseconds, of the answer. Key: `use/<request id>`.

    `identity`: as in `topology.identity` where it is one of ours, else Vault's display name, empty where Vault
    knew none or let nobody in. `target`: the key (`view-demo`), the folder (`veil-demo/view`), or the path
    administered; `document`: the path below the folder; `contexts`: those of the items, in order, each once.
    """

    time: int
    identity: str
    operation: Operation
    target: str
    request_id: str
    outcome: Outcome
    document: str = ""
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KafkaDenied:
    """One request that Kafka has refused somebody. `time`: milliseconds. Key: `denied/<identity>`.

    `operation` and `resource` as Kafka names them (`Read`, `Topic`); `name`: of the resource.
    """

    time: int
    identity: str
    operation: str
    resource: str
    name: str


@dataclass(frozen=True, slots=True)
class ReadUpTo:
    """Everything that Vault's log says of the time before `time` (ms) stands before this. Key: `read-up-to`."""

    time: int
