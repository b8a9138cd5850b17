from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Undecryptable
from schemas.hidden import SealedBytes, SecretBytes
from vault.keys import (
    OVERHEAD,
    associated_data,
    framed,
    fresh_key,
    open_sealed,
    seal,
    task_binding,
    unframed,
)

KEY = SecretBytes(bytes(range(32)))


@given(st.binary(max_size=300), st.binary(max_size=50))
def test_what_was_sealed_opens_under_the_same_key_and_place(plaintext, aad):
    sealed = seal(KEY, plaintext, aad)
    assert len(sealed.data) == len(plaintext) + OVERHEAD
    assert open_sealed(KEY, sealed, aad) == plaintext


@given(st.binary(max_size=60), st.integers(min_value=0), st.integers(1, 255))
def test_any_changed_byte_makes_it_undecryptable(plaintext, position, change):
    data = bytearray(seal(KEY, plaintext, b"here").data)
    data[position % len(data)] ^= change
    with pytest.raises(Undecryptable):
        open_sealed(KEY, SealedBytes(bytes(data)), b"here")


def test_another_key_or_place_or_a_cut_ciphertext_is_undecryptable():
    sealed = seal(KEY, b"content", b"here")
    with pytest.raises(Undecryptable):
        open_sealed(fresh_key(), sealed, b"here")
    with pytest.raises(Undecryptable):
        open_sealed(KEY, sealed, b"there")
    for length in range(len(sealed.data)):
        with pytest.raises(Undecryptable):
            open_sealed(KEY, SealedBytes(sealed.data[:length]), b"here")


def test_the_error_shows_neither_plaintext_nor_key():
    sealed = seal(KEY, b"jane.doe@example.org", b"here")
    with pytest.raises(Undecryptable) as caught:
        open_sealed(KEY, sealed, b"there")
    assert caught.value.__cause__ is None
    assert "jane" not in repr(caught.value)
    assert "<hidden>" in repr(sealed)
    assert "<hidden>" in f"{KEY}"


def test_the_nonce_comes_first_and_from_its_source():
    sealed = seal(KEY, b"x", b"", nonces=lambda count: b"n" * count)
    assert sealed.data.startswith(b"n" * 12)
    assert seal(KEY, b"x", b"").data != seal(KEY, b"x", b"").data


@given(st.lists(st.binary(max_size=5), max_size=5), st.lists(st.binary(max_size=5), max_size=5))
def test_different_parts_never_frame_to_the_same_bytes(left, right):
    assert (framed(*left) == framed(*right)) == (left == right)


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_what_was_framed_is_taken_apart_again(parts):
    assert unframed(framed(*parts)) == parts


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=3), st.integers(1, 5))
def test_what_was_cut_is_no_framed_parts(parts, cut):
    whole = framed(*parts)
    with pytest.raises(ValueError, match="behind the end"):
        unframed(whole[: -min(cut, len(parts[-1]))])


def test_associated_data_tells_every_part_apart():
    base = {"purpose": "raw", "project": "p", "topic": "t", "key": b"k", "schema": "1"}
    all_of_them = {associated_data(**base)}
    for name in base:
        other = b"x" if name == "key" else "x"
        all_of_them.add(associated_data(**{**base, name: other}))
    all_of_them.add(associated_data(**base, more=("",)))
    assert len(all_of_them) == len(base) + 2


def test_a_task_is_bound_to_its_project_id_and_revision():
    bindings = {
        task_binding("demo", "aa", 1),
        task_binding("demo", "aa", 2),
        task_binding("demo", "ab", 1),
        task_binding("other", "aa", 1),
    }
    assert len(bindings) == 4
