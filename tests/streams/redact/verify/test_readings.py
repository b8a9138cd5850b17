# ruff: noqa: RUF001 - disguised characters are what is tested

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.verify.readings import decoded, normal

plain = st.text(alphabet="abcdefghij klm@.", min_size=8, max_size=40)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Anna", "anna"),
        ("ＡＮＮＡ", "anna"),
        ("an\u200bna", "anna"),
        ("Müller", "muller"),
        ("４４", "44"),
        ("ﬁn", "fin"),
    ],
)
def test_disguises_are_undone(text, read):
    assert normal(text) == read


@given(text=plain, before=st.text(alphabet="xyz", max_size=3))
def test_base64_is_read_wherever_it_begins(text, before):
    encoded = base64.b64encode((before + text).encode()).decode()
    assert any(text[3:-3] in reading for reading in decoded(f"see {encoded} there"))
    assert any(text[3:-3] in reading for reading in decoded(f"see {encoded[1:]} there"))


@given(text=plain)
def test_hexadecimal_percent_and_entities_are_read(text):
    percent = "".join(f"%{ord(char):02x}" for char in text)
    entities = "".join(f"&#{ord(char)};" for char in text)
    for encoded in (text.encode().hex(), percent, entities):
        assert any(text in reading for reading in decoded(f"see {encoded} there"))


def test_an_encoding_inside_an_encoding_is_read():
    inner = base64.b64encode(b"anna@example.org").decode()
    outer = base64.b64encode(f"mail={inner}".encode()).decode()
    assert any("anna@example.org" in reading for reading in decoded(outer))


@given(text=st.text(max_size=200))
def test_any_text_is_read(text):
    list(decoded(text))


@pytest.mark.parametrize("text", ["nothing to decode here", "otherwise understanding", ""])
def test_common_text_has_one_reading(text):
    assert list(decoded(text)) == []
