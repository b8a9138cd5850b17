"""The transit half of `vault.interface.Vault`, over `vault.session`."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import hvac

from schemas.errors import Reason, Undecryptable, VaultUnavailable
from schemas.hidden import SecretBytes
from vault.interface import DataKey, WrappedKey
from vault.keys import KEY_BYTES
from vault.session import Answer, Rejected, Session

TRANSIT_BATCH = 249
"""Vault refuses bodies with more than 1,000 JSON strings; an item has four (two names, two values)."""
_TOO_OLD = "disallowed by policy (too old)"
Result = dict[str, str]
"""Of one item of a batch, as Vault has it."""
MAX_ITEM = 4096
"""Characters of a wrapped key or its context: ours are below 100."""


class TransitClient:
    """See `vault.interface.Transit` for what each call does. Thread-safe."""

    def __init__(self, session: Session, mount: str = "transit") -> None:
        self._session = session
        self._engine = mount

    def data_key(self, key: str, context: str) -> DataKey:
        """A new data key wrapped by `key`."""
        answer = self._transit_call(
            f"make a data key of {key}",
            lambda client: _transit(client).generate_data_key(
                key, "plaintext", context=_base64(context), bits=256, mount_point=self._engine
            ),
        )
        return DataKey(_secret(answer["data"]["plaintext"]), answer["data"]["ciphertext"], context)

    def wrap_only(self, key: str, secret: SecretBytes, context: str) -> WrappedKey:
        """`secret` wrapped by `key`."""
        answer = self._transit_call(
            f"wrap a key by {key}",
            lambda client: _transit(client).encrypt_data(
                key, _base64(secret.data), context=_base64(context), mount_point=self._engine
            ),
        )
        return WrappedKey(answer["data"]["ciphertext"], context)

    def unwrap(self, key: str, wrapped: Sequence[WrappedKey]) -> list[SecretBytes | Undecryptable]:
        """The keys in clear, in order; one that does not open fails alone."""
        sent = [one for one in wrapped if _may_open(one)]
        answers = iter([_opened(result) for result in self._unwrap(key, sent)])
        return [next(answers) if _may_open(one) else _does_not_open() for one in wrapped]

    def rewrap(self, key: str, wrapped: Sequence[WrappedKey]) -> list[WrappedKey | Undecryptable]:
        """The same keys under the latest version, in order; one that does not open fails alone."""
        sent = [one for one in wrapped if _may_open(one)]
        answers = iter(
            [_rewrapped(one, result) for one, result in zip(sent, self._rewrap(key, sent), strict=True)]
        )
        return [next(answers) if _may_open(one) else _does_not_open() for one in wrapped]

    def sign(self, key: str, message: bytes) -> bytes:
        """An Ed25519 signature. Never prehashed: Vault ignores that option for Ed25519."""
        answer = self._transit_call(
            f"sign by {key}",
            lambda client: _transit(client).sign_data(key, hash_input=_base64(message), mount_point=self._engine),
        )
        return base64.b64decode(answer["data"]["signature"].rsplit(":", 1)[-1])

    def public_key(self, key: str) -> bytes:
        """The raw public key of the latest version."""
        answer = self._transit_call(
            f"read the public key of {key}",
            lambda client: _transit(client).read_key(key, mount_point=self._engine),
        )
        latest = answer["data"]["keys"][str(answer["data"]["latest_version"])]
        return base64.b64decode(latest["public_key"])

    def _unwrap(self, key: str, wrapped: Sequence[WrappedKey]) -> list[Result]:
        return self._in_batches(
            f"unwrap keys by {key}",
            wrapped,
            lambda client, items: _transit(client).decrypt_data(
                key, ciphertext="", batch_input=items, mount_point=self._engine
            ),
        )

    def _rewrap(self, key: str, wrapped: Sequence[WrappedKey]) -> list[Result]:
        return self._in_batches(
            f"rewrap keys by {key}",
            wrapped,
            lambda client, items: _transit(client).rewrap_data(
                key, ciphertext="", batch_input=items, mount_point=self._engine
            ),
        )

    def _in_batches(
        self, what: str, wrapped: Sequence[WrappedKey], action: Callable[[hvac.Client, list[Result]], Any]
    ) -> list[Result]:
        """Each item's result, in order."""
        found: list[Result] = []
        for start in range(0, len(wrapped), TRANSIT_BATCH):
            batch = wrapped[start : start + TRANSIT_BATCH]
            items = [{"ciphertext": one.wrapped, "context": _base64(one.context)} for one in batch]
            found += self._batch(what, len(items), partial(_on, action, items))
        return found

    def _batch(self, what: str, count: int, action: Callable[[hvac.Client], Any]) -> list[Result]:
        try:
            answer = self._session.call(what, action)
        except Rejected as rejected:
            # One item that fails turns the answer into a 400 that still holds every item's result.
            answer = rejected.answer
        results = (answer.get("data") or {}).get("batch_results") or []
        if len(results) != count:
            raise VaultUnavailable(f"Vault did not {what}: there is no such key, or it can't do that")
        return list(results)

    def _transit_call(self, what: str, action: Callable[[hvac.Client], Any]) -> Answer:
        try:
            return self._session.call(what, action)
        except Rejected:
            raise VaultUnavailable(f"Vault did not {what}: there is no such key, or it can't do that") from None


def _on(action: Callable[[hvac.Client, list[Result]], Any], items: list[Result], client: hvac.Client) -> Any:  # noqa: ANN401 - Vault's answer
    return action(client, items)


def _may_open(one: WrappedKey) -> bool:
    """Whether to ask Vault at all: one item without context makes it refuse the whole batch (measured), and
    items of megabytes would make the body too large.
    """
    return bool(one.context) and 0 < len(one.wrapped) <= MAX_ITEM and len(one.context) <= MAX_ITEM


def _does_not_open() -> Undecryptable:
    return Undecryptable(Reason.UNKNOWN_DATA_KEY, "a wrapped key does not open under its context")


def _refused(result: Result) -> Undecryptable:
    """Why an item failed. Both products say it by the same words (`keysutil.ErrTooOld`)."""
    if _TOO_OLD in str(result.get("error")):
        return Undecryptable(Reason.RETIRED_DATA_KEY, "a wrapped key's version is below its transit key's minimum")
    return _does_not_open()


def _rewrapped(one: WrappedKey, result: Result) -> WrappedKey | Undecryptable:
    if result.get("error") or not result.get("ciphertext"):
        return _refused(result)
    return WrappedKey(result["ciphertext"], one.context)


def _opened(result: Result) -> SecretBytes | Undecryptable:
    if result.get("error"):
        return _refused(result)
    secret = _secret(result.get("plaintext") or "")
    return secret if len(secret.data) == KEY_BYTES else _does_not_open()  # who may wrap can wrap anything


def _secret(encoded: str) -> SecretBytes:
    return SecretBytes(base64.b64decode(encoded))


def _base64(data: bytes | str) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode("ascii")


def _transit(client: hvac.Client) -> Any:  # noqa: ANN401 - hvac's stubs leave half of this engine untyped
    return client.secrets.transit
