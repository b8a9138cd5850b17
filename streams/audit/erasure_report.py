"""What a person signs about an erasure: what was erased, what outlives it, where and until when. Pure.

`erasure.json` holds it all, with the signed orders themselves, and `erasure.sig` the Ed25519 signature of who
made it, by a key that the topology pins. It verifies anywhere; no value is in it, nor whom the hash stands for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from schemas.control import ControlKind, control_message
from schemas.erasure import erased_subject
from schemas.records import ControlState
from streams.audit.chain import Pins
from streams.audit.erasures import Erasure
from streams.audit.evidence import as_json
from streams.audit.evidence_check import is_signed
from streams.audit.findings import Finding, FindingKind
from streams.audit.remains import Remains
from streams.audit.store import Store

FORMAT = "veilstream-erasure/1"
REPORT, SIGNATURE = "erasure.json", "erasure.sig"
_MESSAGE = b"veilstream/erasure/v1\n"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a report. `over`: whether it says that the erasure was over when it was made."""

    findings: tuple[Finding, ...]
    subject: str
    project: str
    person: str
    over: bool

    @property
    def holds(self) -> bool:
        """Nothing was found wrong."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class Told:
    """What goes into a report. `blind`: policies that made tasks and name no subject, so that nobody is found
    there.
    """

    project: str
    person: str
    made_at: int
    erasure: Erasure
    orders: Sequence[ControlState]
    remains: Sequence[Remains]
    blind: Sequence[str]


def report_file(told: Told) -> bytes:
    """The bytes of `erasure.json`."""
    erasure = told.erasure
    content = {
        "format": FORMAT,
        "project": told.project,
        "subject": erasure.subject,
        "person": told.person,
        "made_at": told.made_at,
        "over": erasure.is_over,
        "erased_at": erasure.erased,
        "unsettled": erasure.unsettled,
        "waiting": list(erasure.waiting),
        "orders": [_order(state) for state in told.orders],
        "tasks": [asdict(task) for task in erasure.tasks],
        "segments": sorted({task.segment_id for task in erasure.tasks if task.segment_id}),
        "outlives": [asdict(one) for one in told.remains],
        "policies_without_subject": list(told.blind),
    }
    return as_json(content)


def report_message(data: bytes) -> bytes:
    """The bytes that a person signs for a report."""
    return _MESSAGE + hashlib.sha256(data).digest()


def check_report(store: Store, pins: Pins) -> Checked:
    """All that is wrong with a report. Whatever lies there is untrusted: each fault is a finding, none an
    exception.

    `pins`: public keys by signer.
    """
    data = store.get(REPORT) or b""
    content = _read(data)
    person, project, subject = (str(content.get(name, "")) for name in ("person", "project", "subject"))
    found = []
    if content.get("format") != FORMAT:
        found.append(_finding(REPORT, "missing, or not one that this version has written"))
    elif not is_signed(pins.get(person), store.get(SIGNATURE) or b"", report_message(data)):
        found.append(_finding(SIGNATURE, "not the signature of the person whom it names"))
    orders = content.get("orders")
    if not isinstance(orders, list) or not orders:
        found.append(_finding(REPORT, "without the orders that it rests on"))
    else:
        found += _check_orders(orders, pins, project, subject)
    return Checked(tuple(found), subject, project, person, content.get("over") is True)


def orders_in(store: Store, pins: Pins) -> tuple[ControlState, ...]:
    """The signed orders of a report that holds, to be put on `control` as they are. Raises ValueError."""
    checked = check_report(store, pins)
    if not checked.holds:
        raise ValueError(str(checked.findings[0]))
    orders = _read(store.get(REPORT) or b"").get("orders")
    states = map(_state, orders if isinstance(orders, list) else ())
    return tuple(state for state in states if state is not None)


def _check_orders(orders: Iterable[object], pins: Pins, project: str, subject: str) -> Iterable[Finding]:
    for number, order in enumerate(orders):
        state = _state(order)
        if state is None or state.kind != ControlKind.ERASE or erased_subject(state.key, project) != subject:
            yield _finding(REPORT, f"order {number} is none about this subject")
            continue
        message = control_message(state.key, state.version, state.kind, state.body)
        by_signer = state.key.endswith(f"/{state.signer}")
        if not by_signer or not is_signed(pins.get(state.signer), state.signature.hex().encode(), message):
            yield _finding(REPORT, f"order {number} is not signed by whom it names")


def _order(state: ControlState) -> Mapping[str, object]:
    return asdict(state) | {"body": state.body.decode("utf-8", "replace"), "signature": state.signature.hex()}


def _state(order: object) -> ControlState | None:
    """The record of `control` that `_order` wrote; None for anything else."""
    if not isinstance(order, dict):
        return None
    try:
        return ControlState(
            key=str(order["key"]),
            version=int(order["version"]),
            kind=str(order["kind"]),
            body=str(order["body"]).encode(),
            signer=str(order["signer"]),
            signature=bytes.fromhex(str(order["signature"])),
            signed_at=int(order["signed_at"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError):  # the last one: Python's JSON has `Infinity`
        return None


def _read(data: bytes) -> Mapping[str, object]:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _finding(name: str, text: str) -> Finding:
    return Finding(FindingKind.EVIDENCE, name, text)
