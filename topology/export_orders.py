"""Which orders to take out sanitized texts are signed, and by whom. Pure.

An order takes two people, who have signed the very same bytes. It ends by its own time; nothing prolongs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType

from schemas.export_order import ExportOrder


class ExportOrders:
    """Of one project. `enough`: whether the signatures of these people together suffice."""

    def __init__(self, enough: Callable[[AbstractSet[str]], bool]) -> None:
        self._enough = enough
        self._orders: dict[str, ExportOrder] = {}
        self._signed: dict[str, frozenset[str]] = {}

    def sign(self, name: str, order: ExportOrder, signer: str) -> bool:
        """Note a signature. Whether the order is fully signed by it."""
        before = self.is_signed(name)
        self._orders[name] = order
        self._signed[name] = self.signers(name) | {signer}
        return self.is_signed(name) and not before

    @property
    def every(self) -> Mapping[str, ExportOrder]:
        """All that anybody has signed, by name."""
        return MappingProxyType(self._orders)

    def signers(self, name: str) -> frozenset[str]:
        """Who has signed."""
        return self._signed.get(name, frozenset())

    def is_signed(self, name: str, but: AbstractSet[str] = frozenset()) -> bool:
        """Whether those have who must, and whom it names; the signatures of some (revoked since) left out."""
        signers = self.signers(name) - but
        order = self._orders.get(name)
        return order is not None and order.person in signers and self._enough(signers)
