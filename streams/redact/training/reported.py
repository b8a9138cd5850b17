"""The texts that are reported on: the test parts, less what training may know from elsewhere.

Two things are left out. Of running text, whatever has a text of another part within `MARGIN` places: a block's
edge may cut an article. What of an article lies further from the edge stays in, since the corpora don't say where
one ends. Of the synthetic texts, those that show what only one identity has of those that training took values of:
the corpus was made from such a list too. Names, cities and occupations, which many people have, stay in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources

from streams.redact.training.corpus import CORPORA, TEST, Example, is_templated, parts_of, read, template

MARGIN = 4  # texts
_OWN = ("StreetAddress", "EmailAddress", "TelephoneNumber", "Domain", "Company")  # of one identity alone
_LEAST = 8  # characters; shorter values stand in texts by chance


def reported(name: str) -> list[Example]:
    """The texts of one corpus, in their order."""
    examples = read(name)
    named = parts_of(examples)
    return [one for at, one in enumerate(examples) if _is_apart(one, named, at) and not _is_seen(one)]


def all_reported() -> Iterator[Example]:
    """Those of every corpus."""
    for name in CORPORA:
        yield from reported(name)


def kin_of(example: Example) -> str | None:
    """What a text says besides its values, for texts made from a template."""
    return template(example) if is_templated(example) else None


def _is_apart(example: Example, named: Sequence[str], at: int) -> bool:
    """Whether the text is of the test part, and so are its neighbours where it has any."""
    margin = 0 if is_templated(example) else MARGIN
    return set(named[max(0, at - margin) : at + margin + 1]) == {TEST}


def _is_seen(example: Example) -> bool:
    return is_templated(example) and any(value in example.text for value in _identities())


@cache
def _identities() -> frozenset[str]:
    source = resources.files("streams.redact.training").joinpath("data", "identities_a.jsonl")
    rows = [json.loads(line) for line in source.read_text("utf-8").splitlines()]
    return frozenset(row[key] for row in rows for key in _OWN if len(row[key]) >= _LEAST)
