"""What may happen to one task, as functions from `TaskWork` to `TaskWork`. No index, no clock.

A lease id is `<task id>-<fencing token>`; tokens rise by one a task, so a later lease always has a higher one.
The label that a lease ends with has the lease's id: one lease can't become two labels.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from schemas.errors import Reason, Refused
from schemas.records import Task
from schemas.states import LeaseEnding, LeaseState, TaskWork, TurnState, WorkStatus
from streams.label.availability import Row
from streams.label.commands import Ended, Held, Lease
from streams.label.settings import QueueSettings

ANSWERS = frozenset({LeaseEnding.LABEL, LeaseEnding.SKIP, LeaseEnding.REPORT})
"""After one of these its person never gets the task again."""
RETURNS = frozenset({LeaseEnding.RELEASE, LeaseEnding.EXPIRY})
"""After one of these they may, for a while only when nothing unseen is left: nothing was answered, and small teams
must go on."""
_TOKEN_DIGITS = 18
_REFUSALS = {
    LeaseEnding.RELEASE: Reason.STALE_TOKEN,
    LeaseEnding.EXPIRY: Reason.LEASE_EXPIRED,
    LeaseEnding.CLOSE: Reason.TASK_CLOSED,
    LeaseEnding.WITHDRAWAL: Reason.WITHDRAWN,
    LeaseEnding.EXCLUSION: Reason.EXCLUDED,
}


def fresh(task_id: str, order: int, released_at: int) -> TaskWork:
    """A task that nobody has had. `order`: lower came earlier."""
    return TaskWork(
        task_id,
        order,
        WorkStatus.OPEN,
        granted=0,
        adjudicate=False,
        token=0,
        leases=(),
        turns=(),
        ended_at=0,
        added_at=released_at,
    )


def lease_id(task_id: str, token: int) -> str:
    """The name of a lease."""
    return f"{task_id}-{token}"


def split(lease: str) -> tuple[str, int]:
    """Task id and token in a lease id. Raises Refused (`unknown_lease`) for anything else."""
    task_id, dash, token = lease.rpartition("-")
    if not dash or not (token.isascii() and token.isdigit()) or len(token) > _TOKEN_DIGITS:
        raise Refused(Reason.UNKNOWN_LEASE, "no such lease")
    if lease != lease_id(task_id, int(token)):  # one lease has one name, by which a repeat is known
        raise Refused(Reason.UNKNOWN_LEASE, "no such lease")
    return task_id, int(token)


def as_lease(work: TaskWork, state: LeaseState) -> Lease:
    """The open lease as its holder sees it."""
    name = lease_id(work.task_id, state.token)
    return Lease(name, work.task_id, state.person, state.token, state.leased_at, state.expires_at)


def as_ended(work: TaskWork, turn: TurnState, *, replayed: bool) -> Ended:
    """The ended lease as its holder is told."""
    name = lease_id(work.task_id, turn.token)
    return Ended(
        name,
        work.task_id,
        turn.person,
        turn.ending,
        turn.reason,
        turn.leased_at,
        turn.ended_at,
        replayed=replayed,
        waited_ms=_waited_ms(work, turn),
        released_at=work.added_at,
    )


def _waited_ms(work: TaskWork, turn: TurnState) -> int | None:
    """Of the task for its first label; None where it isn't that."""
    others = (it for it in work.turns if it.token != turn.token)
    first = turn.ending is LeaseEnding.LABEL and all(it.ending is not LeaseEnding.LABEL for it in others)
    return turn.ended_at - work.added_at if first else None


def turn_of(work: TaskWork, token: int) -> TurnState | None:
    """How the lease with this token ended, or None."""
    return next((turn for turn in work.turns if turn.token == token), None)


