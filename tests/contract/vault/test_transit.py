from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from schemas.errors import Reason, Undecryptable, VaultUnavailable
from schemas.hidden import SecretBytes
from vault.interface import WrappedKey


def wrapped(key):
    return WrappedKey(key.wrapped, key.context)


def test_a_data_key_is_fresh_and_opens_under_its_context(vault):
    first, second = (vault.data_key("view-contract", "redact.demo.0/1") for _ in range(2))
    assert len(first.secret.data) == 32
    assert first.secret != second.secret
    assert vault.unwrap("view-contract", [wrapped(first), wrapped(second)]) == [first.secret, second.secret]


def test_a_wrapped_secret_opens_again(vault):
    secret = SecretBytes(bytes(range(32)))
    assert vault.unwrap("raw-contract", [vault.wrap_only("raw-contract", secret, "c")]) == [secret]


def test_one_bad_key_in_a_batch_fails_alone(vault):
    good = vault.data_key("view-contract", "c")
    batch = [
        wrapped(good),
        WrappedKey(good.wrapped, "other context"),
        WrappedKey(good.wrapped, ""),
        WrappedKey("vault:v1:AAAA", "c"),
        WrappedKey("no ciphertext at all", "c"),
        WrappedKey("", "c"),
        WrappedKey("vault:v1:" + "A" * 5_000_000, "c"),
        WrappedKey(good.wrapped, "c" * 5_000_000),
        wrapped(good),
    ]
    opened = vault.unwrap("view-contract", batch)
    assert [opened[0], opened[-1]] == [good.secret, good.secret]
    assert all(isinstance(one, Undecryptable) and one.reason is Reason.UNKNOWN_DATA_KEY for one in opened[1:-1])


def test_a_batch_of_bad_keys_gives_as_many_errors(vault):
    opened = vault.unwrap("view-contract", [WrappedKey("vault:v1:AAAA", "c")] * 3)
    assert [type(one) for one in opened] == [Undecryptable] * 3


def test_a_key_does_not_open_under_another_transit_key(vault):
    key = vault.data_key("view-contract", "c")
    (opened,) = vault.unwrap("geometry-contract", [wrapped(key)])
    assert isinstance(opened, Undecryptable)


@pytest.mark.parametrize("count", [0, 1, 249, 250, 600])
def test_any_number_of_keys_comes_back_in_order(vault, count):
    keys = [vault.data_key("raw-contract", f"c/{number}") for number in range(min(count, 3))]
    asked = [wrapped(keys[number % 3]) for number in range(count)]
    assert vault.unwrap("raw-contract", asked) == [keys[number % 3].secret for number in range(count)]


def test_a_signature_verifies_over_the_message_itself(vault):
    public = Ed25519PublicKey.from_public_bytes(vault.public_key("sign-contract-person"))
    signature = vault.sign("sign-contract-person", b"message")
    assert len(signature) == 64
    public.verify(signature, b"message")
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"another")


def test_a_transit_key_that_does_not_exist_blames_no_record(vault):
    with pytest.raises(VaultUnavailable):
        vault.unwrap("nowhere-contract", [WrappedKey("vault:v1:AAAA", "c")])
    with pytest.raises(VaultUnavailable):
        vault.data_key("nowhere-contract", "c")
    with pytest.raises(VaultUnavailable):
        vault.sign("sign-nobody", b"m")
    with pytest.raises(VaultUnavailable):
        vault.public_key("sign-nobody")
