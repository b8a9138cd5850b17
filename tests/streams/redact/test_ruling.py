"""Which policy rules, with builds that end when the test says so."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import Future
from dataclasses import replace

import pytest

from schemas.errors import ConfigError
from streams.redact.bundle import bundle_of
from streams.redact.ruling import Build, Ruling, Rulings, RulingSeams, at_once
from tests.simulation.world import CanaryDetector
from topology.policies import Policy, load_policy, policy_bytes
from topology.policies.canonical import with_hash
from topology.signed_policies import PolicyRecord
from vault.clocks import TOLERANCE_MS, ToldTime

DAY_MS = 86_400_000
FIRST = load_policy("demo")
SECOND = with_hash(replace(FIRST, version=2, overlap=2))
DUE = int(dt.datetime.fromisoformat(f"{FIRST.review_by}T00:00:00+00:00").timestamp() * 1000)


def record_of(policy: Policy) -> PolicyRecord:
    return PolicyRecord(policy.hash, policy.version, policy_bytes(policy))


class Later:
    """Builds when told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Build, Future[Ruling]]] = []

    def __call__(self, build: Build) -> Future[Ruling]:
        future: Future[Ruling] = Future()
        self.waiting.append((build, future))
        return future

    def end(self) -> None:
        build, future = self.waiting.pop(0)
        try:
            future.set_result(build())
        except Exception as error:  # noqa: BLE001 - as an executor does
            future.set_exception(error)


class Control:
    """What `control` says, and rulings that follow it."""

    def __init__(self, run=at_once) -> None:
        self.policy: PolicyRecord | None = record_of(FIRST)
        self.frozen_by: tuple[str, ...] = ()
        self.fault: Exception | None = None
        seams = RulingSeams(lambda: self.policy, lambda: self.frozen_by, self._detector, run)
        self.rulings = Rulings("demo", seams)

    def _detector(self, _policy: Policy) -> CanaryDetector:
        if self.fault is not None:
            raise self.fault
        return CanaryDetector()


def test_the_policy_in_force_rules_with_its_bundle():
    control = Control()
    control.rulings.follow()
    ruling = control.rulings.ruling
    assert ruling is not None
    assert ruling.policy == FIRST
    assert ruling.bundle == bundle_of(FIRST, CanaryDetector())
    assert control.rulings.notice == ""


def test_without_a_policy_in_force_nothing_rules():
    control = Control()
    control.policy = None
    control.rulings.follow()
    assert control.rulings.ruling is None
    assert "no policy of demo is in force" in control.rulings.notice
    assert control.rulings.stands


def test_records_wait_while_a_detector_is_built_and_the_old_policy_rules_no_more():
    later = Later()
    control = Control(later)
    control.rulings.follow()
    assert control.rulings.ruling is None
    assert "is being built" in control.rulings.notice
    assert not control.rulings.stands
    later.end()
    assert control.rulings.ruling.policy == FIRST

    control.policy = record_of(SECOND)
    control.rulings.follow()
    assert control.rulings.ruling is None
    later.end()
    assert control.rulings.ruling.policy == SECOND


def test_a_policy_that_comes_while_another_is_built_is_the_one_that_rules():
    later = Later()
    control = Control(later)
    control.rulings.follow()
    control.policy = record_of(SECOND)
    control.rulings.follow()
    later.end()
    assert control.rulings.ruling is None
    later.end()
    assert control.rulings.ruling.policy == SECOND


def test_following_again_does_not_build_again():
    later = Later()
    control = Control(later)
    control.rulings.follow()
    later.end()
    control.rulings.follow()
    assert later.waiting == []
    assert control.rulings.ruling is not None


def test_a_policy_that_cannot_be_carried_out_holds_and_says_why_until_another_comes():
    control = Control()
    control.fault = ConfigError("language xx: no word list")
    control.rulings.follow()
    assert control.rulings.ruling is None
    assert "policy version 1 can't be carried out: language xx: no word list" in control.rulings.notice
    assert control.rulings.stands
    control.policy, control.fault = record_of(SECOND), None
    control.rulings.follow()
    assert control.rulings.ruling is not None


