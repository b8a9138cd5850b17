"""Versions of transit keys: what opens, what is wrapped anew, and what is refused, on both implementations."""

from __future__ import annotations

import uuid

import pytest

from schemas.errors import Reason, Undecryptable, VaultUnavailable
from vault.data_keys import UnwrappedKeys
from vault.interface import WrappedKey
from vault.rotation import version_of
from vault.transit import TRANSIT_BATCH

CONTEXT = "redact.demo.0/1"


@pytest.fixture
def key(vault, request):
    """A transit key that no other test rotates."""
    name = f"turned-{uuid.uuid4().hex[:12]}-contract"
    if hasattr(vault, "store"):
        vault.store.create_key(name)
    else:
        request.getfixturevalue("openbao").root.secrets.transit.create_key(name, derived=True)
    return name


def wrapped(vault, key):
    made = vault.data_key(key, CONTEXT)
    return WrappedKey(made.wrapped, made.context), made.secret


def test_a_new_version_wraps_and_the_old_one_still_opens(vault, key):
    old, old_secret = wrapped(vault, key)
    vault.rotate(key)
    new, new_secret = wrapped(vault, key)
    assert (version_of(old.wrapped), version_of(new.wrapped)) == (1, 2)
    assert vault.unwrap(key, [old, new]) == [old_secret, new_secret]
    found = vault.key_versions(key)
    assert (found.name, found.latest, found.minimum, found.available) == (key, 2, 1, 0)
    assert sorted(found.created) == [1, 2]
    assert found.created[1] <= found.created[2]


def test_what_is_rewrapped_is_the_same_key_under_the_latest_version_and_context(vault, key):
    old, secret = wrapped(vault, key)
    vault.rotate(key)
    (new,) = vault.rewrap(key, [old])
    assert (version_of(new.wrapped), new.context) == (2, old.context)
    assert vault.unwrap(key, [new, WrappedKey(new.wrapped, "other")])[0] == secret
    assert isinstance(vault.unwrap(key, [WrappedKey(new.wrapped, "other")])[0], Undecryptable)


def test_more_keys_than_a_batch_takes_are_rewrapped_in_order(vault, key):
    made = [wrapped(vault, key) for _ in range(3)]
    many = [made[number % 3] for number in range(2 * TRANSIT_BATCH + 2)]
    vault.rotate(key)
    new = vault.rewrap(key, [old for old, _ in many])
    assert {version_of(one.wrapped) for one in new} == {2}
    assert vault.unwrap(key, new) == [secret for _, secret in many]
    assert vault.rewrap(key, []) == []


def test_of_a_batch_to_rewrap_a_bad_one_fails_alone(vault, key):
    good, secret = wrapped(vault, key)
    bad = [WrappedKey(good.wrapped, ""), WrappedKey("vault:v1:AAAA", CONTEXT), WrappedKey("", CONTEXT)]
    first, *failed, last = vault.rewrap(key, [good, *bad, WrappedKey(good.wrapped, "elsewhere"), good])
    assert vault.unwrap(key, [first, last]) == [secret, secret]
    assert all(isinstance(one, Undecryptable) and one.reason is Reason.UNKNOWN_DATA_KEY for one in failed)


def test_below_the_minimum_nothing_opens_and_the_reason_says_so(vault, key):
    old, secret = wrapped(vault, key)
    vault.rotate(key)
    (new,) = vault.rewrap(key, [old])
    vault.raise_minimum(key, 2)
    refused, opened = vault.unwrap(key, [old, new])
    assert (refused.reason, opened) == (Reason.RETIRED_DATA_KEY, secret)
    assert vault.unwrap(key, [old])[0].reason is Reason.RETIRED_DATA_KEY
    assert vault.rewrap(key, [old])[0].reason is Reason.RETIRED_DATA_KEY
    found = vault.key_versions(key)
    assert (found.latest, found.minimum, found.available, sorted(found.created)) == (2, 2, 0, [2])


def test_a_minimum_is_lowered_again_until_the_versions_are_trimmed(vault, key):
    old, secret = wrapped(vault, key)
    vault.rotate(key)
    vault.raise_minimum(key, 2)
    vault.raise_minimum(key, 1)
    assert vault.unwrap(key, [old]) == [secret]
    vault.raise_minimum(key, 2)
    vault.trim(key, 2)
    assert vault.key_versions(key).available == 2
    assert isinstance(vault.unwrap(key, [old])[0], Undecryptable)
    new, secret = wrapped(vault, key)
    assert vault.unwrap(key, [new]) == [secret]


def test_what_is_not_below_the_minimum_is_not_trimmed(vault, key):
    vault.rotate(key)
    with pytest.raises(VaultUnavailable):
        vault.trim(key, 2)
    with pytest.raises(VaultUnavailable):
        vault.raise_minimum(key, 3)


def test_a_key_that_does_not_exist_is_an_outage(vault):
    for ask in (
        lambda: vault.key_versions("nowhere-contract"),
        lambda: vault.rotate("nowhere-contract"),
        lambda: vault.rewrap("nowhere-contract", [WrappedKey("vault:v1:AAAA", "c")]),
        lambda: vault.raise_minimum("nowhere-contract", 1),
        lambda: vault.trim("nowhere-contract", 1),
    ):
        with pytest.raises(VaultUnavailable):
            ask()


def test_after_the_minimum_was_raised_a_bad_record_is_blamed_and_not_the_key(vault, key):
    """The reader's witness is of the old version, and must not hold everybody up."""
    reader = UnwrappedKeys(vault, key)
    old, secret = wrapped(vault, key)
    assert reader.one(old) == secret
    vault.rotate(key)
    vault.raise_minimum(key, 2)
    (bad,) = reader.unwrap([WrappedKey("vault:v2:AAAA", CONTEXT)])
    assert bad.reason is Reason.UNKNOWN_DATA_KEY
    assert reader.one(old) == secret  # kept in memory
