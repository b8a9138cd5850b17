from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect.context.words import Words, only_digits, words_of

ascii_texts = st.text(alphabet=st.characters(max_codepoint=127), max_size=80)


@given(text=ascii_texts)
def test_words_stand_where_they_say(text):
    words = Words(text)
    assert [text[start:end].lower() for start, end in words.spans] == words.all == words_of(text)
    for word in words.distinct:
        assert [text[start:end].lower() for start, end in words.spans_of(word)] == [word] * words.all.count(word)


@given(text=ascii_texts, data=st.data())
def test_a_piece_of_the_squeezed_text_lies_under_its_words(text, data):
    words = Words(text)
    if not words.squeezed:
        return
    start = data.draw(st.integers(0, len(words.squeezed) - 1))
    end = data.draw(st.integers(start + 1, len(words.squeezed)))
    first, last, exact = words.under(start, end)
    under = "".join(words.all[first : last + 1])
    assert words.squeezed[start:end] in under
    assert exact is (under == words.squeezed[start:end])


def test_digits_are_kept_in_order():
    assert only_digits("+49 (171) x2") == "491712"
