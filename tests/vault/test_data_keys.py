from __future__ import annotations

import pytest

from schemas.errors import Undecryptable, VaultUnavailable
from schemas.hidden import SecretBytes
from vault.data_keys import MAX_AGE_MS, DataKeys, UnwrappedKeys
from vault.interface import WrappedKey


class Counted:
    """Counts the calls that a vault gets."""

    def __init__(self, vault):
        self.vault = vault
        self.data_keys = 0
        self.unwrapped = []

    def data_key(self, key, context):
        self.data_keys += 1
        return self.vault.data_key(key, context)

    def unwrap(self, key, wrapped):
        self.unwrapped.append(len(wrapped))
        return self.vault.unwrap(key, wrapped)


@pytest.fixture
def counted(vault):
    return Counted(vault)


def wrapped_keys(vault, count, key="view-demo"):
    made = [vault.data_key(key, f"redact.demo.0/{number}") for number in range(count)]
    return [WrappedKey(one.wrapped, one.context) for one in made], [one.secret for one in made]


def test_a_data_key_serves_many_messages_within_the_hour(counted):
    keys = DataKeys(counted)
    first = keys.current("view-demo", "c", now=1000)
    assert keys.current("view-demo", "c", now=1000 + MAX_AGE_MS - 1, messages=500) is first
    assert counted.data_keys == 1


def test_a_data_key_is_replaced_after_an_hour_or_when_the_clock_goes_back(counted):
    keys = DataKeys(counted)
    first = keys.current("view-demo", "c", now=1000)
    second = keys.current("view-demo", "c", now=1000 + MAX_AGE_MS)
    third = keys.current("view-demo", "c", now=999)
    assert len({first.wrapped, second.wrapped, third.wrapped}) == 3


def test_a_data_key_never_seals_more_messages_than_allowed(counted):
    keys = DataKeys(counted, max_messages=10)
    first = keys.current("view-demo", "c", now=0, messages=6)
    assert keys.current("view-demo", "c", now=0, messages=4) is first
    assert keys.current("view-demo", "c", now=0, messages=1) is not first


def test_other_contexts_and_keys_get_other_data_keys(counted):
    keys = DataKeys(counted)
    all_of_them = {
        keys.current(key, context, now=0).wrapped
        for key in ("view-demo", "geometry-demo")
        for context in ("a", "b")
    }
    assert len(all_of_them) == 4


def test_data_keys_of_past_hours_are_forgotten(counted):
    keys = DataKeys(counted)
    for hour in range(50):
        keys.current("view-demo", f"slot/{hour}", now=hour * MAX_AGE_MS)
    assert len(keys._in_use) == 1


def test_unwrapped_keys_are_asked_for_once(counted, vault):
    wrapped, secrets = wrapped_keys(vault, 3)
    keys = UnwrappedKeys(counted, "view-demo")
    assert keys.unwrap([*wrapped, *wrapped]) == [*secrets, *secrets]
    assert keys.unwrap(wrapped) == secrets
    assert counted.unwrapped == [3]


def test_the_least_recently_used_key_is_forgotten_first(counted, vault):
    wrapped, _ = wrapped_keys(vault, 3)
    keys = UnwrappedKeys(counted, "view-demo", kept=2)
    keys.unwrap(wrapped[:2])
    keys.one(wrapped[0])
    keys.one(wrapped[2])
    keys.one(wrapped[0])
    keys.one(wrapped[1])
    assert counted.unwrapped == [2, 1, 1]


def test_a_batch_larger_than_the_cache_is_answered_whole(counted, vault):
    wrapped, secrets = wrapped_keys(vault, 5)
    assert UnwrappedKeys(counted, "view-demo", kept=2).unwrap(wrapped) == secrets


def test_one_that_does_not_open_fails_alone_and_is_not_kept(counted, vault):
    wrapped, secrets = wrapped_keys(vault, 2)
    moved = WrappedKey(wrapped[0].wrapped, "elsewhere")
    keys = UnwrappedKeys(counted, "view-demo")
    opened = keys.unwrap([wrapped[0], moved, wrapped[1]])
    assert [type(one) for one in opened] == [SecretBytes, Undecryptable, SecretBytes]
    assert [opened[0], opened[2]] == secrets
    with pytest.raises(Undecryptable):
        keys.one(moved)


def test_a_lost_transit_key_blames_no_record(counted, vault, store):
    wrapped, _ = wrapped_keys(vault, 2)
    keys = UnwrappedKeys(counted, "view-demo")
    keys.one(wrapped[0])
    store.keys["view-demo"] = bytes(32)
    with pytest.raises(VaultUnavailable):
        keys.unwrap([wrapped[1]])


def test_a_bad_record_is_blamed_while_the_witness_still_opens(counted, vault):
    wrapped, _ = wrapped_keys(vault, 1)
    keys = UnwrappedKeys(counted, "view-demo")
    keys.one(wrapped[0])
    (bad,) = keys.unwrap([WrappedKey("vault:v1:AAAA", "c")])
    assert isinstance(bad, Undecryptable)
    assert counted.unwrapped == [1, 1, 1]


def test_an_evicted_key_is_asked_for_again(counted, vault):
    wrapped, _ = wrapped_keys(vault, 1)
    keys = UnwrappedKeys(counted, "view-demo")
    keys.one(wrapped[0])
    keys.evict(wrapped[0])
    keys.one(wrapped[0])
    assert counted.unwrapped == [1, 1]