def test_bytes_that_are_no_policy_of_this_version_hold():
    control = Control()
    control.policy = PolicyRecord("0" * 64, 3, b'{"version":3}')
    control.rulings.follow()
    assert control.rulings.ruling is None
    assert "policy version 3 can't be carried out" in control.rulings.notice


def test_a_bug_in_a_build_is_no_policy_problem():
    control = Control()
    control.fault = LookupError("x")
    control.rulings.follow()
    with pytest.raises(LookupError):
        _ = control.rulings.ruling


def test_a_freeze_holds_names_who_froze_and_ends():
    control = Control()
    control.frozen_by = ("grace", "olga")
    control.rulings.follow()
    assert control.rulings.ruling is None
    assert "frozen by grace and olga" in control.rulings.notice
    assert control.rulings.stands
    control.frozen_by = ()
    control.rulings.follow()
    assert control.rulings.ruling is not None
    assert not control.rulings.stands


def test_a_detector_is_built_while_frozen_so_that_the_end_is_at_once():
    control = Control()
    control.frozen_by = ("olga",)
    control.policy = record_of(SECOND)
    control.rulings.follow()
    control.frozen_by = ()
    control.rulings.follow()
    assert control.rulings.ruling.policy == SECOND


@pytest.mark.parametrize(("days", "said"), [(31, ""), (30, "in 30 days"), (1, "in 1 day;"), (0, "today")])
def test_a_month_before_its_review_a_policy_warns_and_still_rules(days, said):
    control = Control()
    control.rulings.follow()
    control.rulings.look(DUE - days * DAY_MS)
    assert control.rulings.ruling is not None
    assert not control.rulings.stands
    assert said in control.rulings.notice
    assert bool(said) == bool(control.rulings.notice)


def test_after_its_review_a_policy_holds_until_a_reviewed_version_is_published():
    control = Control()
    control.rulings.follow()
    control.rulings.look(DUE + DAY_MS)
    assert control.rulings.ruling is None
    assert f"the review of demo@1 was due by {FIRST.review_by}" in control.rulings.notice
    assert control.rulings.stands
    control.policy = record_of(with_hash(replace(SECOND, review_by="2099-01-01")))
    control.rulings.follow()
    assert control.rulings.ruling.policy.version == 2
    assert control.rulings.notice == ""


def test_every_reason_to_wait_is_said():
    control = Control()
    control.policy, control.frozen_by = None, ("olga",)
    control.rulings.follow()
    assert len(control.rulings.waits_for) == 2
    assert all(reason in control.rulings.notice for reason in control.rulings.waits_for)


class TwoClocks(Control):
    """This machine's and Vault's, of whose time an answer tells that may be old."""

    def __init__(self) -> None:
        super().__init__()
        self.told: ToldTime | None = ToldTime(DUE - 10 * DAY_MS, 0)
        self.now_told = self.told
        seams = RulingSeams(lambda: self.policy, tuple, self._detector, at_once, lambda: self.told, self.answer)
        self.rulings = Rulings("demo", seams)
        self.rulings.follow()

    def answer(self) -> ToldTime | None:
        self.told = self.now_told
        return self.told


@pytest.mark.parametrize("off_ms", [TOLERANCE_MS + 1, -TOLERANCE_MS - 1, 31 * DAY_MS])
def test_records_wait_while_this_clock_and_vaults_differ_and_go_on_by_themselves(off_ms):
    control = TwoClocks()
    now = control.told.at
    control.rulings.look(now)
    assert control.rulings.ruling is not None
    control.rulings.look(now + off_ms)
    assert control.rulings.ruling is None
    assert control.rulings.stands
    assert "raw records wait until they agree" in control.rulings.notice
    control.rulings.look(now + 1)
    assert control.rulings.ruling is not None


def test_an_answer_from_before_this_machine_was_halted_is_asked_for_anew():
    control = TwoClocks()
    now = control.told.at + DAY_MS
    control.now_told = ToldTime(now, 0)
    control.rulings.look(now)
    assert control.rulings.ruling is not None


def test_a_vault_that_tells_no_time_keeps_nothing_waiting():
    control = TwoClocks()
    control.told = None
    control.rulings.look(DUE - 10 * DAY_MS)
    assert control.rulings.ruling is not None
