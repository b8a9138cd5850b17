from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect.context.markup import untagged
from tests.support.growth import repeated, require_linear

pieces = st.lists(
    st.sampled_from(["a", "b c", "<", ">", "<b>", "</b>", '<p class="x">', "<br/>", "<!-- y -->", "< 5"])
)


@pytest.mark.parametrize("text", ["no tag", "3 < 5 and 5 > 3", "<3", "a <- b", "<" + "a" * 400 + ">"])
def test_what_is_no_tag_stays(text):
    assert untagged(text) is None


def test_what_a_tag_cuts_is_one():
    text = "<p>ask New<em class='hit'>man</em></p>"
    plain = untagged(text)
    assert plain is not None
    assert plain.text == "ask Newman"
    start, end = plain.to_tagged(4, 10)
    assert text[start:end] == "New<em class='hit'>man"
    assert plain.is_cut(4, 10)
    assert not plain.is_cut(0, 3)
    assert not plain.is_cut(7, 10)


@given(pieces)
def test_each_character_left_stands_where_it_says(parts):
    text = "".join(parts)
    plain = untagged(text)
    if plain is not None:
        places = [plain.to_tagged(at, at + 1) for at in range(len(plain.text))]
        assert "".join(text[start:end] for start, end in places) == plain.text


@pytest.mark.parametrize("unit", ["<", "<a", "<b>", "<a ", "<-"])
def test_time_grows_with_the_length_only(unit):
    require_linear(untagged, partial(repeated, unit))
