"""The keys of `control`, taken apart, and what a body must be under each."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from schemas.control import ControlKind, read_freeze, read_lift, read_replay, read_revocation, read_switch
from schemas.erasure import read_erasure
from schemas.export_order import read_order
from schemas.grants import fits_grant
from schemas.quarantine_release import read_release
from schemas.reredaction import read_reredaction
from schemas.routing import NAME_PATTERN
from topology.policies.model import MAX_VERSION

_HASH = re.compile(r"[0-9a-f]{64}")
_TASK = re.compile(r"[0-9a-f]{32}")
_VERSION = re.compile(r"[1-9][0-9]{0,5}|1000000")  # as a policy's
_PERSON = re.compile(r"[a-z][a-z0-9-]{0,39}")
_SIGNER = re.compile(rf"{_PERSON.pattern}(\.{_PERSON.pattern})?")
_TARGETS: dict[ControlKind, re.Pattern[str] | None] = {
    ControlKind.POLICY: _HASH,  # SHA-256 of the policy's bytes
    ControlKind.MINIMUM: _VERSION,
    ControlKind.FREEZE: None,  # it is about the project as a whole
    ControlKind.WITHDRAW: _TASK,
    ControlKind.PAUSE: re.compile(rf"project|batch\.{NAME_PATTERN}"),
    ControlKind.EXCLUDE: re.compile(rf"{NAME_PATTERN}\.(batch\.{NAME_PATTERN}|task\.{_TASK.pattern})"),
    ControlKind.REPLAY: None,
    ControlKind.JOB: _HASH,  # SHA-256 of the labeling job's bytes
    ControlKind.LIFT: _SIGNER,  # whose freezes are over: a person's or a process's
    ControlKind.READMIT: _PERSON,
    ControlKind.REVOKE: _PERSON,  # or an app; processes are stopped, not revoked
    ControlKind.REINSTATE: _PERSON,
    ControlKind.REREDACT: None,
    ControlKind.RELEASE: re.compile(r"[0-9]+\.[0-9]+\.[0-9]+"),  # a quarantined revision; the body says more
    ControlKind.GRANT: _HASH,  # SHA-256 of the request
    ControlKind.ERASE: _HASH,  # the keyed hash of the subject
    ControlKind.EXPORT: _HASH,  # SHA-256 of the order
}
_BODIES: dict[ControlKind, Callable[[bytes], object]] = {
    ControlKind.FREEZE: read_freeze,
    ControlKind.PAUSE: read_switch,
    ControlKind.EXCLUDE: read_switch,
    ControlKind.REPLAY: read_replay,
    ControlKind.LIFT: read_lift,
    ControlKind.REVOKE: read_revocation,
    ControlKind.REINSTATE: read_lift,
    ControlKind.REREDACT: read_reredaction,
    ControlKind.ERASE: read_erasure,
}
"""What reads a body of each kind, None where it can't; any will do for the others."""


@dataclass(frozen=True, slots=True)
class ControlKey:
    """`policy/demo/<hash>/ada`, `freeze/demo/olga`, `withdraw/demo/<task>/label.demo` in parts.

    `target` is empty where the kind has none.
    """

    kind: ControlKind
    project: str
    target: str
    signer: str

    @property
    def concern(self) -> str:
        """What it is about: the key without its signer."""
        return "/".join(part for part in (self.kind.value, self.project, self.target) if part)

    def __str__(self) -> str:
        return f"{self.concern}/{self.signer}"


def parse_key(key: str) -> ControlKey | None:
    """The key taken apart; None where it is no key of `control`."""
    kind, *rest = key.split("/")
    if kind not in set(ControlKind) or not all(rest):
        return None
    pattern = _TARGETS[ControlKind(kind)]
    match rest:
        case [project, signer] if pattern is None:
            return ControlKey(ControlKind(kind), project, "", signer)
        case [project, target, signer] if pattern is not None and pattern.fullmatch(target):
            return ControlKey(ControlKind(kind), project, target, signer)
    return None


def fits(key: ControlKey, body: bytes) -> bool:
    """Whether the body is one that can stand under this key."""
    if key.kind in (ControlKind.POLICY, ControlKind.JOB):
        return hashlib.sha256(body).hexdigest() == key.target and policy_version(body) is not None
    if key.kind is ControlKind.RELEASE:
        return read_release(key.target, body) is not None
    if key.kind is ControlKind.GRANT:
        return fits_grant(key.target, key.signer, body)
    if key.kind is ControlKind.EXPORT:
        return read_order(key.target, body) is not None
    read = _BODIES.get(key.kind)
    return read is None or read(body) is not None


def policy_version(body: bytes) -> int | None:
    """The version that the body of a policy or a job gives itself; None where it gives none."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    version = content.get("version") if isinstance(content, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        return None
    return version if 1 <= version <= MAX_VERSION else None
