from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import traceback

import pytest
from pydantic import TypeAdapter

from schemas import hidden
from schemas.hidden import Hidden, RawRecord, RawValues, SanitizedRecord, SealedBytes, SecretBytes

CANARY = "canary-7261"
SAMPLES = [
    RawRecord({CANARY: CANARY}, {CANARY: frozenset({CANARY})}),
    SanitizedRecord({CANARY: CANARY}),
    SealedBytes(CANARY.encode()),
    SecretBytes(CANARY.encode()),
    RawValues({CANARY: CANARY}),
]
every_type = pytest.mark.parametrize("sample", SAMPLES, ids=lambda it: type(it).__name__)


def test_every_hidden_type_of_the_room_has_a_sample():
    types = {it for it in vars(hidden).values() if isinstance(it, type) and issubclass(it, Hidden)}
    assert types - {Hidden} == {type(it) for it in SAMPLES}


@every_type
def test_printing_shows_the_type_only(sample):
    shown = f"{type(sample).__name__}(<hidden>)"
    printed = [repr(sample), str(sample), f"{sample}", f"{sample!r}", f"{sample:>5}", "%s" % sample]  # noqa: UP031
    assert printed == [shown] * 6
    assert repr([sample]) == f"[{shown}]"
    assert repr({"a": sample}) == f"{{'a': {shown}}}"


@every_type
def test_log_line_shows_the_type_only(sample, caplog):
    logging.getLogger("test").warning("got %s %r", sample, sample)
    assert CANARY not in caplog.text


@every_type
def test_exception_that_carries_it_shows_the_type_only(sample):
    try:
        raise ValueError(sample)
    except ValueError as error:
        text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert CANARY not in text


@every_type
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_does_not_pickle(sample, protocol):
    with pytest.raises(TypeError, match="does not leave the process"):
        pickle.dumps(sample, protocol)


@every_type
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_it_is_not_copied(sample, copied):
    with pytest.raises(TypeError, match="does not leave the process"):
        copied(sample)


@every_type
def test_it_has_no_json_form(sample):
    with pytest.raises(TypeError):
        json.dumps(sample)


@every_type
def test_what_is_wrong_with_a_field_is_not_told_with_its_value(sample):
    """Pydantic could validate these types; nothing may do that at an edge where its errors are printed."""
    with pytest.raises((TypeError, ValueError)) as caught:
        TypeAdapter(type(sample)).validate_python({"nothing": 1})
    assert CANARY not in str(caught.value)


@every_type
def test_it_cannot_be_changed_or_extended(sample):
    name = dataclasses.fields(sample)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(sample, name, CANARY)
    with pytest.raises((AttributeError, TypeError)):
        sample.other = CANARY


def test_hidden_types_are_unrelated():
    for one in SAMPLES:
        others = [type(it) for it in SAMPLES if it is not one]
        assert not isinstance(one, tuple(others))
