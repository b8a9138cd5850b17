"""What the registry's client does where nobody takes the connection; without a registry."""

from __future__ import annotations

import httpx
import pytest

from schemas import registry_calls
from schemas.errors import RegistryUnavailable
from schemas.registrar import Registrar
from schemas.registry import Registry


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(registry_calls, "PAUSES_S", (0.0, 0.0))


class Door:
    """Hangs up on the first `times` that somebody connects, or breaks the answer off."""

    def __init__(self, times: int, error: type[httpx.HTTPError] = httpx.ConnectError) -> None:
        self.left, self.error, self.asked = times, error, 0
        self.limits_s: dict[str, float] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.limits_s = request.extensions["timeout"]
        if self.left:
            self.left -= 1
            raise self.error("hung up")
        return httpx.Response(200, json={"schema": "{}"})


def behind(door: Door) -> Registry:
    registry = Registry("https://registry.test")
    registry._calls._client = httpx.Client(base_url="https://registry.test", transport=httpx.MockTransport(door))
    return registry


@pytest.mark.parametrize("times", [1, 2])
def test_who_is_hung_up_on_connects_again(times):
    door = Door(times)
    assert behind(door).text_of(1) == "{}"
    assert door.asked == times + 1


def test_who_is_hung_up_on_three_times_is_told_that_it_is_unavailable():
    door = Door(3)
    with pytest.raises(RegistryUnavailable, match="ConnectError"):
        behind(door).text_of(1)
    assert door.left == 0


def test_a_look_up_that_took_too_long_is_asked_once_more():
    door = Door(1, httpx.ReadTimeout)
    assert behind(door).text_of(1) == "{}"
    assert door.asked == 2


def test_what_changes_something_and_took_too_long_is_not_sent_again():
    door, registrar = Door(1, httpx.ReadTimeout), Registrar("https://registry.test")
    client = httpx.Client(base_url="https://registry.test", transport=httpx.MockTransport(door))
    registrar._calls._client = client
    with pytest.raises(RegistryUnavailable, match="ReadTimeout"):
        registrar.register("s", "{}")
    assert door.asked == 1
    assert door.limits_s["read"] > door.limits_s["connect"] == registry_calls.TIMEOUT_S, "its answer is waited for"


def test_what_was_sent_is_not_sent_again():
    door = Door(1, httpx.ReadError)
    with pytest.raises(RegistryUnavailable, match="ReadError"):
        behind(door).text_of(1)
    assert door.asked == 1
