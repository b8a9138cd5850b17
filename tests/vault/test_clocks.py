from __future__ import annotations

import pytest

from vault.clocks import TOLERANCE_MS, Clocks, Standing, ToldTime

NOW = 1_800_000_000_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def clocks(own: int, within_ms: int = 0) -> Clocks:
    return Clocks(own, ToldTime(NOW, within_ms))


@pytest.mark.parametrize(
    ("own", "within_ms", "standing"),
    [
        (NOW, 0, Standing.AGREES),
        (NOW + TOLERANCE_MS, 0, Standing.AGREES),
        (NOW + TOLERANCE_MS + 1, 0, Standing.AHEAD),
        (NOW - TOLERANCE_MS, 0, Standing.AGREES),
        (NOW - TOLERANCE_MS - 1, 0, Standing.BEHIND),
        (NOW + 30 * DAY, 0, Standing.AHEAD),
        (NOW - 30 * DAY, 0, Standing.BEHIND),
    ],
)
def test_clocks_agree_within_the_tolerance_whichever_is_ahead(own, within_ms, standing):
    assert clocks(own, within_ms).standing is standing
    assert clocks(own, within_ms).agree is (standing is Standing.AGREES)
    assert clocks(own, within_ms).differ is (standing is not Standing.AGREES)


def test_what_vault_s_answer_took_on_its_way_is_held_against_nobody():
    assert clocks(NOW + TOLERANCE_MS + 5_000, within_ms=5_000).agree
    assert clocks(NOW + TOLERANCE_MS + 5_001, within_ms=5_000).standing is Standing.AHEAD
    assert clocks(NOW - TOLERANCE_MS - 1, within_ms=5_000).standing is Standing.BEHIND


def test_a_time_that_vault_does_not_tell_agrees_with_nothing():
    untold = Clocks(NOW, None)
    assert (untold.agree, untold.differ, untold.standing, untold.later) == (False, False, Standing.UNTOLD, NOW)
    assert untold.ahead_ms is None
    assert "Date" in untold.why


def test_the_later_of_both_is_what_things_are_noted_by():
    assert clocks(NOW + 30 * DAY).later == NOW + 30 * DAY
    assert clocks(NOW - 30 * DAY).later == NOW


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (NOW + 30 * DAY, "30 days ahead of Vault's"),
        (NOW - 30 * DAY, "30 days behind Vault's"),
        (NOW + HOUR, "60 minutes ahead of Vault's"),
        (NOW - 2 * HOUR, "2 hours behind Vault's"),
        (NOW + 7 * MINUTE, "7 minutes ahead of Vault's"),
    ],
)
def test_it_is_said_by_how_much_alike_a_second_earlier_or_later(own, said):
    """A notice that is another each time would be logged each time."""
    assert {clocks(own + off).why for off in (-1_000, 0, 1_000)} == {f"this machine's clock is {said}"}


def test_clocks_that_agree_have_nothing_to_say():
    assert clocks(NOW + MINUTE).why == ""
