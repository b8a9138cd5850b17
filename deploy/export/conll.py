"""Documents as CoNLL: a token and its BIO tag a line, an empty line after each field. Pure.

It has no place for ids, choices and overlapping spans: who needs those takes another form. Each task begins with
CoNLL-2003's `-DOCSTART-` line. White space in a label is written as `_`, since it would begin a column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from deploy.export.documents import Document, Tally
from deploy.export.tokens import Entity, flat, on_tokens, tokens_of

BEGIN = "-DOCSTART- -X- O O"
_SPACE = re.compile(r"\s+")


def conll(documents: Iterable[Document], tally: Tally) -> bytes:
    """The file; `tally` counts what became of the spans."""
    return "".join(_task(document, tally) for document in documents).encode()


def _task(document: Document, tally: Tally) -> str:
    fields = [_field(document, path, text, tally) for path, text in document.texts.items()]
    return "\n\n".join([BEGIN, *filter(None, fields)]) + "\n\n"


def _field(document: Document, path: str, text: str, tally: Tally) -> str:
    tokens = tokens_of(text)
    tags = _tags(flat(on_tokens(tokens, document.spans_of(path), tally), tally), len(tokens))
    return "\n".join(f"{text[it.start : it.end]} {tag}" for it, tag in zip(tokens, tags, strict=True))


def _tags(entities: Iterable[Entity], count: int) -> Iterator[str]:
    tags = ["O"] * count
    for entity in entities:
        label = _SPACE.sub("_", entity.label)
        tags[entity.first : entity.end] = [f"B-{label}", *[f"I-{label}"] * (entity.end - entity.first - 1)]
    return iter(tags)
