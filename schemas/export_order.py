"""The signed order that sanitized texts may be taken out with their labels: which form, by whom, until when.

It stands under `export/P/<SHA-256 of the body>/<signer>`, so whoever signs it signs all it says. In force until
its time is over, once one of each role that `flow.yaml` names has signed the same (`topology/export_orders.py`).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum

from schemas.control import MAX_VERSION, ControlKind

MAX_EXPORT_MS = 8 * 3_600_000
"""A working day, as a grant's: two people agree to files that are made now, not to a way out that stays open."""
MAX_BODY_BYTES = 300
"""An order has some 120."""
_PERSON = re.compile(r"[a-z][a-z0-9-]{0,39}")


class ExportForm(StrEnum):
    """In which form. All are files that somebody's tool reads."""

    JSONL = "jsonl"
    CONLL = "conll"
    SPACY = "spacy"
    PARQUET = "parquet"
    LABEL_STUDIO = "label-studio"


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """Who may take out texts, in which form, and when: `since` ≤ t < `until`, in milliseconds."""

    person: str
    form: ExportForm
    since: int
    until: int

    def in_time(self, now: int) -> bool:
        """Whether it is neither over nor still to begin."""
        return self.since <= now < self.until


def order_body(order: ExportOrder) -> bytes:
    """The bytes that order it; the same for all who sign it. Raises ValueError for what no reader would take."""
    content = {"form": order.form.value, "person": order.person, "since": order.since, "until": order.until}
    body = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    if _read(body) != order:
        raise ValueError("no order of an export: its times or person can't be")
    return body


def order_id(order: ExportOrder) -> str:
    """The order's name: SHA-256 in hex of its bytes."""
    return hashlib.sha256(order_body(order)).hexdigest()


def read_order(name: str, body: bytes) -> ExportOrder | None:
    """What `order_body` wrote, under its name; None for anything else."""
    return _read(body) if hashlib.sha256(body).hexdigest() == name else None


def export_key(project: str, name: str, signer: str) -> str:
    """Under which this signer signs the order of this name."""
    return f"{ControlKind.EXPORT}/{project}/{name}/{signer}"


def _read(body: bytes) -> ExportOrder | None:
    try:
        content = json.loads(body) if len(body) <= MAX_BODY_BYTES else None
        if not isinstance(content, dict) or content.keys() != {"form", "person", "since", "until"}:
            return None
        form, person, since, until = (content[it] for it in ("form", "person", "since", "until"))
        found = ExportForm(form)
    except (ValueError, TypeError, RecursionError):
        return None
    if type(since) is not int or type(until) is not int or not isinstance(person, str):
        return None
    if not 0 < since < until <= min(since + MAX_EXPORT_MS, MAX_VERSION) or not _PERSON.fullmatch(person):
        return None
    return ExportOrder(person, found, since, until)
