"""Signed desired state on `control`: what the signature covers, and the kinds of body.

Keys end in their signer: `policy/P/<hash>/<signer>`, `minimum/P/<version>/<signer>`, `freeze/P/<signer>`,
`withdraw/P/<task>/<signer>`, `pause/P/<project, or batch.name>/<signer>`,
`exclude/P/<person>.<batch.name, or task.id>/<signer>`, `replay/P/<signer>`, `job/P/<hash>/<signer>`,
`lift/P/<who froze>/<signer>`, `readmit/P/<person>/<signer>`, `revoke/P/<person>/<signer>`,
`reinstate/P/<person>/<signer>`, `reredact/P/<signer>` (`schemas.reredaction`),
`release/P/<partition>.<offset>.<revision>/<signer>` (`schemas.quarantine_release`),
`grant/P/<SHA-256 of the request>/<signer>` (`schemas.grants`), `erase/P/<subject hash>/<signer>`
(`schemas.erasure`), `export/P/<SHA-256 of the order>/<signer>` (`schemas.export_order`). Versions rise a key.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_MESSAGE = b"veilstream/control/v1\n"
_STAGE = re.compile(r"[a-z][a-z0-9-]{0,39}")
_REASON = re.compile(r"[a-z][a-z_]{0,39}")
_ON, _OFF = b'{"on":true}', b'{"on":false}'
_ENDPOINT = re.compile(r"([a-z][a-z0-9-]{0,39})?")
_MESSAGE_ID = re.compile(r"(msg_[0-9a-f]{32})?")
MAX_REPLAY_BYTES = 300
MAX_FREEZE_BYTES = 2_000
"""Sixteen stages and a reason are 700 bytes."""
MAX_VERSION = 2**62
"""Versions are times in milliseconds; what comes after this one must still be an Avro long."""
MAX_LIFT_BYTES = 100
"""A number of nineteen digits and its name."""
MAX_REVOCATION_BYTES = 100
"""A reason of forty letters and its name."""


class ControlKind(StrEnum):
    """What a control record asks for."""

    POLICY = "policy"
    MINIMUM = "minimum"
    FREEZE = "freeze"
    WITHDRAW = "withdraw"
    PAUSE = "pause"
    EXCLUDE = "exclude"
    REPLAY = "replay"
    JOB = "job"
    LIFT = "lift"
    """Two people end what somebody, a person or a process, has frozen."""
    READMIT = "readmit"
    """A person who was paused for their answers on gold may label again."""
    REVOKE = "revoke"
    """A person or an app may do nothing in the project any more, from now on."""
    REINSTATE = "reinstate"
    """Two people let who was revoked in again."""
    REREDACT = "reredact"
    """Two people order that raw records are redacted once more."""
    RELEASE = "release"
    """Two people release a record from quarantine: it is redacted once more, by itself."""
    GRANT = "grant"
    """A person asks to see one task's values; others approve, deny, revoke."""
    ERASE = "erase"
    """Two people erase whom records speak of; for ever, so that nothing brings them back."""
    EXPORT = "export"
    """Two people order that sanitized texts may be taken out with their labels, for a while."""


class Freezable(StrEnum):
    """The stages that stop releasing when they are frozen."""

    REDACT = "redact"
    """Raw records wait on their topic; no new task."""
    LABEL = "label"
    """No new lease; who has one may finish it."""


class FreezeReason(StrEnum):
    """Why a stage is to stop. Enumerated, as a withdrawal's reason is."""

    LEAK = "leak"
    INCIDENT = "incident"
    POLICY = "policy"
    MAINTENANCE = "maintenance"
    REHEARSAL = "rehearsal"


class RevocationReason(StrEnum):
    """Why somebody is revoked. Enumerated, as a withdrawal's reason is."""

    STOLEN_ACCOUNT = "stolen_account"
    MISUSE = "misuse"
    LEAKING_APP = "leaking_app"
    LEFT = "left"
    INCIDENT = "incident"
    REHEARSAL = "rehearsal"


class WithdrawalReason(StrEnum):
    """Why a task is pulled. Enumerated, since it is on `control` and the audit: free text could quote content."""

    PERSONAL_DATA = "personal_data"
    SECRET = "secret"  # noqa: S105 - a reason, not a password
    OTHER_SENSITIVE = "other_sensitive"
    SUBJECT_REQUEST = "subject_request"
    WRONG_RECORD = "wrong_record"
    SUPERSEDED = "superseded"
    """Its record was redacted again, and is another task now or none."""
    REHEARSAL = "rehearsal"


@dataclass(frozen=True, slots=True)
class Freeze:
    """The body of `freeze/P/<signer>`: stages that are to stop, one at least."""

    stages: frozenset[str]
    reason: str


