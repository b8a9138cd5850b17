"""What people put on `control`: policies and minimums signed, freezes, withdrawals. Signed in Vault, audited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deploy.acting import act
from deploy.surroundings import CONTROL, Surroundings
from schemas.audit import Event, EventType
from schemas.control import (
    ControlKind,
    Freezable,
    FreezeReason,
    Replay,
    RevocationReason,
    WithdrawalReason,
    freeze_body,
    lift_body,
    replay_body,
    revocation_body,
    switch_body,
    withdrawal_body,
)
from schemas.quarantine_release import QuarantineRelease, release_body
from schemas.records import RawReference
from schemas.reredaction import Reredaction, reredaction_body
from schemas.resources import control_resource, policy_resource, project_resource, raw_resource, task_resource
from streams.engine.messages import Outgoing
from topology.jobs import Job
from topology.policies import Policy, policy_bytes
from vault.signing import sign_control


def sign_policy(around: Surroundings, policy: Policy) -> str:
    """Put the person's signature on a policy; in force once an author and an approver have. Its control key."""
    key = f"{ControlKind.POLICY}/{around.project}/{policy.hash}/{around.identity.signer}"
    event = Event(
        EventType.POLICY_PUBLISHED,
        policy_resource(policy.hash),
        person=around.identity.signer,
        parents=(control_resource(key),),
        details={"policy": policy.id},
    )
    _order(around, key, ControlKind.POLICY, policy_bytes(policy), event)
    return key


def sign_minimum(around: Surroundings, version: int) -> str:
    """Put the person's signature on a minimum version; it holds once an author and an approver have. Its key."""
    key = f"{ControlKind.MINIMUM}/{around.project}/{version}/{around.identity.signer}"
    event = Event(
        EventType.MINIMUM_ORDERED,
        control_resource(key),
        person=around.identity.signer,
        details={"minimum": str(version)},
    )
    _order(around, key, ControlKind.MINIMUM, b"{}", event)
    return key


def sign_job(around: Surroundings, job: Job) -> str:
    """Put the person's signature on a labeling job; in force once those have whom the project names. Its key."""
    key = f"{ControlKind.JOB}/{around.project}/{job.hash}/{around.identity.signer}"
    event = Event(
        EventType.JOB_SIGNED,
        project_resource(around.project),
        person=around.identity.signer,
        parents=(control_resource(key),),
        details={"version": str(job.version), "job": job.hash},
    )
    _order(around, key, ControlKind.JOB, job.body, event)
    return key


def order_freeze(around: Surroundings, stages: Sequence[Freezable], reason: FreezeReason, version: int = 1) -> str:
    """Order that these stages stop releasing until two people let them go on. The order's control key.

    `version` is the lowest that it may have (`ControlBook.next_version`).
    """
    key = freeze_key(around)
    event = Event(
        EventType.FREEZE_ORDERED,
        control_resource(key),
        person=around.identity.signer,
        reason=reason.value,
        details={"stages": " ".join(sorted(stage.value for stage in stages))},
    )
    _order(around, key, ControlKind.FREEZE, freeze_body(stages, reason), event, version)
    return key


def sign_lift(around: Surroundings, who: str, frozen: int, version: int = 1) -> str:
    """Sign that what somebody has frozen, up to a version, is over; it takes two people. Its control key."""
    key = lift_key(around, who)
    event = Event(
        EventType.LIFT_ORDERED,
        control_resource(key),
        person=around.identity.signer,
        details={"of": who, "version": str(frozen)},
    )
    _order(around, key, ControlKind.LIFT, lift_body(frozen), event, version)
    return key


def order_readmission(around: Surroundings, who: str, version: int = 1) -> str:
    """Order that a person who was paused for their answers on gold gets tasks again. The order's control key."""
    key = readmission_key(around, who)
    event = Event(
        EventType.READMIT_ORDERED,
        control_resource(key),
        person=around.identity.signer,
        details={"readmitted": who},
    )
    _order(around, key, ControlKind.READMIT, b"{}", event, version)
    return key


def order_revocation(around: Surroundings, who: str, reason: RevocationReason, version: int) -> str:
    """Order that a person or an app may do nothing in the project any more. The order's control key."""
    key = revocation_key(around, ControlKind.REVOKE, who)
    event = Event(
        EventType.REVOCATION_ORDERED,
        control_resource(key),
        person=around.identity.signer,
        reason=reason.value,
        details={"revoked": who},
    )
    _order(around, key, ControlKind.REVOKE, revocation_body(reason), event, version)
    return key


def sign_reinstatement(around: Surroundings, who: str, up_to: int, version: int) -> str:
    """Sign that the revocations of somebody, up to a version, are over; it takes two people. Its control key."""
    key = revocation_key(around, ControlKind.REINSTATE, who)
    event = Event(
        EventType.REINSTATEMENT_SIGNED,
        control_resource(key),
        person=around.identity.signer,
        details={"reinstated": who, "version": str(up_to)},
    )
    _order(around, key, ControlKind.REINSTATE, lift_body(up_to), event, version)
    return key


def revocation_key(around: Surroundings, kind: ControlKind, who: str) -> str:
    """Under which this person revokes another, or signs that this is over."""
    return f"{kind}/{around.project}/{who}/{around.identity.signer}"


