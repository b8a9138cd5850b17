"""What to do next, from what label says and what Label Studio says. Pure; nothing is remembered between two looks.

1. What lies there under another lease than the one held, or under none, is taken out: nobody may be shown it.
2. A lease that is not shown is shown. What is shown twice (an answer to the first try was lost) is taken out once.
3. An answer is submitted, and its task taken out next. Where it is not the answer of the lease's own person, or
   does not fit, the task is taken out first and given back next.
4. What nobody answers is held by heartbeats, but not for ever.
5. When the lease is over, as far as we know, its text is taken out whatever else there was to do, and never shown
   again; nor is that of a task that is to be given back.

Whatever is interrupted between two actions is a case of 1 or 2 at the next look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from deploy.bridge.shown import Answer, Shown, data_of
from schemas.errors import Refused
from streams.label.commands import ReleaseReason, Result
from streams.label.forms import LeaseView
from streams.label.studio.offsets import Unit
from streams.label.studio.reading import Given, result


class Why(StrEnum):
    """Why a task is given back, where label has no word for it."""

    NOT_ANSWERED = "not_answered"
    ANSWERED_BY_ANOTHER = "answered_by_another"
    SEVERAL_ANSWERS = "several_answers"
    UNREADABLE = "unreadable_answer"
    FIELD_NOT_SHOWN = "field_not_shown"
    CHANGED = "changed_there"
    ASKED_OTHERWISE = "asked_otherwise"


@dataclass(frozen=True, slots=True)
class Terms:
    """What stays the same. `account`: whose answers count; `fields`: in the order of the configuration there.

    Times in milliseconds.
    """

    account: int
    fields: tuple[str, ...]
    keep_ms: int
    beat_ms: int


@dataclass(frozen=True, slots=True)
class Remove:
    """Take tasks out of Label Studio, each whatever becomes of the others."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Show:
    """Put the leased task there."""


@dataclass(frozen=True, slots=True)
class Extend:
    """Send a heartbeat; where the lease is over, take the task out."""

    number: int


@dataclass(frozen=True, slots=True)
class Submit:
    """Send the answer to what is shown there, under a key that follows from lease and annotation."""

    number: int
    key: str
    result: Result


@dataclass(frozen=True, slots=True)
class Skip:
    """The person will not answer it."""


@dataclass(frozen=True, slots=True)
class GiveBack:
    """The task goes back to the queue. `why`: of `Why`, or a reason of the label API."""

    reason: ReleaseReason
    why: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The lease is over."""


Action = Remove | Show | Extend | Submit | Skip | GiveBack | GiveUp


@dataclass(frozen=True, slots=True)
class Held:
    """The lease that the person holds, when it was last extended, and until when that was.

    `giving_back`: it goes back as soon as label takes it; `in_doubt`: an answer was sent, and nothing heard.
    """

    lease: LeaseView
    extended_at: int
    expires_at: int
    giving_back: GiveBack | None = None
    in_doubt: bool = False


def taken(lease: LeaseView, terms: Terms, now: int) -> Held:
    """One that label has given: a new one, or, where we start anew, the one that was held, maybe for long."""
    fresh = lease.expires_at - now >= 2 * terms.beat_ms
    return Held(lease, now if fresh else 0, lease.expires_at)


def is_over(shown: Shown, keep_ms: int, now: int) -> bool:
    """Whether a task's time there is over by its own mark: what counts where label can't be asked."""
    return not shown.since <= now < min(shown.until, shown.since + keep_ms)


def decide(held: Held | None, shown: Sequence[Shown], terms: Terms, now: int) -> list[Action]:
    """The actions of this look, in order; each leaves something from which the next look goes on rightly."""
    if held is None:
        return _out(shown)
    if now >= held.expires_at:
        return [*_out(shown), GiveUp()]
    if held.giving_back is not None:
        return [*_out(shown), held.giving_back]
    mine = [it for it in shown if it.lease_id == held.lease.lease_id]
    if not mine:
        return [*_out(shown), _first(held.lease, terms)]
    best = min(mine, key=lambda it: (not it.answers, it.number))
    return [*_out([it for it in shown if it is not best]), *_go_on(held, best, terms, now)]


def _out(shown: Sequence[Shown]) -> list[Action]:
    return [Remove(tuple(it.number for it in shown))] if shown else []


def not_shown(lease: LeaseView, terms: Terms) -> list[str]:
    """The fields of its task that the configuration there does not have."""
    return sorted(set(lease.fields) - set(terms.fields))


def _first(lease: LeaseView, terms: Terms) -> Action:
    return GiveBack(ReleaseReason.TECHNICAL, Why.FIELD_NOT_SHOWN) if not_shown(lease, terms) else Show()


def _go_on(held: Held, shown: Shown, terms: Terms, now: int) -> list[Action]:
    if shown.data != data_of(held.lease, terms.fields):
        return _back(shown, ReleaseReason.TECHNICAL, Why.CHANGED)
    if shown.answers:
        return _answered(held.lease, shown, terms)
    if not shown.since <= now < shown.since + terms.keep_ms:
        return _back(shown, ReleaseReason.BREAK, Why.NOT_ANSWERED)
    return [Extend(shown.number)] if now - held.extended_at >= terms.beat_ms else []


def _answered(lease: LeaseView, shown: Shown, terms: Terms) -> list[Action]:
    if any(it.by != terms.account for it in shown.answers):
        return _back(shown, ReleaseReason.TECHNICAL, Why.ANSWERED_BY_ANOTHER)
    if len(shown.answers) > 1:
        return _back(shown, ReleaseReason.TECHNICAL, Why.SEVERAL_ANSWERS)
    (answer,) = shown.answers
    if answer.annotation is None:
        return _back(shown, ReleaseReason.TECHNICAL, Why.UNREADABLE)
    if answer.annotation.was_cancelled:
        return [Skip(), *_out([shown])]
    given = Given(lease.task_id, terms.fields, answer.annotation)
    try:
        said = result(given, lease.fields, Unit.CODE_POINTS)
    except Refused as refused:
        return _back(shown, ReleaseReason.TECHNICAL, refused.reason)
    return [Submit(shown.number, _key(lease, answer), said), *_out([shown])]


def _back(shown: Shown, reason: ReleaseReason, why: str) -> list[Action]:
    return [*_out([shown]), GiveBack(reason, why)]


def _key(lease: LeaseView, answer: Answer) -> str:
    return f"studio-{lease.lease_id}-{answer.number}"
