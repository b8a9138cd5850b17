"""What a grant hands over, from whom to whom: two shares and the sealed entry of one task (decisions/0002).

Each lies as a token that unwraps once in a document that is the requester's alone, `share-a/<requester>/<grant>`,
`share-b/…`, `entry/…`. An approver's client makes a share, reveal hands out the entry, the requester's client puts
the three together. What this opens is never written anywhere.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from schemas.errors import Reason, Refused, Undecodable, Undecryptable
from schemas.grants import GrantRequest
from schemas.hidden import Hidden, SealedBytes, SecretBytes
from vault import wrapped
from vault.interface import Documents, Transit, Wrapping
from vault.keys import open_sealed
from vault.segments.apart import SegmentTopics, entries_at, open_apart
from vault.segments.document import KeyReference, Layer, LayerDocument, entry_binding
from vault.segments.halves import GROUPS, transit_key
from vault.segments.shares import combine, share

ENTRY = "entry"
SHARES = tuple(f"share-{group}" for group in GROUPS)
FOLDERS = (*SHARES, ENTRY)
_SEALED, _SEGMENT, _SEED = "sealed", "segment", "seed"
Unwrap = Callable[[str], Mapping[str, str]]
"""`vault.wrapping.Unwrapping`, at one Vault."""


class ApproversVault(Transit, Documents, Wrapping, Protocol):
    """What an approver's client asks of Vault, by the token of their second factor."""


class RevealsVault(Documents, Wrapping, Protocol):
    """What reveal asks of Vault."""


@dataclass(frozen=True, slots=True)
class Handing:
    """One grant: whose, and about what."""

    project: str
    grant_id: str
    request: GrantRequest

    def path(self, folder: str) -> str:
        """Where something that is handed over lies."""
        return f"{folder}/{self.request.requester}/{self.grant_id}"

    def left_s(self, now: int) -> int:
        """How many seconds it still lasts; a token lives no longer."""
        return max(0, (self.request.until - now) // 1000)


def release_share(vault: ApproversVault, handing: Handing, group: str, half: KeyReference, now: int) -> None:
    """Open the half of group `a` or `b` and hand over what is good for this one task. The half is not kept.

    Raises Refused (`not_permitted`: another document than a half of the group; `duplicate`: a share lies there;
    `unknown_segment`: the half is gone; `stale_token`: the grant is over), Undecryptable, and as Vault does.
    """
    if not half.document.startswith(f"half-{group}/"):
        raise Refused(Reason.NOT_PERMITTED, f"{half.document} is no half of group {group}")
    if handing.left_s(now) < 1:
        raise Refused(Reason.STALE_TOKEN, "the grant is over")
    released = share(_half(vault, handing.project, group, half), handing.request.task_id)
    _hand_over(vault, handing, f"share-{group}", {_SEALED: _text(released.data)}, now)


def _half(vault: ApproversVault, project: str, group: str, half: KeyReference) -> SecretBytes:
    found = vault.read(half.document)
    if found is None:
        raise Refused(Reason.UNKNOWN_SEGMENT, f"{half.document} is no longer in Vault")
    key = wrapped.unpack(found.blob)
    if key.context != half.context:
        raise Undecodable(Reason.UNDECODABLE, f"{half.document} is not the half that its segment names")
    (opened,) = vault.unwrap(transit_key(group, project), [key])
    if isinstance(opened, Undecryptable):
        raise opened
    return opened


def halves_of(document: LayerDocument) -> tuple[KeyReference, KeyReference]:
    """Where the two halves of a values document lie. Raises Undecodable."""
    if document.layer is not Layer.VALUES or len(document.keys) != len(GROUPS):
        raise Undecodable(Reason.UNDECODABLE, f"segment {document.segment_id} names no two halves")
    half_a, half_b = document.keys
    return half_a, half_b


@dataclass(frozen=True, slots=True)
class SealedValues:
    """A task's entry in the values layer. `seed`: where the entry lay apart from its document; else None."""

    segment_id: str
    sealed: SealedBytes
    seed: SealedBytes | None = None


def sealed_values(document: LayerDocument, task_id: str, topics: SegmentTopics) -> SealedValues:
    """The entry of a task, wherever it lies. Raises Refused (`withdrawn`), and as `entries_at`."""
    held = document.entries.get(task_id)
    if held is not None and document.place is None:
        return SealedValues(document.segment_id, held)
    sealed = None if held is None else entries_at(topics, document).get(task_id)
    if sealed is None:
        raise Refused(Reason.WITHDRAWN, f"task {task_id} has been withdrawn or erased")
    return SealedValues(document.segment_id, sealed, held)


def hand_entry(vault: RevealsVault, handing: Handing, values: SealedValues, now: int) -> None:
    """Hand over the sealed entry. Nothing happens where it was handed over before; else raises as Vault does."""
    content = {_SEALED: _text(values.sealed.data), _SEGMENT: values.segment_id}
    if values.seed is not None:
        content[_SEED] = _text(values.seed.data)
    try:
        _hand_over(vault, handing, ENTRY, content, now)
    except Refused as refused:
        if refused.reason is not Reason.DUPLICATE:
            raise


def take_back(vault: Documents, handing: Handing) -> None:
    """Destroy what lies there and was not taken."""
    for folder in FOLDERS:
        vault.destroy(handing.path(folder))


def _hand_over(vault: RevealsVault, handing: Handing, folder: str, content: Mapping[str, str], now: int) -> None:
    token = vault.wrap(content, max(1, handing.left_s(now)))
    vault.create(handing.path(folder), token.encode())


@dataclass(frozen=True, slots=True, repr=False)
class Collected(Hidden):
    """The two shares, taken: they can't be taken again."""

    share_a: SecretBytes
    share_b: SecretBytes


def collect_shares(vault: Documents, unwrap: Unwrap, handing: Handing) -> Collected:
    """Take both shares. Raises Refused (`unknown_lease`: one isn't there; and as `unwrap`), and as Vault does."""
    tokens = [_token(vault, handing, folder) for folder in SHARES]  # both first: none is used up for nothing
    first, second = (SecretBytes(_bytes(unwrap(token), _SEALED)) for token in tokens)
    return Collected(first, second)


def open_values(vault: Documents, unwrap: Unwrap, handing: Handing, shares: Collected) -> bytes:
    """Take the entry and open it: the original values by placeholder, as JSON.

    Raises Refused (`unknown_lease`: it isn't there yet; and as `unwrap`), Undecryptable, Undecodable, and as Vault
    does.
    """
    content = unwrap(_token(vault, handing, ENTRY))
    segment_id, task_id = content.get(_SEGMENT, ""), handing.request.task_id
    named = {"project": handing.project, "segment_id": segment_id, "task_id": task_id}
    key = combine(shares.share_a, shares.share_b, **named)
    binding = entry_binding(handing.project, segment_id, task_id, Layer.VALUES)
    sealed = SealedBytes(_bytes(content, _SEALED))
    if _SEED not in content:
        return open_sealed(key, sealed, binding)
    return open_apart(key, _bytes(content, _SEED), sealed, binding)


def _token(vault: Documents, handing: Handing, folder: str) -> str:
    found = vault.read(handing.path(folder))
    if found is None:
        raise Refused(Reason.UNKNOWN_LEASE, f"{handing.path(folder)} is not there")
    return found.blob.decode("ascii", "replace")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(content: Mapping[str, str], name: str) -> bytes:
    try:
        return base64.b64decode(content[name], validate=True)
    except (KeyError, binascii.Error):
        raise Undecodable(Reason.UNDECODABLE, "what was handed over was not wrapped by Veilstream") from None
