"""The starter is never without a token that is good, wherever an `up` ends."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.compose.starting_tokens import new_starting_token
from schemas.errors import ConfigError, VaultUnavailable


class Administrator:
    """Notes which tokens are good."""

    def __init__(self) -> None:
        self.good: list[str] = []
        self.away = False
        self._number = count(1)

    def call(self, _: str, action: Callable[[Any], Any]) -> Any:
        policies = SimpleNamespace(create_or_update_policy=lambda *_: None)
        return action(SimpleNamespace(write_data=self._write, sys=policies))

    def _write(self, path: str, data: Any) -> Any:
        if self.away:
            raise VaultUnavailable("away")
        if path == "auth/token/create":
            self.good.append(f"accessor-{next(self._number)}")
            return {"auth": {"client_token": f"token of {self.good[-1]}", "accessor": self.good[-1]}}
        assert path == "auth/token/revoke-accessor"
        self.good.remove(data["accessor"])
        return None


@pytest.fixture
def vault() -> Administrator:
    return Administrator()


def test_the_one_before_is_good_until_the_starter_has_another(vault, tmp_path):
    with new_starting_token(vault, tmp_path / "accessors") as first:
        assert first == "token of accessor-1"
    with new_starting_token(vault, tmp_path / "accessors"):
        assert vault.good == ["accessor-1", "accessor-2"]
    assert vault.good == ["accessor-2"]


def test_where_the_starter_does_not_get_another_the_one_before_stays_good_and_the_next_ends_both(vault, tmp_path):
    with new_starting_token(vault, tmp_path / "accessors"):
        pass
    with pytest.raises(ConfigError), new_starting_token(vault, tmp_path / "accessors"):
        raise ConfigError("a file that a container is given is missing")
    assert vault.good == ["accessor-1", "accessor-2"]
    with new_starting_token(vault, tmp_path / "accessors"):
        pass
    assert vault.good == ["accessor-3"]


def test_one_that_could_not_be_ended_is_ended_by_the_next(vault, tmp_path):
    with new_starting_token(vault, tmp_path / "accessors"):
        pass
    with pytest.raises(VaultUnavailable), new_starting_token(vault, tmp_path / "accessors"):
        vault.away = True
    vault.away = False
    with new_starting_token(vault, tmp_path / "accessors"):
        pass
    assert vault.good == ["accessor-3"]


def test_what_is_kept_is_its_owner_s_and_opens_nothing(vault, tmp_path):
    with new_starting_token(vault, tmp_path / "accessors") as token:
        pass
    assert (tmp_path / "accessors").stat().st_mode & 0o777 == 0o600
    assert token not in (tmp_path / "accessors").read_text()


def test_the_form_that_was_kept_before_is_understood(vault, tmp_path):
    vault.good.append("accessor-0")
    (tmp_path / "accessors").write_text("accessor-0")
    with new_starting_token(vault, tmp_path / "accessors"):
        pass
    assert vault.good == ["accessor-1"]
