"""The starter's own token is renewed, and where it is not, that is told weeks before it ends."""

from __future__ import annotations

from deploy.handing.renewal import EVERY_S, RENEWED, RETRY_S, WELL_FOR_S, Renewal, standing
from schemas.errors import AccessDenied, VaultUnavailable
from streams.engine.health import Condition, Health
from vault.starting import LASTS_S

BEGAN = 1_800_000_000.0


class Vault:
    """Renews, unless it is away."""

    def __init__(self) -> None:
        self.now, self.away, self.ended, self.renewed = BEGAN, False, False, 0

    def renew(self) -> None:
        if self.ended:
            raise AccessDenied("it has ended")
        if self.away:
            raise VaultUnavailable("away")
        self.renewed += 1

    def time(self) -> float:
        return self.now


def made(vault: Vault) -> tuple[Renewal, Health]:
    health = Health()
    return Renewal(health, vault.renew, vault.time), health


def shown() -> float:
    ((_, _, value, *_),) = RENEWED._samples()
    return value


def test_it_is_renewed_at_the_start_and_each_hour():
    vault = Vault()
    renewal, health = made(vault)
    assert renewal.attempt() == EVERY_S == 3600
    assert vault.renewed == 1
    assert health.read() == (Condition.WORKING, "")
    assert shown() == BEGAN


def test_one_that_was_never_renewed_is_not_well_and_tries_soon():
    vault = Vault()
    vault.away = True
    renewal, health = made(vault)
    assert renewal.attempt() == RETRY_S
    condition, why = health.read()
    assert condition is Condition.WAITING
    assert "since it was started" in why
    vault.away = False
    renewal.attempt()
    assert health.read()[0] is Condition.WORKING


def test_a_token_that_vault_knows_no_more_is_told_at_once_and_another_takes_its_place():
    vault = Vault()
    renewal, health = made(vault)
    renewal.attempt()
    vault.ended = True
    assert renewal.attempt() == RETRY_S
    condition, why = health.read()
    assert condition is Condition.WAITING
    assert "has ended" in why
    vault.ended, vault.away = False, True
    renewal.attempt()
    assert health.read()[0] is Condition.WAITING
    vault.away = False
    assert renewal.attempt() == EVERY_S
    assert health.read() == (Condition.WORKING, "")


def test_an_outage_of_a_week_is_told_and_no_shorter_one():
    vault = Vault()
    renewal, health = made(vault)
    renewal.attempt()
    vault.away = True
    vault.now += WELL_FOR_S
    assert renewal.attempt() == RETRY_S
    assert health.read()[0] is Condition.WORKING
    vault.now += 1
    renewal.attempt()
    condition, why = health.read()
    assert condition is Condition.WAITING
    assert "for a week" in why
    assert shown() == BEGAN
    vault.away = False
    renewal.attempt()
    assert health.read()[0] is Condition.WORKING
    assert shown() == vault.now


def test_it_is_told_three_weeks_before_the_token_ends():
    told = WELL_FOR_S + 1
    assert standing(0.0, told)[0] is Condition.WAITING
    assert LASTS_S - told > 3 * WELL_FOR_S
