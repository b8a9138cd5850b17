"""The withdrawal that a report orders: signed by label's own key, so that every stage pulls the task at once."""

from __future__ import annotations

import json
from collections.abc import Callable

from schemas.codec import Codec
from schemas.control import ControlKind, control_message
from schemas.records import ControlState
from streams.engine.messages import Outgoing


class WithdrawalOrders:
    """Makes signed `withdraw/<project>/<task>/<signer>` records.

    `sign` is Ed25519 by `sign-<signer>` in Vault and may raise VaultUnavailable. The version is the time in
    milliseconds: it rises without being remembered.
    """

    def __init__(self, project: str, codec: Codec, sign: Callable[[bytes], bytes]) -> None:
        self._project = project
        self._codec = codec
        self._sign = sign

    def __call__(self, task_id: str, reason: str, now: int) -> Outgoing:
        """The record for `control`."""
        signer = f"label.{self._project}"
        key = f"{ControlKind.WITHDRAW}/{self._project}/{task_id}/{signer}"
        body = json.dumps({"reason": reason}, separators=(",", ":")).encode()
        signature = self._sign(control_message(key, now, ControlKind.WITHDRAW, body))
        state = ControlState(key, now, ControlKind.WITHDRAW, body, signer, signature, now)
        return Outgoing("control", key.encode(), self._codec.encode(state))
