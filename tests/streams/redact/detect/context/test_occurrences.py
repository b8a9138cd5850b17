from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect.context.occurrences import occurrences
from tests.support.growth import repeated, require_linear

strings = st.text("ab", max_size=60) | st.builds(
    lambda unit, times: unit * times, st.text("ab", max_size=4), st.integers(0, 12)
)


@given(st.lists(strings, max_size=4).map("".join), strings.filter(bool))
def test_every_start_is_given_once_and_in_order(text, value):
    starts = [start for start in range(len(text)) if text.startswith(value, start)]
    assert list(occurrences(text, value)) == starts


def test_time_grows_with_the_length_only_where_a_value_repeats_itself():
    for unit in ("a", "ab", "aab"):
        require_linear(
            lambda text: list(occurrences(text, text[: len(text) // 2])), lambda n, u=unit: repeated(u, n)
        )
