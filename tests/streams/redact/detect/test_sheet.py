from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect import sheet as module
from streams.redact.detect.sheet import sheet, sheets


@given(st.lists(st.text(alphabet="ab\n", max_size=20), max_size=12))
def test_every_character_of_a_sheet_belongs_to_the_text_it_came_from(texts):
    page = sheet(texts, first=3)
    for number, text in enumerate(texts):
        start, end = page.starts[number], page.end(number)
        assert page.text[start:end] == text
        assert all(page.place(position) == number for position in range(start, end + 1))


@given(st.lists(st.integers(0, 60), max_size=12))
def test_sheets_hold_all_texts_in_order_and_stay_small(lengths):
    texts = ["x" * (length * module.MAX_SHEET // 50) for length in lengths]
    pages = list(sheets(texts))
    assert [page.text[start : page.end(n)] for page in pages for n, start in enumerate(page.starts)] == texts
    assert [page.first for page in pages] == [sum(len(one.starts) for one in pages[:n]) for n in range(len(pages))]
    assert all(len(page.text) <= 2 * module.MAX_SHEET or len(page.starts) == 1 for page in pages)


def test_a_sheet_prints_nothing():
    assert "Anna" not in repr(sheet(["Anna"]))
