from __future__ import annotations

import re

import pytest

from schemas import errors
from schemas.errors import Reason, RecordError, VeilError


def classes() -> dict[str, type]:
    found = {name: it for name, it in vars(errors).items() if isinstance(it, type) and issubclass(it, VeilError)}
    return {name: it for name, it in found.items() if it.__module__ == errors.__name__}


def drawn() -> dict[str, str]:
    """Child → parent, as the docstring draws it."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^((?:│   |    )*)(?:(├── |└── ))?([A-Z]\w+)(?:\s|$)", line)
        if match and (match[2] or match[3] == "VeilError"):
            depth = len(match[1]) // 4 + (1 if match[2] else 0)
            path = [*path[:depth], match[3]]
            if depth:
                parents[match[3]] = path[depth - 1]
    return parents


def test_tree_in_the_docstring_is_the_real_one():
    real = {name: it.__base__.__name__ for name, it in classes().items() if it is not VeilError}
    assert drawn() == real


def test_every_error_says_in_one_sentence_what_it_means():
    assert [name for name, it in classes().items() if not (it.__doc__ or "").strip()] == []


def test_reasons_are_distinct_and_spelled_as_their_names():
    assert {reason.value for reason in Reason} == {name.lower() for name in Reason.__members__}


@pytest.mark.parametrize("kind", [it for it in classes().values() if issubclass(it, RecordError)])
def test_record_error_carries_its_reason_and_says_it_without_a_message(kind):
    assert kind(Reason.BAD_JSON).reason is Reason.BAD_JSON
    assert str(kind(Reason.BAD_JSON)) == "bad_json"
    assert str(kind(Reason.BAD_JSON, "at raw.demo/0/7")) == "at raw.demo/0/7"
