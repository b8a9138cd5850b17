"""Strategies for any record type, from its annotations: what Avro can hold, at its limits too."""

from __future__ import annotations

import dataclasses
import types
import typing
from enum import Enum
from functools import cache
from typing import Any

from hypothesis import strategies as st

from schemas import alerts, audit, catalog, gold, matching, metrics, records, states, vault_log

MODULES = (records, states, gold, alerts, metrics, audit, vault_log, matching)
SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    str: st.text(max_size=20),
    bytes: st.binary(max_size=40),
    bool: st.booleans(),
    types.NoneType: st.none(),
}


def record_type(name: str) -> type:
    """The dataclass of a schema in the catalog."""
    return next(getattr(module, name) for module in MODULES if hasattr(module, name))


def records_of(name: str) -> st.SearchStrategy[Any]:
    return values(record_type(name))


def all_records() -> st.SearchStrategy[Any]:
    return st.sampled_from(catalog.NAMES).flatmap(records_of)


@cache
def values(hint: Any) -> st.SearchStrategy[Any]:
    if hint in SIMPLE:
        return SIMPLE[hint]
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return st.builds(hint, **{field.name: values(hints[field.name]) for field in dataclasses.fields(hint)})
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    return _composed(typing.get_origin(hint), typing.get_args(hint))


def _composed(origin: Any, arguments: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(*map(values, arguments), max_size=3)
    if origin is types.UnionType:
        return st.one_of(*map(values, arguments))
    raise NotImplementedError(origin)
