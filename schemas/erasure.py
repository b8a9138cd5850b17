"""The signed order to erase a person from a project, and why people are erased.

It stands under `erase/P/<subject hash>/<signer>`: the keyed hash (`hmac-P-subject`) of what a policy's `subject`
paths hold of the person, so that nobody reads from `control` who it is. In force once one of each role that
`flow.yaml` names has signed the same hash, for ever: these orders are the suppression list, too
(`topology/decisions/0012`).
"""

from __future__ import annotations

import json
import re
from enum import StrEnum

from schemas.control import ControlKind

MAX_BODY_BYTES = 100
_REASON = re.compile(r"[a-z][a-z_]{0,39}")
_HASH = re.compile(r"[0-9a-f]{64}")


class ErasureReason(StrEnum):
    """Why a person is erased. Enumerated: free text on `control` could name them."""

    SUBJECT_REQUEST = "subject_request"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    UNLAWFUL = "unlawful"
    LEGAL_ORDER = "legal_order"
    REHEARSAL = "rehearsal"


def erasure_key(project: str, subject: str, signer: str) -> str:
    """Under which this signer erases the subject of this hash (64 hexadecimal digits)."""
    return f"{erasure_concern(project, subject)}/{signer}"


def erasure_concern(project: str, subject: str) -> str:
    """What all who sign it have in common."""
    return f"{ControlKind.ERASE}/{project}/{subject}"


def erasure_body(reason: ErasureReason) -> bytes:
    """The bytes that order it."""
    return json.dumps({"reason": reason.value}, separators=(",", ":")).encode()


def read_erasure(body: bytes) -> str | None:
    """The reason that `erasure_body` wrote; None for anything else. One of a newer version is taken all the same:
    its erasure must hold.
    """
    try:
        content = json.loads(body) if len(body) <= MAX_BODY_BYTES else None
    except (ValueError, RecursionError):
        return None
    reason = content.get("reason") if isinstance(content, dict) and len(content) == 1 else None
    return reason if isinstance(reason, str) and _REASON.fullmatch(reason) else None


def erased_subject(key: str, project: str) -> str | None:
    """The subject hash that a control key, or concern, of `project` erases; None where it is about anything
    else.
    """
    parts = key.split("/")
    if parts[:2] != [ControlKind.ERASE.value, project] or len(parts) not in {3, 4}:
        return None
    return parts[2] if _HASH.fullmatch(parts[2]) else None