def freeze_body(stages: Iterable[Freezable], reason: FreezeReason) -> bytes:
    """The bytes that stop these stages."""
    content = {"reason": reason.value, "stages": sorted({stage.value for stage in stages})}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def read_freeze(body: bytes) -> Freeze | None:
    """What `freeze_body` wrote; None for anything else.

    Stages and reasons that this version does not know are taken all the same: a freeze by a newer one must hold.
    """
    if len(body) > MAX_FREEZE_BYTES:
        return None
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.keys() != {"reason", "stages"}:
        return None
    stages, reason = content["stages"], content["reason"]
    if not isinstance(stages, list) or not stages or not all(_named(stage, _STAGE) for stage in stages):
        return None
    return Freeze(frozenset(stages), reason) if _named(reason, _REASON) else None


def switch_body(*, on: bool) -> bytes:
    """The bytes that order a pause or an exclusion, or lift it."""
    return _ON if on else _OFF


def read_switch(body: bytes) -> bool | None:
    """What `switch_body` wrote; None for anything else."""
    return {_ON: True, _OFF: False}.get(body)


@dataclass(frozen=True, slots=True)
class Replay:
    """The body of `replay/P/<signer>`: which messages are sent again. Empty names mean all.

    `since` in milliseconds: of what has happened from then on. `version` is that of the order on `control`.
    """

    since: int
    endpoint: str = ""
    message_id: str = ""
    version: int = 0


def replay_body(replay: Replay) -> bytes:
    """The bytes that order it."""
    content = {"endpoint": replay.endpoint, "message": replay.message_id, "since": replay.since}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def read_replay(body: bytes, version: int = 0) -> Replay | None:
    """What `replay_body` wrote; None for anything else."""
    if len(body) > MAX_REPLAY_BYTES:
        return None
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.keys() != {"endpoint", "message", "since"}:
        return None
    since, endpoint, message_id = content["since"], content["endpoint"], content["message"]
    if not isinstance(since, int) or isinstance(since, bool) or since < 0:
        return None
    named = _named(endpoint, _ENDPOINT) and _named(message_id, _MESSAGE_ID)
    return Replay(since, endpoint, message_id, version) if named else None


def lift_body(version: int) -> bytes:
    """The bytes that say that somebody's freezes up to this version are over; a later one holds again."""
    return json.dumps({"version": version}, separators=(",", ":")).encode()


def read_lift(body: bytes) -> int | None:
    """The version that `lift_body` wrote; None for anything else."""
    try:
        content = json.loads(body) if len(body) <= MAX_LIFT_BYTES else None
    except (ValueError, RecursionError):
        return None
    version = content.get("version") if isinstance(content, dict) and len(content) == 1 else None
    return version if type(version) is int and 0 < version <= MAX_VERSION else None


def revocation_body(reason: RevocationReason) -> bytes:
    """The bytes that revoke somebody."""
    return json.dumps({"reason": reason.value}, separators=(",", ":")).encode()


def withdrawal_body(reason: WithdrawalReason) -> bytes:
    """The bytes that withdraw a task."""
    return json.dumps({"reason": reason.value}, separators=(",", ":")).encode()


def read_revocation(body: bytes) -> str | None:
    """The reason that `revocation_body` wrote; None for anything else. A reason of a newer version is taken all
    the same: its revocation must hold.
    """
    try:
        content = json.loads(body) if len(body) <= MAX_REVOCATION_BYTES else None
    except (ValueError, RecursionError):
        return None
    reason = content.get("reason") if isinstance(content, dict) and len(content) == 1 else None
    return reason if isinstance(reason, str) and _named(reason, _REASON) else None


def revoked_person(key: str, project: str) -> str | None:
    """Whom a control key of `project` revokes, or None where the key is about something else."""
    return _target(key, ControlKind.REVOKE, project)


def readmitted_person(key: str, project: str) -> str | None:
    """The person whom a control key of `project` readmits, or None where the key is about something else."""
    return _target(key, ControlKind.READMIT, project)


def control_message(key: str, version: int, kind: str, body: bytes) -> bytes:
    """The bytes a signer signs (Ed25519): no field can move into another."""
    return control_message_of(key, version, kind, hashlib.sha256(body).hexdigest())


def control_message_of(key: str, version: int, kind: str, body_sha256: str) -> bytes:
    """The same by the SHA-256 of the body in hex, for who keeps no bodies."""
    return _MESSAGE + f"{key}\n{version}\n{kind}\n{body_sha256}\n".encode()


def withdrawn_task(key: str, project: str) -> str | None:
    """The task that a control key of `project` withdraws, or None where the key is about something else."""
    parts = key.split("/")
    if len(parts) < 3 or parts[:2] != [ControlKind.WITHDRAW.value, project]:  # noqa: PLR2004 - kind, P, task
        return None
    return parts[2] or None


def _target(key: str, kind: ControlKind, project: str) -> str | None:
    """Whom or what a key of this kind and project is about."""
    found, _, rest = key.partition("/")
    where, _, target = rest.partition("/")
    return (target.partition("/")[0] or None) if (found, where) == (kind.value, project) else None


def _named(value: object, names: re.Pattern[str]) -> bool:
    return isinstance(value, str) and names.fullmatch(value) is not None
