"""The signed order to release one quarantined record, and why records may be released.

The order stands under `release/P/<partition>.<offset>.<revision>/<signer>`: the raw record there, which ended in
quarantine as this revision, is redacted once more as the next one. Its body names the policy version whose people
looked at it, and a reason. It is in force once an operator and an approver have signed the same body.

- `accepted_risk` and `false_alarm` set the policy's risk threshold aside, for this record, under this very policy
  version; every other check holds.
- `newer_policy` and `mended` set nothing aside: a newer policy, or what was mended, is to let it pass.

`RELEASABLE` says which of them make sense for what a record was quarantined for. A leak that verification found is
never released as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from schemas.errors import Reason
from schemas.reredaction import MAX_NUMBER

MAX_BODY_BYTES = 80
_TARGET = re.compile(r"(0|[1-9][0-9]{0,9})\.(0|[1-9][0-9]{0,18})\.([1-9][0-9]{0,5})")
_HIGHEST_PARTITION = 2**31 - 1
_HIGHEST_OFFSET = 2**63 - 2


class ReleaseReason(StrEnum):
    """Why a record is released. Enumerated: free text on `control` could quote content."""

    ACCEPTED_RISK = "accepted_risk"
    """The risk is known and taken."""
    FALSE_ALARM = "false_alarm"
    """The score is wrong about this record."""
    NEWER_POLICY = "newer_policy"
    """A policy signed since then treats it otherwise."""
    MENDED = "mended"
    """What was amiss beside the record (a key, a schema, a recognizer, a batch's name) is there now."""


IN_SPITE = frozenset({ReleaseReason.ACCEPTED_RISK, ReleaseReason.FALSE_ALARM})
"""These set the risk threshold aside."""
_CHANGED = frozenset({ReleaseReason.NEWER_POLICY, ReleaseReason.MENDED})
_MENDED = frozenset({ReleaseReason.MENDED})
RELEASABLE: Mapping[Reason, frozenset[ReleaseReason]] = MappingProxyType(
    {
        Reason.RISK_TOO_HIGH: IN_SPITE | _CHANGED,
        **dict.fromkeys(
            (
                Reason.VERIFICATION_FAILED,
                Reason.DETECTION_FAILED,
                Reason.MAPPING_TOO_LARGE,
                Reason.TOO_LARGE,
            ),
            _CHANGED,
        ),
        **dict.fromkeys(
            (
                Reason.UNKNOWN_DATA_KEY,
                Reason.RETIRED_DATA_KEY,
                Reason.UNDECRYPTABLE,
                Reason.UNKNOWN_SCHEMA,
                Reason.UNDECODABLE,
                Reason.UNKNOWN_BATCH,
                Reason.UNKNOWN_SKILL,
            ),
            _MENDED,
        ),
    }
)
"""By why a record was quarantined. What isn't here (bad JSON, a missing header) stays so, whatever is mended."""


@dataclass(frozen=True, slots=True, order=True)
class QuarantineRelease:
    """An order: the record and the revision that is in quarantine, the lowest policy version, and why."""

    partition: int
    offset: int
    revision: int
    policy: int
    reason: ReleaseReason

    @property
    def target(self) -> str:
        """The record, as the order's key has it."""
        return release_target(self.partition, self.offset, self.revision)

    @property
    def in_spite(self) -> bool:
        """Whether it sets the risk threshold aside."""
        return self.reason in IN_SPITE


def release_target(partition: int, offset: int, revision: int) -> str:
    """A quarantined revision of a raw record: `0.17.1`."""
    return f"{partition}.{offset}.{revision}"


def read_release_target(target: str) -> tuple[int, int, int] | None:
    """Partition, offset and revision that `release_target` wrote; None for anything else."""
    found = _TARGET.fullmatch(target)
    if found is None:
        return None
    partition, offset, revision = (int(part) for part in found.groups())
    fits = partition <= _HIGHEST_PARTITION and offset <= _HIGHEST_OFFSET
    return (partition, offset, revision) if fits else None


def release_body(order: QuarantineRelease) -> bytes:
    """The bytes that order it; the same for all who sign it."""
    content = {"policy": order.policy, "reason": order.reason.value}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def read_release(target: str, body: bytes) -> QuarantineRelease | None:
    """The order that `release_body` wrote, under its target; None for anything else."""
    place = read_release_target(target)
    try:
        content = json.loads(body) if len(body) <= MAX_BODY_BYTES else None
    except (ValueError, RecursionError):
        return None
    if place is None or not isinstance(content, dict) or content.keys() != {"policy", "reason"}:
        return None
    policy, reason = content["policy"], content["reason"]
    if type(policy) is not int or not 1 <= policy <= MAX_NUMBER:
        return None
    if not isinstance(reason, str) or reason not in set(ReleaseReason):
        return None
    order = QuarantineRelease(*place, policy, ReleaseReason(reason))
    return order if release_body(order) == body else None  # two spellings would be two orders
