"""Documents as spaCy's DocBin, which `spacy train` takes: a Doc for each field with a text. Pure.

`ents` are the spans that can stand side by side; `spans["sc"]`, where spaCy's span categorizer looks, are all of
them; `cats` are the choices, `name=value`; `user_data` names task and field. The text is kept to the code point:
white space that isn't a single space is a token of its own, which no span takes.
"""

# ruff: noqa: PLC0415 - spaCy is an extra; `forms.require` has said so where it is missing
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from deploy.export.documents import Document, Tally
from deploy.export.tokens import Token, flat, on_tokens, tokens_of

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

GROUP = "sc"


def docbin(documents: Iterable[Document], tally: Tally) -> bytes:
    """The file; `tally` counts what became of the spans."""
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    vocab, written = Vocab(), DocBin(store_user_data=True)
    for document in documents:
        for path, text in document.texts.items():
            if text:
                written.add(_doc(vocab, document, path, text, tally))
    return written.to_bytes()


def _doc(vocab: Vocab, document: Document, path: str, text: str, tally: Tally) -> Doc:
    from spacy.tokens import Doc, Span

    tokens = tokens_of(text)
    pieces = list(_pieces(text, tokens))
    doc = Doc(vocab, words=[text[start:end] for start, end, _ in pieces], spaces=[space for *_, space in pieces])
    places = {start: at for at, (start, _, _) in enumerate(pieces)}
    where = [places[token.start] for token in tokens]
    entities = on_tokens(tokens, document.spans_of(path), tally)
    made = {it: Span(doc, where[it.first], where[it.end - 1] + 1, label=it.label) for it in entities}
    doc.spans[GROUP] = [made[it] for it in entities]
    doc.set_ents([made[it] for it in flat(entities, tally)])
    doc.cats = {f"{it.name}={it.value}": 1.0 for it in document.verdict.choices if it.value}
    doc.user_data |= {"task_id": document.task_id, "field": path}
    return doc


def _pieces(text: str, tokens: Iterable[Token]) -> Iterator[tuple[int, int, bool]]:
    """Tokens and the white space between them, each with whether a single space follows that is no piece."""
    at, bounds = 0, [*((it.start, it.end) for it in tokens), (len(text), len(text))]
    for start, end in bounds:
        if at < start:
            yield at, start, False
        if start == end:
            return
        space = text[end : end + 1] == " "
        yield start, end, space
        at = end + space
