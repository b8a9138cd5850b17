from __future__ import annotations

import hashlib
import hmac

import pytest

from schemas.errors import ConfigError, Undecodable
from schemas.hidden import SecretBytes
from vault import keyed_hash, wrapped
from vault.interface import WrappedKey
from vault.keyed_hash import KeyedHash, Purpose


def test_parts_are_kept_apart():
    hashed = KeyedHash(SecretBytes(bytes(32)))
    assert hashed.hex(b"ab", b"c") != hashed.hex(b"a", b"bc")
    assert hashed.hex(b"ab") != hashed.hex(b"ab", b"")
    assert len(hashed.hex(b"x")) == 64


def test_the_hash_is_plain_hmac_of_framed_parts():
    # RFC 2104 by hand: HMAC-SHA-256(32 zero bytes, 00 00 00 01 'x').
    hashed = KeyedHash(SecretBytes(bytes(32)))
    assert hashed.digest(b"x") == hmac.new(bytes(32), b"\0\0\0\1x", hashlib.sha256).digest()


def test_a_keyed_hash_never_shows_its_key():
    assert repr(KeyedHash(SecretBytes(b"k" * 32))) == "KeyedHash(<hidden>)"


def test_a_key_is_made_once_and_every_loader_gets_the_same(vault):
    assert keyed_hash.create(vault, "demo", Purpose.TASK)
    assert not keyed_hash.create(vault, "demo", Purpose.TASK)
    first, second = (keyed_hash.load(vault, "demo", Purpose.TASK) for _ in range(2))
    assert first.hex(b"x") == second.hex(b"x")


def test_purposes_have_different_keys(vault):
    for purpose in Purpose:
        keyed_hash.create(vault, "demo", purpose)
    assert len({keyed_hash.load(vault, "demo", purpose).hex(b"x") for purpose in Purpose}) == len(Purpose)


def test_a_missing_key_says_how_to_make_it(vault):
    with pytest.raises(ConfigError, match="topology apply"):
        keyed_hash.load(vault, "demo", "digest")


def test_a_key_under_another_transit_key_does_not_load(vault, store):
    keyed_hash.create(vault, "demo", "digest")
    store.keys["hmac-demo-digest"] = bytes(32)
    with pytest.raises(ConfigError, match="does not open"):
        keyed_hash.load(vault, "demo", "digest")


@pytest.mark.parametrize("blob", [b"", b"\xff", b"[]", b"{}", b'{"version":2,"wrapped":"a","context":"b"}', b"1"])
def test_a_foreign_document_is_undecodable(blob):
    with pytest.raises(Undecodable):
        wrapped.unpack(blob)


def test_a_wrapped_key_survives_packing():
    one = WrappedKey("vault:v1:abc", "redact.demo.0/5")
    assert wrapped.unpack(wrapped.pack(one)) == one
