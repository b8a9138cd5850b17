from __future__ import annotations

import re

import pytest

from streams.redact.offline import keys_of
from streams.redact.placeholders import PLACEHOLDER
from streams.redact.transform.token import Tokens
from topology.policies import Action, Scope, Treatment

KEYS = keys_of(b"k" * 32)
RECORD = [("t", "one")]


def token(value: str, scope: Scope, dataset: str = "d", record=RECORD, keys=KEYS) -> str:
    return Tokens(keys.of_record(dataset, record)).replace(value, "PERSON", Treatment(Action.TOKEN, scope=scope))


@pytest.mark.parametrize(
    ("scope", "across_records", "across_datasets"),
    [(Scope.RECORD, False, False), (Scope.DATASET, True, False), (Scope.PROJECT, True, True)],
)
def test_same_value_has_the_same_token_within_its_scope_only(scope, across_records, across_datasets):
    here = token("Anna", scope)
    assert token("Anna", scope) == here
    assert (token("Anna", scope, record=[("t", "two")]) == here) is across_records
    assert (token("Anna", scope, dataset="e", record=[("t", "two")]) == here) is across_datasets


def test_scopes_never_share_a_token():
    assert len({token("Anna", scope) for scope in Scope}) == 3


def test_spellings_of_one_value_share_a_token_and_other_values_do_not():
    assert token("Anna Stone", Scope.PROJECT) == token("anna-STONE", Scope.PROJECT)
    assert token("Anna", Scope.PROJECT) != token("Anne", Scope.PROJECT)


def test_another_key_gives_other_tokens():
    assert token("Anna", Scope.PROJECT) != token("Anna", Scope.PROJECT, keys=keys_of(b"l" * 32))


def test_a_token_has_80_bits_and_the_form_of_a_placeholder():
    shown = token("Anna", Scope.PROJECT)
    assert re.fullmatch(r"\[PERSON:[0-9a-hjkmnp-tv-z]{16}\]", shown)
    assert PLACEHOLDER.fullmatch(shown)


def test_parts_of_a_record_are_framed_so_that_two_records_never_look_alike():
    assert token("a", Scope.RECORD, record=[("ab", "c")]) != token("a", Scope.RECORD, record=[("a", "bc")])


def test_keys_print_nothing():
    assert f"{KEYS} {KEYS!r} {KEYS.of_record('d', RECORD)!r}".count("<hidden>") == 3
