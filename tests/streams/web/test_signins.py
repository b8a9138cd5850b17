from __future__ import annotations

from dataclasses import replace

import pytest

from streams.web.oidc import Asked
from streams.web.settings import SignInSettings
from streams.web.signins import SignIns

NOW = 1_700_000_000_000
SETTINGS = SignInSettings()
BROWSER = b"browser"


def asked(state="state"):
    return Asked("http://127.0.0.1/signin/callback", state, "the-nonce", "the-verifier")


@pytest.fixture
def signins():
    return SignIns(SETTINGS)


def test_taken_once_by_the_browser_that_began_it(signins):
    assert signins.begin(asked(), "b1", BROWSER, NOW)
    assert signins.take("state", BROWSER, NOW) == (asked(), "b1")
    assert signins.take("state", BROWSER, NOW) is None


@pytest.mark.parametrize("browser", [None, b"", b"another"])
def test_another_browser_gets_nothing_and_uses_it_up(signins, browser):
    signins.begin(asked(), "b1", BROWSER, NOW)
    assert signins.take("state", browser, NOW) is None
    assert signins.take("state", BROWSER, NOW) is None


@pytest.mark.parametrize("state", ["", "State", "\ud800", "x" * 5000])
def test_unknown_state_is_nothing(signins, state):
    signins.begin(asked(), "b1", BROWSER, NOW)
    assert signins.take(state, BROWSER, NOW) is None
    assert signins.take("state", BROWSER, NOW) == (asked(), "b1")


def test_over_after_its_time(signins):
    signins.begin(asked(), "b1", BROWSER, NOW)
    assert signins.take("state", BROWSER, NOW + SETTINGS.begun_ms) is None


def test_so_many_at_once_and_room_again_when_they_are_over():
    signins = SignIns(replace(SETTINGS, begun_kept=2))
    assert [signins.begin(asked(str(number)), "b1", BROWSER, NOW) for number in range(3)] == [True, True, False]
    assert signins.begin(asked("late"), "b1", BROWSER, NOW + SETTINGS.begun_ms)
    assert len(signins) == 1


def test_nothing_secret_is_shown(signins):
    signins.begin(asked("the-state"), "b1", b"the-browser", NOW)
    shown = repr(vars(signins))
    assert [word for word in ("the-state", "the-nonce", "the-verifier", "the-browser") if word in shown] == []
