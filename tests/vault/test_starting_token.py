"""In which order the starter's token is ended and made, seen by a stand-in of Vault."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.starting import IDENTITY
from schemas.errors import AccessDenied, VaultUnavailable
from vault.session import Rejected
from vault.starting import STARTER, policy, renew, starting_token

MADE = {"auth": {"client_token": "t", "accessor": "a"}}


class Administrator:
    """Notes what is asked; answers, or raises, as it is told for a path."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.answers = answers

    def call(self, _: str, action: Callable[[Any], Any]) -> Any:
        of_itself = SimpleNamespace(renew_self=lambda: self._answer("renew-self", None))
        return action(
            SimpleNamespace(
                write_data=self._answer,
                sys=SimpleNamespace(create_or_update_policy=self._answer),
                auth=SimpleNamespace(token=of_itself),
            )
        )

    def _answer(self, path: str, data: Any) -> Any:
        self.asked.append((path, data))
        answer = self.answers.get(path, {})
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_the_one_before_is_ended_before_another_is_made():
    vault = Administrator({"auth/token/create": MADE})
    made = starting_token(vault, STARTER, "before")
    assert (made.token, made.accessor) == ("t", "a")
    assert vault.asked[0] == ("auth/token/revoke-accessor", {"accessor": "before"})
    assert vault.asked[1] == (f"starts-{STARTER}", policy(STARTER))
    assert vault.asked[2][0] == "auth/token/create"


def test_the_first_ends_none():
    vault = Administrator({"auth/token/create": MADE})
    starting_token(vault, STARTER, None)
    assert [path for path, _ in vault.asked] == [f"starts-{STARTER}", "auth/token/create"]


def test_one_that_is_no_more_is_as_good_as_ended():
    refused = Rejected(400, None, in_doubt=False)
    vault = Administrator({"auth/token/create": MADE, "auth/token/revoke-accessor": refused})
    assert starting_token(vault, STARTER, "before").token == "t"


@pytest.mark.parametrize("error", [VaultUnavailable("away"), AccessDenied("no")])
def test_while_the_one_before_can_not_be_ended_none_is_made(error):
    vault = Administrator({"auth/token/create": MADE, "auth/token/revoke-accessor": error})
    with pytest.raises(type(error)):
        starting_token(vault, STARTER, "before")
    assert [path for path, _ in vault.asked] == ["auth/token/revoke-accessor"]


def test_it_shows_neither_token_nor_accessor():
    made = starting_token(Administrator({"auth/token/create": MADE}), STARTER, None)
    assert f"{made} {made!r}" == "StartingToken(<hidden>) StartingToken(<hidden>)"


@pytest.mark.parametrize("error", [Rejected(400, None, in_doubt=False), AccessDenied("check flow.yaml")])
def test_of_one_that_has_ended_it_is_said_what_to_do(error):
    with pytest.raises(AccessDenied, match="put a new one there"):
        renew(Administrator({"renew-self": error}))


def test_it_is_the_starter_s():
    assert IDENTITY.name == STARTER