def held(work: TaskWork, claim: Held, now: int) -> LeaseState:
    """The open lease that `claim` names. Raises Refused with the reason why its holder has it no more."""
    _, token = split(claim.lease_id)
    state = next((lease for lease in work.leases if lease.token == token and not lease.reserved), None)
    turn = turn_of(work, token)
    owner = state or turn
    if owner is None:
        raise Refused(Reason.UNKNOWN_LEASE, "no such lease")
    if owner.person != claim.person:
        raise Refused(Reason.NOT_PERMITTED, "the lease is another person's")
    if token != claim.fencing_token:
        raise Refused(Reason.STALE_TOKEN, "the fencing token is not this lease's")
    if turn is not None and turn.ending in ANSWERS:
        message = f"the lease has ended with a {turn.ending}, which stands; this call changes nothing"
        raise Refused(Reason.ALREADY_SUBMITTED, message)
    if turn is not None:
        raise Refused(_REFUSALS[turn.ending], f"the lease has ended: {turn.ending}")
    assert state is not None  # one of the two is
    if state.expires_at <= now:
        raise Refused(Reason.LEASE_EXPIRED, "the lease has ended: expiry")
    return state


def has_room(work: TaskWork, overlap: int) -> bool:
    """Whether one more lease can't lead to more labels than overlap and granted extras."""
    labels = sum(turn.ending is LeaseEnding.LABEL for turn in work.turns)
    return work.status is WorkStatus.OPEN and labels + len(work.leases) < max(1, overlap) + work.granted


def rest_of(turn: TurnState, settings: QueueSettings) -> int:
    """Until when everything unseen goes before a task for who has given it back so; 0 where they have not."""
    return turn.ended_at + settings.rest_ms if turn.ending in RETURNS else 0


def row(work: TaskWork, task: Task, settings: QueueSettings, now: int) -> Row:
    """Who may take the task, for the index. Holders are in it: asking again returns the lease they hold."""
    returned = Counter(turn.person for turn in work.turns if turn.ending in RETURNS)
    answered = {turn.person for turn in work.turns if turn.ending in ANSWERS}
    worn = {person for person, times in returned.items() if times >= settings.max_returns}
    return Row(
        work.task_id,
        has_room(work, task.overlap),
        frozenset(answered | worn),
        frozenset(turn.person for turn in work.turns if rest_of(turn, settings) > now),
        work.adjudicate,
        task.priority,
        task.batch,
        task.skills,
        work.added_at,
    )


def with_lease(
    work: TaskWork, person: str, now: int, expires_at: int, *, reserved: bool = False
) -> tuple[TaskWork, LeaseState]:
    """The task leased to `person`, or reserved for them, under the next token."""
    state = LeaseState(person, work.token + 1, now, expires_at, reserved)
    return replace(work, token=state.token, leases=(*work.leases, state)), state


def opened(work: TaskWork, state: LeaseState, now: int, expires_at: int) -> tuple[TaskWork, LeaseState]:
    """What was reserved is leased from now on, under the next token: others may have had it meanwhile."""
    return with_lease(without_token(work, state.token), state.person, now, expires_at)


def renewed(work: TaskWork, state: LeaseState, until: int, settings: QueueSettings) -> tuple[TaskWork, LeaseState]:
    """The lease extended to `until`, never beyond its longest life, never shortened."""
    limit = state.leased_at + settings.lease_max_ms
    return _changed(work, state, replace(state, expires_at=max(state.expires_at, min(until, limit))))


def _changed(work: TaskWork, state: LeaseState, new: LeaseState) -> tuple[TaskWork, LeaseState]:
    return replace(work, leases=tuple(new if one is state else one for one in work.leases)), new


def without_lease(work: TaskWork, turn: TurnState) -> TaskWork:
    """The lease with the turn's token has ended as the turn says."""
    return replace(without_token(work, turn.token), turns=(*work.turns, turn))


def without_token(work: TaskWork, token: int) -> TaskWork:
    """The lease or reservation with this token, gone without a trace."""
    return replace(work, leases=tuple(lease for lease in work.leases if lease.token != token))


def turn_from(state: LeaseState, ending: LeaseEnding, reason: str, now: int) -> TurnState:
    """The end of a lease, without digests."""
    return TurnState(state.person, state.token, ending, reason, state.leased_at, now)


def ended(work: TaskWork, status: WorkStatus, now: int) -> TaskWork:
    """The whole task is over; every open lease ends with it. Of a reservation nothing remains."""
    how = LeaseEnding.CLOSE if status is WorkStatus.CLOSED else LeaseEnding.WITHDRAWAL
    turns = tuple(turn_from(lease, how, "", now) for lease in work.leases if not lease.reserved)
    return replace(work, status=status, leases=(), turns=work.turns + turns, ended_at=now)
