"""By which policy redact works, and why raw records may have to wait.

A detector takes seconds to build, so it is built beside the loop: the loop goes on polling, and raw records wait
on their topic until it is there. Once `control` names another policy, nothing is released by the old one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from schemas.errors import ConfigError
from streams.redact.bundle import Bundle, bundle_of
from streams.redact.detect.find import Detector
from topology.policies import Policy, load_policy_bytes
from topology.policies.review import review_of
from topology.signed_policies import PolicyRecord
from vault.clocks import Clocks, ToldTime


@dataclass(frozen=True, slots=True)
class Ruling:
    """A policy with the detector built for it."""

    policy: Policy
    detector: Detector
    bundle: Bundle


Build = Callable[[], Ruling]
Run = Callable[[Build], "Future[Ruling]"]
"""Where a ruling is built: in another thread (`Executor.submit`), or `at_once`."""


def at_once(build: Build) -> Future[Ruling]:
    """Build it here, and come back when it is done."""
    future: Future[Ruling] = Future()
    try:
        future.set_result(build())
    except Exception as error:  # noqa: BLE001 - as an executor keeps it: raised to whoever asks for the result
        future.set_exception(error)
    return future


@dataclass(frozen=True, slots=True)
class RulingSeams:
    """What decides which policy rules."""

    policy_in_force: Callable[[], PolicyRecord | None]
    """What signed `control` says now; None: nothing may be released."""
    frozen_by: Callable[[], Sequence[str]]
    """Who has frozen redact; nobody: it may release."""
    build_detector: Callable[[Policy], Detector]
    """Called where `run` runs it, never twice at a time. Raises ConfigError for what can't be searched."""
    run: Run = at_once
    told_time: Callable[[], ToldTime | None] = lambda: None
    """What Vault's clock shows now, by its last answer."""
    ask_time: Callable[[], ToldTime | None] = lambda: None
    """The same by an answer of now. Asked for while the clocks differ."""


@dataclass(slots=True)
class _Attempt:
    """The ruling for a policy on `control`: being built, there, or impossible."""

    record: PolicyRecord
    future: Future[Ruling]

    @property
    def ruling(self) -> Ruling | None:
        """The ruling once it is there. Raises whatever is a bug."""
        return self.future.result() if self.future.done() and self.fault is None else None

    @property
    def fault(self) -> str | None:
        """Why it can't be had."""
        error = self.future.exception() if self.future.done() else None
        return str(error) if isinstance(error, ConfigError) else None


class Rulings:
    """Follows `control` for one project. Called by the loop's thread only."""

    def __init__(self, project: str, seams: RulingSeams) -> None:
        self._project = project
        self._seams = seams
        self._attempt: _Attempt | None = None
        self._frozen_by: tuple[str, ...] = ()
        self._now = 0
        self._clocks = Clocks(0, None)

    def follow(self) -> None:
        """Take up what `control` says now; never waits for a detector."""
        self._frozen_by = tuple(self._seams.frozen_by())
        record = self._seams.policy_in_force()
        if record is None:
            self._attempt = None
        elif self._attempt is None or self._attempt.record.hash != record.hash:
            self._attempt = _Attempt(record, self._seams.run(lambda: self._build(record)))

    def look(self, now: int) -> None:
        """It is `now` by this machine's clock, in milliseconds: a review may be over, that clock may be wrong."""
        self._now = now
        self._clocks = Clocks(now, self._seams.told_time())
        if self._clocks.differ:
            self._clocks = Clocks(now, self._seams.ask_time())

    @property
    def ruling(self) -> Ruling | None:
        """What to redact by; None while raw records have to wait."""
        return None if self.waits_for or self._attempt is None else self._attempt.ruling

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Why raw records wait, in sentences; nothing: they don't."""
        return (*self._freeze(), *self._obstacles(), *self._differing())

    @property
    def stands(self) -> bool:
        """Whether raw records wait for people, and not only for a detector that is being built."""
        building = self._attempt is not None and not self._attempt.future.done()
        return bool(self._frozen_by or (self.waits_for and not building))

    @property
    def notice(self) -> str:
        """What a person should know: why records wait, or that the review is near."""
        return "; ".join(self.waits_for or self._near())

    def _build(self, record: PolicyRecord) -> Ruling:
        policy = load_policy_bytes(record.body)
        detector = self._seams.build_detector(policy)
        return Ruling(policy, detector, bundle_of(policy, detector))

    def _freeze(self) -> list[str]:
        if not self._frozen_by:
            return []
        names = " and ".join(self._frozen_by)
        return [f"frozen by {names}: raw records wait until two people sign `veil contain resume`"]

    def _obstacles(self) -> list[str]:
        if self._attempt is None:
            return [f"no policy of {self._project} is in force; raw records wait for two signatures on one"]
        version = self._attempt.record.version
        if self._attempt.fault is not None:
            return [f"policy version {version} can't be carried out: {self._attempt.fault}; raw records wait"]
        ruling = self._attempt.ruling
        if ruling is None:
            return [f"the detector of policy version {version} is being built; raw records wait"]
        review = review_of(ruling.policy, self._now)
        if not review.overdue:
            return []
        due = f"the review of {ruling.policy.id} was due by {review.due}"
        return [f"{due}; raw records wait until a reviewed version is published"]

    def _differing(self) -> list[str]:
        """By this machine's clock it is said until when mappings may live: one that is behind makes some that are
        over at once, and their labels lost; one that is ahead some that live too long. Nothing sets that right.
        """
        return [f"{self._clocks.why}; raw records wait until they agree"] if self._clocks.differ else []

    def _near(self) -> list[str]:
        ruling = self._attempt.ruling if self._attempt else None
        review = review_of(ruling.policy, self._now) if ruling else None
        if ruling is None or review is None or not review.near:
            return []
        due = f"{ruling.policy.id} has to be reviewed by {review.due}, {_in_days(review.days_left)}"
        return [f"{due}; after that raw records wait"]


def _in_days(days: int) -> str:
    return "today" if days == 0 else "in 1 day" if days == 1 else f"in {days} days"
