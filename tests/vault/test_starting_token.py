"""How the starter's token is made and ended, seen by a stand-in of Vault."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.starting import IDENTITY
from schemas.errors import AccessDenied, VaultUnavailable
from vault.session import Rejected
from vault.starting import STARTER, end_starting_token, policy, renew, starting_token

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


def test_its_policy_is_there_before_it_is():
    vault = Administrator({"auth/token/create": MADE})
    made = starting_token(vault, STARTER)
    assert (made.token, made.accessor) == ("t", "a")
    assert vault.asked[0] == (f"starts-{STARTER}", policy(STARTER))
    assert [path for path, _ in vault.asked] == [f"starts-{STARTER}", "auth/token/create"]


def test_it_is_ended_by_its_accessor_and_one_that_is_no_more_is_as_good():
    for answers in ({}, {"auth/token/revoke-accessor": Rejected(400, None, in_doubt=False)}):
        vault = Administrator(answers)
        end_starting_token(vault, "before")
        assert vault.asked == [("auth/token/revoke-accessor", {"accessor": "before"})]


@pytest.mark.parametrize("error", [VaultUnavailable("away"), AccessDenied("no")])
def test_one_that_could_not_be_ended_is_told(error):
    with pytest.raises(type(error)):
        end_starting_token(Administrator({"auth/token/revoke-accessor": error}), "before")


def test_it_shows_neither_token_nor_accessor():
    made = starting_token(Administrator({"auth/token/create": MADE}), STARTER)
    assert f"{made} {made!r}" == "StartingToken(<hidden>) StartingToken(<hidden>)"


@pytest.mark.parametrize("error", [Rejected(400, None, in_doubt=False), AccessDenied("check flow.yaml")])
def test_of_one_that_has_ended_it_is_said_what_to_do(error):
    with pytest.raises(AccessDenied, match="put a new one there"):
        renew(Administrator({"renew-self": error}))


def test_it_is_the_starter_s():
    assert IDENTITY.name == STARTER
