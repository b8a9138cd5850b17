from __future__ import annotations

from streams.redact.detect.context.spellings import left_out, spelled_out


def test_umlauts_have_a_long_and_a_short_form():
    assert spelled_out("müller") == "mueller"
    assert spelled_out("søren") == "soeren"
    assert left_out("mueller") == "muller"
    assert left_out("smith") == "smith"
