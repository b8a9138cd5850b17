"""The history that control records and audit events tell, from records made here."""

from __future__ import annotations

from dataclasses import replace

from deploy.policy_history import told
from schemas.audit import AuditEvent, Decision, EventType
from schemas.control import ControlKind
from tests.simulation.vault import MemoryVault, VaultStore
from tests.simulation.world import POLICY, TOPOLOGY
from topology.access import signers
from topology.control import ControlBook
from topology.pins import Pins
from topology.policies import Policy, policy_bytes
from topology.policies.canonical import with_hash
from vault.signing import sign_control

VAULT = MemoryVault(VaultStore(auto_keys=True), "demo")
PINS = Pins({who.signer: VAULT.public_key(who.sign_key) for who in signers(TOPOLOGY)})
SECOND = with_hash(replace(POLICY, version=2))


def book_with(*signatures: tuple[ControlKind, str, bytes, str]) -> ControlBook:
    book = ControlBook(TOPOLOGY.flow, PINS, TOPOLOGY.projects)
    for at, (kind, target, body, signer) in enumerate(signatures, 1):
        key = f"{kind}/demo/{target}/{signer}"
        book.apply(key, sign_control(VAULT, signer, key=key, version=1, kind=kind, body=body, now=at))
    return book


def signed(policy: Policy, signer: str) -> tuple[ControlKind, str, bytes, str]:
    return ControlKind.POLICY, policy.hash, policy_bytes(policy), signer


def event(kind: EventType, resource: str, time: int, process: str = "redact.demo", **rest) -> AuditEvent:
    return AuditEvent(
        "redact.demo.0", 1, time, b"", process, time, kind, resource, "success", Decision.NONE, "", "", "",
        rest.get("bundle", ""), (), None, None, rest.get("details", {}),
    )  # fmt: skip


def test_history_joins_signatures_with_what_redact_acknowledged_and_made():
    book = book_with(signed(POLICY, "ada"), signed(POLICY, "grace"), signed(SECOND, "ada"))
    applied = f"control/policy/demo/{POLICY.hash}"
    parts = {"release": "1.0", "code": "c0de"}
    events = [
        event(EventType.CONTROL_APPLIED, applied, 9),
        event(EventType.CONTROL_APPLIED, applied, 5),
        event(EventType.CONTROL_APPLIED, applied, 1, process="label.demo"),
        event(EventType.BUNDLE_ADOPTED, f"policy/{POLICY.hash}", 8, bundle="b1", details=parts),
        event(EventType.BUNDLE_ADOPTED, f"policy/{POLICY.hash}", 6, bundle="b1", details=parts),
    ]
    history = told("demo", book, events)
    first, second = history.versions
    assert (first.id, first.hash, first.in_force, first.applied_at) == ("demo@1", POLICY.hash, True, 5)
    assert [(it.signer, it.at) for it in first.signatures] == [("ada", 1), ("grace", 2)]
    assert [(it.bundle, it.at, it.release, it.code) for it in first.bundles] == [("b1", 6, "1.0", "c0de")]
    assert (second.id, second.fully_signed, second.in_force, second.applied_at) == ("demo@2", False, False, None)
    assert history.minimum == 0


def test_history_tells_what_a_minimum_rules_out():
    both = [signed(policy, signer) for policy in (POLICY, SECOND) for signer in ("ada", "grace")]
    minimums = [(ControlKind.MINIMUM, "2", b"{}", signer) for signer in ("ada", "grace")]
    history = told("demo", book_with(*both, *minimums), [])
    assert history.minimum == 2
    assert [(it.version, it.in_force, it.below_minimum) for it in history.versions] == [
        (1, False, True),
        (2, True, False),
    ]


def test_a_project_in_which_nobody_signed_has_no_history():
    assert told("demo", book_with(), []).versions == ()
