from __future__ import annotations

from streams.redact.training.foreign import foreign_texts

VALUES = {"PERSON": ["Zo Bo"], "LOCATION": ["Qo"], "ORGANIZATION": ["Xyz Inc"]}


def test_spans_cover_the_names_and_nothing_else():
    texts = list(foreign_texts(VALUES, 1, 200))
    named = [(one.text[start:end], kind) for one in texts for start, end, kind in one.spans]
    assert 20 < len(named) < 90
    assert all(name in VALUES[kind] for name, kind in named)


def test_a_seed_gives_the_same_texts_again():
    assert list(foreign_texts(VALUES, 3, 20)) == list(foreign_texts(VALUES, 3, 20))
