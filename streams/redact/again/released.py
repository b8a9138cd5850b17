"""Copies from quarantine as redact takes them: opened only where its own book says that two have released them.

What a copy says of itself suffices for nothing: the order must be in force here, and the entry opens only as what
lay at the place that the order names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from schemas.codec import Codec
from schemas.errors import LogUnavailable, Reason, Refused, Undecryptable
from schemas.hidden import SealedBytes
from schemas.quarantine_release import QuarantineRelease, release_target
from schemas.records import Quarantined, RawReference
from streams.redact.again.arrivals import Arrival
from vault.data_keys import UnwrappedKeys
from vault.interface import Transit, WrappedKey
from vault.keys import open_sealed, quarantine_binding, unframed

Orders = Callable[[str], Sequence[QuarantineRelease]]
"""The orders in force about a quarantined revision (`release_target`)."""
PATIENCE_MS = 60_000
"""Replay may have read an order that we have not: the copy waits. Nobody works who has not taken up all that lay
on `control` half a minute ago (`STALE_AFTER_S`): after twice that an order that is not here was never there.
"""


class Releases:
    """Takes released copies of one project, one by one."""

    def __init__(self, project: str, codec: Codec, transit: Transit, orders: Orders) -> None:
        self._project = project
        self._codec = codec
        self._orders = orders
        self._keys = UnwrappedKeys(transit, f"quarantine-{project}")
        self._awaited: tuple[RawReference, int] | None = None
        """The revision whose order is not here yet, and since when."""

    def waiting(self, now: int) -> bool:
        """Whether copies have to wait for an order, which may be on its way."""
        if self._awaited is None or self._find(self._awaited[0]):
            return False
        return 0 <= now - self._awaited[1] < PATIENCE_MS

    def take(self, arrived: Arrival, now: int) -> Arrival:
        """The record as it came to quarantine, with the orders about it.

        Raises LogUnavailable where it has to wait, Refused (`unsigned`) where nobody has released it, Undecodable
        and Unparseable for what is no entry of this record.
        """
        entry = self._codec.decode(arrived.message.value or b"", Quarantined)
        if entry.raw != replace(arrived.raw, revision=arrived.raw.revision - 1):
            raise Refused(Reason.BAD_REQUEST, "a copy from quarantine is of another record than it says")
        orders = self._find(arrived.raw)
        if not orders:
            self._await(arrived.raw, now)
            raise Refused(Reason.UNSIGNED, "nobody has released this record from quarantine")
        return replace(self._opened(arrived, entry), orders=orders)

    def _await(self, raw: RawReference, now: int) -> None:
        if self._awaited is None or self._awaited[0] != raw:
            self._awaited = (raw, now)
        if self.waiting(now):
            raise LogUnavailable("a record released from quarantine waits for its order to be read from control")

    def _find(self, raw: RawReference) -> tuple[QuarantineRelease, ...]:
        """About the revision before this one."""
        return tuple(self._orders(release_target(raw.partition, raw.offset, raw.revision - 1)))

    def _opened(self, arrived: Arrival, entry: Quarantined) -> Arrival:
        """Where it does not open, or holds nothing but its place, it can't but go back."""
        message = arrived.message
        binding = quarantine_binding(self._project, message.topic, message.partition, message.offset)
        try:
            secret = self._keys.one(WrappedKey(entry.wrapped_key, entry.context))
            key, value, *headers = unframed(open_sealed(secret, SealedBytes(entry.sealed), binding))
        except Undecryptable as error:
            return replace(arrived, fault=error.reason)
        if not (key or value or headers):
            return replace(arrived, fault=Reason.TOO_LARGE)
        original = replace(message, key=key, value=value, headers=_paired(headers))
        return replace(arrived, message=original)


def _paired(parts: Sequence[bytes]) -> Mapping[str, bytes]:
    return {name.decode(): value for name, value in zip(parts[::2], parts[1::2], strict=True)}
