from __future__ import annotations

from streams.redact.detect.context.nicknames import MIN_FORM, nicknames


def test_forms_lead_both_ways():
    assert "bill" in nicknames()["william"]
    assert "william" in nicknames()["bill"]
    assert {"robert", "herbert", "albert"} <= set(nicknames()["bert"])


def test_forms_are_folded_long_enough_and_never_the_name_itself():
    for name, others in nicknames().items():
        assert name.isascii()
        assert name.islower()
        assert name not in others
        assert all(len(other) >= MIN_FORM for other in others)
