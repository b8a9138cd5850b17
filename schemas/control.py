"""Signed desired state on `control`: what the signature covers, and the kinds of body.

Keys end in their signer: `policy/P/<hash>/<signer>`, `withdraw/P/<task>/<signer>`. Versions rise a key.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

_MESSAGE = b"veilstream/control/v1\n"


class ControlKind(StrEnum):
    """What a control record asks for."""

    POLICY = "policy"
    WITHDRAW = "withdraw"


class WithdrawalReason(StrEnum):
    """Why a task is pulled. Enumerated, since it is on `control` and the audit: free text could quote content."""

    PERSONAL_DATA = "personal_data"
    SECRET = "secret"  # noqa: S105 - a reason, not a password
    OTHER_SENSITIVE = "other_sensitive"
    SUBJECT_REQUEST = "subject_request"
    WRONG_RECORD = "wrong_record"
    REHEARSAL = "rehearsal"


def control_message(key: str, version: int, kind: str, body: bytes) -> bytes:
    """The bytes a signer signs (Ed25519): no field can move into another."""
    return _MESSAGE + f"{key}\n{version}\n{kind}\n{hashlib.sha256(body).hexdigest()}\n".encode()


def withdrawn_task(key: str, project: str) -> str | None:
    """The task that a control key of `project` withdraws, or None where the key is about something else."""
    parts = key.split("/")
    if len(parts) < 3 or parts[:2] != [ControlKind.WITHDRAW.value, project]:  # noqa: PLR2004 - kind, P, task
        return None
    return parts[2] or None
