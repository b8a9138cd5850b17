from __future__ import annotations

from dataclasses import replace

import pytest

from streams.web.oidc import Asked
from streams.web.settings import SignInSettings
from streams.web.signins import SignIns

NOW = 1_700_000_000_000
SETTINGS = SignInSettings()
BROWSER = b"browser"
HERE, THERE = b"here", b"there"


def asked(state="state"):
    return Asked("http://127.0.0.1/signin/callback", state, "the-nonce", "the-verifier")


@pytest.fixture
def signins():
    return SignIns(SETTINGS)


def test_taken_once_by_the_browser_that_began_it(signins):
    signins.begin(asked(), "b1", BROWSER, HERE, NOW)
    assert signins.take("state", BROWSER, NOW) == (asked(), "b1")
    assert signins.take("state", BROWSER, NOW) is None


@pytest.mark.parametrize("browser", [None, b"", b"another"])
def test_another_browser_gets_nothing_and_uses_it_up(signins, browser):
    signins.begin(asked(), "b1", BROWSER, HERE, NOW)
    assert signins.take("state", browser, NOW) is None
    assert signins.take("state", BROWSER, NOW) is None


@pytest.mark.parametrize("state", ["", "State", "\ud800", "x" * 5000])
def test_unknown_state_is_nothing(signins, state):
    signins.begin(asked(), "b1", BROWSER, HERE, NOW)
    assert signins.take(state, BROWSER, NOW) is None
    assert signins.take("state", BROWSER, NOW) == (asked(), "b1")


def test_over_after_its_time(signins):
    signins.begin(asked(), "b1", BROWSER, HERE, NOW)
    assert signins.take("state", BROWSER, NOW + SETTINGS.begun_ms) is None


def test_who_begins_as_many_as_there_may_be_keeps_nobody_out():
    signins = SignIns(replace(SETTINGS, begun_kept=3))
    signins.begin(asked("mine"), "b1", BROWSER, HERE, NOW)
    for number in range(9):
        signins.begin(asked(str(number)), "", BROWSER, THERE, NOW + number)
    signins.begin(asked("another"), "b2", BROWSER, b"elsewhere", NOW + 9)
    assert len(signins) == 3
    assert signins.take("mine", BROWSER, NOW + 9) == (asked("mine"), "b1")
    assert signins.take("another", BROWSER, NOW + 9) == (asked("another"), "b2")
    assert signins.take("8", BROWSER, NOW + 9) == (asked("8"), "")


def test_of_one_address_the_oldest_gives_way():
    signins = SignIns(replace(SETTINGS, begun_kept=2))
    for number in range(3):
        signins.begin(asked(str(number)), "", BROWSER, HERE, NOW + number)
    assert [signins.take(str(number), BROWSER, NOW + 3) is not None for number in range(3)] == [False, True, True]


def test_room_again_when_they_are_over():
    signins = SignIns(replace(SETTINGS, begun_kept=2))
    for number in range(2):
        signins.begin(asked(str(number)), "", BROWSER, HERE, NOW)
    signins.begin(asked("late"), "b1", BROWSER, HERE, NOW + SETTINGS.begun_ms)
    assert len(signins) == 1


def test_nothing_secret_is_shown(signins):
    signins.begin(asked("the-state"), "b1", b"the-browser", HERE, NOW)
    shown = repr(vars(signins))
    assert [word for word in ("the-state", "the-nonce", "the-verifier", "the-browser") if word in shown] == []
