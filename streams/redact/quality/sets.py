"""The texts behind each row of the table: parts that nothing was trained or tuned on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import resources

from streams.redact.quality.annotated import AnnotatedText, Gold, in_case, without_links
from streams.redact.training.corpus import Example
from streams.redact.training.reported import kin_of, reported


def annotated(one: Example) -> AnnotatedText:
    return AnnotatedText(one.text, tuple(Gold(*span) for span in one.spans), kin=kin_of(one))


def synthetic() -> list[AnnotatedText]:
    """Texts made from templates of which no text was in training, without values of the identities that were."""
    return [annotated(one) for one in reported("presidio_generated")]


def wikipedia() -> list[AnnotatedText]:
    return [annotated(one) for one in reported("wikigold_a")]


def tweets() -> list[AnnotatedText]:
    return without_links(annotated(one) for one in reported("btc_a"))


def identifiers() -> list[AnnotatedText]:
    """Documented examples of identifiers with valid checksums, in sentences with and without context."""
    source = resources.files("streams.redact.quality").joinpath("data", "identifiers.jsonl")
    rows = [json.loads(line) for line in source.read_text("utf-8").splitlines()]
    return [
        AnnotatedText(
            row["text"], tuple(Gold(span["start"], span["end"], span["entity_type"]) for span in row["spans"])
        )
        for row in rows
        if row["valid"]
    ]


SETS: Mapping[str, Callable[[], list[AnnotatedText]]] = {
    "synthetic": synthetic,
    "wikipedia": wikipedia,
    "tweets": tweets,
    "lower": lambda: in_case(synthetic(), upper=False),
    "upper": lambda: in_case(synthetic(), upper=True),
    "identifiers": identifiers,
}
"""By the key of the row in `targets.ROWS`; `tagged` records have a measure of their own."""
