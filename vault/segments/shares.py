"""How a values entry's key follows from the two halves, so that neither half opens anything alone.

An approver's client unwraps its half (k1 of group a, or k2 of group b) and releases `share(half, task id)`: good
for that one task, and says nothing about the half. Two shares give the key: HKDF-SHA-256 (RFC 5869).
"""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from schemas.hidden import SecretBytes
from vault.keys import KEY_BYTES, framed

_SHARE = b"veilstream/values-share/v1"
_KEY = b"veilstream/values-key/v1"


def share(half: SecretBytes, task_id: str) -> SecretBytes:
    """What one group of approvers releases for one task: HMAC-SHA-256(half, task id)."""
    return SecretBytes(hmac.digest(half.data, framed(_SHARE, task_id), "sha256"))


def combine(
    share_a: SecretBytes, share_b: SecretBytes, *, project: str, segment_id: str, task_id: str
) -> SecretBytes:
    """The key of the one values entry whose two shares these are."""
    info = framed(_KEY, project, segment_id, task_id)
    derivation = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=info)
    return SecretBytes(derivation.derive(share_a.data + share_b.data))
