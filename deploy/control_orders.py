"""What people put on `control`: signatures on policies, orders to withdraw a task. Signed in Vault, audited."""

from __future__ import annotations

import json

from deploy.acting import act
from deploy.surroundings import CONTROL, Surroundings
from schemas.audit import Event, EventType
from schemas.control import ControlKind, WithdrawalReason
from schemas.resources import control_resource, policy_resource, task_resource
from streams.engine.messages import Outgoing
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


def order_withdrawal(around: Surroundings, task_id: str, reason: WithdrawalReason) -> str:
    """Order that a task is pulled everywhere and its key destroyed. The order's control key."""
    key = f"{ControlKind.WITHDRAW}/{around.project}/{task_id}/{around.identity.signer}"
    body = json.dumps({"reason": reason.value}, separators=(",", ":")).encode()
    event = Event(
        EventType.WITHDRAWAL_ORDERED,
        task_resource(task_id),
        person=around.identity.signer,
        reason=reason.value,
        parents=(control_resource(key),),
    )
    _order(around, key, ControlKind.WITHDRAW, body, event)
    return key


def _order(around: Surroundings, key: str, kind: ControlKind, body: bytes, event: Event) -> None:
    now = around.clock.now()
    signer = around.identity.signer
    # The time in milliseconds is the version: it rises without being remembered.
    state = sign_control(around.vault, signer, key=key, version=now, kind=kind, body=body, now=now)
    act(around, [Outgoing(CONTROL, key.encode(), around.codec.encode(state))], [event])