def sign_reredaction(around: Surroundings, order: Reredaction, version: int) -> str:
    """Put the person's signature on an order to redact again; it takes two people. Its control key."""
    key = reredaction_key(around)
    event = Event(
        EventType.REREDACTION_ORDERED,
        control_resource(key),
        person=around.identity.signer,
        details={"number": str(order.number), "policy": str(order.policy), "since": str(order.since)},
    )
    _order(around, key, ControlKind.REREDACT, reredaction_body(order), event, version)
    return key


def sign_release(around: Surroundings, order: QuarantineRelease, version: int) -> str:
    """Put the person's signature on the release of a quarantined record; it takes two people. Its control key."""
    key = release_key(around, order)
    raw = RawReference(f"raw.{around.project}", order.partition, order.offset, order.revision)
    event = Event(
        EventType.RELEASE_ORDERED,
        raw_resource(raw),
        person=around.identity.signer,
        reason=order.reason.value,
        parents=(control_resource(key),),
        details={"version": str(order.policy)},
    )
    _order(around, key, ControlKind.RELEASE, release_body(order), event, version)
    return key


def release_key(around: Surroundings, order: QuarantineRelease) -> str:
    """Under which this person releases this record."""
    return f"{ControlKind.RELEASE}/{around.project}/{order.target}/{around.identity.signer}"


def reredaction_key(around: Surroundings) -> str:
    """Under which this person orders that records are redacted again."""
    return f"{ControlKind.REREDACT}/{around.project}/{around.identity.signer}"


def lift_key(around: Surroundings, who: str) -> str:
    """Under which this person signs that somebody's freezes are over."""
    return f"{ControlKind.LIFT}/{around.project}/{who}/{around.identity.signer}"


def readmission_key(around: Surroundings, who: str) -> str:
    """Under which this person readmits another."""
    return f"{ControlKind.READMIT}/{around.project}/{who}/{around.identity.signer}"


def freeze_key(around: Surroundings) -> str:
    """Under which this person freezes."""
    return f"{ControlKind.FREEZE}/{around.project}/{around.identity.signer}"


def order_replay(around: Surroundings, replay: Replay, version: int = 1) -> str:
    """Order that messages are sent again to who is told what happens. The order's control key."""
    key = replay_key(around)
    details = {"since": str(replay.since), "endpoint": replay.endpoint, "message": replay.message_id}
    event = Event(
        EventType.REPLAY_ORDERED,
        control_resource(key),
        person=around.identity.signer,
        details={name: text for name, text in details.items() if text},
    )
    _order(around, key, ControlKind.REPLAY, replay_body(replay), event, version)
    return key


def replay_key(around: Surroundings) -> str:
    """Under which this person orders replays: one key, so that the latest holds."""
    return f"{ControlKind.REPLAY}/{around.project}/{around.identity.signer}"


def order_withdrawal(around: Surroundings, task_id: str, reason: WithdrawalReason) -> str:
    """Order that a task is pulled everywhere and its key destroyed. The order's control key."""
    (key,) = order_withdrawals(around, [task_id], reason)
    return key


def order_withdrawals(around: Surroundings, task_ids: Sequence[str], reason: WithdrawalReason) -> tuple[str, ...]:
    """The same of many, in one transaction. The orders' control keys."""
    signer, body = around.identity.signer, withdrawal_body(reason)
    keys = {task: f"{ControlKind.WITHDRAW}/{around.project}/{task}/{signer}" for task in task_ids}
    events = [
        Event(
            EventType.WITHDRAWAL_ORDERED,
            task_resource(task),
            person=signer,
            reason=reason.value,
            parents=(control_resource(key),),
        )
        for task, key in keys.items()
    ]
    act(around, [control_record(around, key, ControlKind.WITHDRAW, body) for key in keys.values()], events)
    return tuple(keys.values())


def order_switch(
    around: Surroundings, kind: ControlKind, target: str, event: Event, version: int, *, on: bool
) -> str:
    """Pause or exclude, or lift it (`topology.switches`). `event`: all of it but resource and person. The key."""
    key = switch_key(around, kind, target)
    event = replace(event, resource=control_resource(key), person=around.identity.signer)
    _order(around, key, kind, switch_body(on=on), event, version)
    return key


def switch_key(around: Surroundings, kind: ControlKind, target: str) -> str:
    """Under which this person turns the switch."""
    return f"{kind}/{around.project}/{target}/{around.identity.signer}"


def _order(around: Surroundings, key: str, kind: ControlKind, body: bytes, event: Event, lowest: int = 1) -> None:
    act(around, [control_record(around, key, kind, body, lowest)], [event])


def control_record(around: Surroundings, key: str, kind: ControlKind, body: bytes, lowest: int = 1) -> Outgoing:
    """A signed record of `control` of this person's; `lowest`: the lowest version that it may have."""
    now = around.clock.now()
    signer = around.identity.signer
    # The time in milliseconds is the version: it rises without being remembered, unless a clock was set back.
    version = max(now, lowest)
    state = sign_control(around.vault, signer, key=key, version=version, kind=kind, body=body, now=now)
    return Outgoing(CONTROL, key.encode(), around.codec.encode(state))
