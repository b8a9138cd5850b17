"""The signed order to redact again, and what a copy of a raw record says of where it comes from.

The order is the body of `reredact/P/<signer>`: raw records that arrived since a time are redacted once more, by a
policy of this version or a later one. It is in force once an operator and an approver have signed the same body.

A copy on `again.P` is the raw message as it lay on `raw.P`, still sealed, with headers more:

| header | value |
|---|---|
| `veil-origin-partition`, `veil-origin-offset` | where it lay on `raw.P` |
| `veil-revision` | which revision its redaction is; 2 at least |
| `veil-least-policy` | the lowest version of a policy that may redact it |
| `veil-left-out` | `too_large`, where the original fits no topic: then the copy has no value and no other header |
| `veil-origin` | `quarantine`, where it is the copy of an entry there, for the revision after the entry's |

A copy of the second kind counts where two people have released the record (`schemas.quarantine_release`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.errors import Reason, Unparseable

MAX_NUMBER = 1_000_000
"""Of orders in a project, and of policy versions."""
MAX_SINCE = 2**53
"""A time in milliseconds, as JSON can say it."""
MAX_BODY_BYTES = 120
PARTITION, OFFSET = "veil-origin-partition", "veil-origin-offset"
REVISION, LEAST_POLICY = "veil-revision", "veil-least-policy"
LEFT_OUT, ORIGIN = "veil-left-out", "veil-origin"
_QUARANTINE = b"quarantine"
_TOO_LARGE = Reason.TOO_LARGE.value.encode()
_MOST_DIGITS = 19
_HIGHEST_OFFSET = 2**63 - 2
_HIGHEST_PARTITION = 2**31 - 1


@dataclass(frozen=True, slots=True, order=True)
class Reredaction:
    """An order: its number in the project, the lowest policy version, and since when (milliseconds; 0: all)."""

    number: int
    policy: int
    since: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a copy comes from, its revision, and by which policy version at least it is redacted.

    `too_large`: what lay there was left out, since it fits no topic. `released`: the copy is of its entry in
    quarantine.
    """

    partition: int
    offset: int
    revision: int
    least_policy: int
    too_large: bool = False
    released: bool = False


def reredaction_body(order: Reredaction) -> bytes:
    """The bytes that order it; the same for all who sign it."""
    content = {"number": order.number, "policy": order.policy, "since": order.since}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def read_reredaction(body: bytes) -> Reredaction | None:
    """What `reredaction_body` wrote; None for anything else."""
    try:
        content = json.loads(body) if len(body) <= MAX_BODY_BYTES else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.keys() != {"number", "policy", "since"}:
        return None
    number, policy, since = content["number"], content["policy"], content["since"]
    if not (_within(number, 1, MAX_NUMBER) and _within(policy, 1, MAX_NUMBER) and _within(since, 0, MAX_SINCE)):
        return None
    order = Reredaction(number, policy, since)
    return order if reredaction_body(order) == body else None  # two spellings would be two orders


def origin_headers(origin: Origin) -> tuple[tuple[str, bytes], ...]:
    """What a copy carries beside the headers of its original."""
    said: tuple[tuple[str, bytes], ...] = (
        (PARTITION, str(origin.partition).encode()),
        (OFFSET, str(origin.offset).encode()),
        (REVISION, str(origin.revision).encode()),
        (LEAST_POLICY, str(origin.least_policy).encode()),
    )
    said += ((LEFT_OUT, _TOO_LARGE),) if origin.too_large else ()
    return (*said, (ORIGIN, _QUARANTINE)) if origin.released else said


def read_origin(headers: Mapping[str, bytes]) -> Origin:
    """Where a copy comes from. Raises Unparseable (`missing_header`) where its headers don't say that exactly."""
    return Origin(
        _number(headers, PARTITION, 0, _HIGHEST_PARTITION),
        _number(headers, OFFSET, 0, _HIGHEST_OFFSET),
        _number(headers, REVISION, 2, _HIGHEST_OFFSET),
        _number(headers, LEAST_POLICY, 1, MAX_NUMBER),
        _says(headers, LEFT_OUT, _TOO_LARGE),
        _says(headers, ORIGIN, _QUARANTINE),
    )


def without_origin(headers: Mapping[str, bytes]) -> dict[str, bytes]:
    """The headers of the original."""
    return {name: value for name, value in headers.items() if name not in _NAMES}


_NAMES = frozenset({PARTITION, OFFSET, REVISION, LEAST_POLICY, LEFT_OUT, ORIGIN})


def _says(headers: Mapping[str, bytes], name: str, word: bytes) -> bool:
    """Whether a header that may say this one word alone is there."""
    if headers.get(name, word) != word:
        raise Unparseable(Reason.MISSING_HEADER, f"header {name} is not {word.decode()}")
    return name in headers


def _number(headers: Mapping[str, bytes], name: str, least: int, most: int) -> int:
    text = headers.get(name, b"")
    digits = 1 <= len(text) <= _MOST_DIGITS and text.isdigit()
    if not digits or str(int(text)).encode() != text or not least <= int(text) <= most:
        raise Unparseable(Reason.MISSING_HEADER, f"header {name} is no number from {least} to {most}")
    return int(text)


def _within(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most
