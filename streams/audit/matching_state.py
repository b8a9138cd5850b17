"""What the matcher knows, as bytes and back: what is not judged yet, and up to where it has read. Pure.

JSON, compressed: the same bytes for the same state. One in another form is not read: the log is read again from
its beginning instead.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, field
from typing import Any

from schemas.vault_log import Operation, Outcome, VaultUse
from streams.audit.announcements import Claim
from streams.audit.covered import Covered
from streams.audit.guessing import Guessing
from streams.audit.heard import Heard
from streams.audit.two_sided import TwoSided
from streams.engine.messages import TopicPartition

FORM = 3


@dataclass(slots=True)
class Known:
    """`next`: the offset that comes next, by partition; `vault_mark`: up to when Vault's log was read."""

    sides: TwoSided = field(default_factory=TwoSided)
    next: dict[TopicPartition, int] = field(default_factory=dict)
    vault_mark: int = 0


def to_bytes(known: Known) -> bytes:
    """All of it."""
    sides = known.sides
    state = {
        "form": FORM,
        "window": sides.window_ms,
        "uses": [asdict(it) for it in sides.uses],
        "covered": sorted([astuple(claim), it.starts, it.ends] for claim, it in sides.covered.items()),
        "left": sorted([astuple(claim), it] for claim, it in sides.left.items()),
        "raised": sides.raised,
        "heard": {
            "since": sides.heard.since,
            "judged": sides.heard.judged,
            "expected": sides.heard.expected,
            "lines": {name: [it.starts, it.ends] for name, it in sides.heard.lines.items()},
        },
        "matched": sides.matched,
        "told": sides.told,
        "guessing": asdict(sides.guessing),
        "next": sorted([place.topic, place.partition, at] for place, at in known.next.items()),
        "vault_mark": known.vault_mark,
    }
    return zlib.compress(json.dumps(state, sort_keys=True, separators=(",", ":")).encode())


def restored(data: bytes) -> Known | None:
    """What was kept; None where it is of another form."""
    state = json.loads(zlib.decompress(data))
    if state["form"] != FORM:
        return None
    covered = {_claim(claim): Covered(starts, ends) for claim, starts, ends in state["covered"]}
    left = {_claim(claim): times for claim, times in state["left"]}
    sides = TwoSided(
        state["window"],
        [_use(it) for it in state["uses"]],
        defaultdict(Covered, covered),
        defaultdict(list, left),
        state["raised"],
        state["matched"],
        state["told"],
        Guessing(**state["guessing"]),
    )
    sides.heard = _heard(state["heard"], sides.window_ms)
    places = {TopicPartition(topic, partition): at for topic, partition, at in state["next"]}
    return Known(sides, places, state["vault_mark"])


def _heard(plain: Mapping[str, Any], window_ms: int) -> Heard:
    lines = {name: Covered(starts, ends) for name, (starts, ends) in plain["lines"].items()}
    expected = defaultdict(list, plain["expected"])
    return Heard(window_ms, plain["since"], expected, defaultdict(Covered, lines), plain["judged"])


def _claim(plain: list[str]) -> Claim:
    identity, operation, target, narrowed = plain
    return Claim(identity, Operation(operation), target, narrowed)


def _use(plain: Mapping[str, Any]) -> VaultUse:
    enumerated = {"operation": Operation(plain["operation"]), "outcome": Outcome(plain["outcome"])}
    return VaultUse(**{**plain, **enumerated, "contexts": tuple(plain["contexts"])})
