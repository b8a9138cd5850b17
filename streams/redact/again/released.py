"""Copies from quarantine as redact takes them: opened only where its own book says that two have released them.

What a copy says of itself suffices for nothing: the order must be in force here, and the entry opens only as what
lay at the place that the order names.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
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
FORGOTTEN_MS = 2 * PATIENCE_MS
"""Then a copy that was refused waits anew: it may be another one, whose order is on its way by now."""
MOST_AWAITED = 1_000
"""Twice what a batch holds."""


class Releases:
    """Takes released copies of one project, one by one."""

    def __init__(self, project: str, codec: Codec, transit: Transit, orders: Orders) -> None:
        self._project = project
        self._codec = codec
        self._orders = orders
        self._keys = UnwrappedKeys(transit, f"quarantine-{project}")
        self._awaited: OrderedDict[RawReference, int] = OrderedDict()
        """The revisions whose orders were not here, and since when; what was refused since then, too: a batch that
        is read once more must not wait anew.
        """

    def waiting(self, now: int) -> bool:
        """Whether copies have to wait for an order, which may be on its way."""
        return any(self._waits(raw, now) for raw in self._awaited)

    def expect(self, arrivals: Iterable[Arrival], now: int) -> None:
        """Note whose orders are not here. Raises LogUnavailable where one may be on its way."""
        missing = [it.raw for it in arrivals if it.released and not self._find(it.raw)]
        for raw in missing:
            if not 0 <= now - self._awaited.get(raw, now) < FORGOTTEN_MS:
                del self._awaited[raw]
            self._awaited.setdefault(raw, now)
            if len(self._awaited) > MOST_AWAITED:
                self._awaited.popitem(last=False)
        if any(self._waits(raw, now) for raw in missing):
            raise LogUnavailable("a record released from quarantine waits for its order to be read from control")

    def _waits(self, raw: RawReference, now: int) -> bool:
        return 0 <= now - self._awaited[raw] < PATIENCE_MS and not self._find(raw)

    def take(self, arrived: Arrival) -> Arrival:
        """The record as it came to quarantine, with the orders about it, after `expect`.

        Raises Refused where nobody has released it (`unsigned`), or the copy is of another record than it says;
        Undecodable where it is no entry of quarantine.
        """
        entry = self._codec.decode(arrived.message.value or b"", Quarantined)
        if entry.raw != replace(arrived.raw, revision=arrived.raw.revision - 1):
            raise Refused(Reason.BAD_REQUEST, "a copy from quarantine is of another record than it says")
        orders = self._find(arrived.raw)
        if not orders:
            raise Refused(Reason.UNSIGNED, "nobody has released this record from quarantine")
        return replace(self._opened(arrived, entry), orders=orders)

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
