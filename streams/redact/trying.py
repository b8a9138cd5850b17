"""Redacting the records of a batch, whatever somebody's recognizer does: what it breaks on is refused alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from schemas.errors import Reason
from schemas.hidden import RawRecord
from streams.redact.outcome import Outcome, Refused
from streams.redact.redactor import redact, redact_many
from streams.redact.ruling import Ruling
from streams.redact.transform.keys import TransformKeys
from topology.policies.model import Risk

_OVER_THE_THRESHOLD = Refused(Reason.RISK_TOO_HIGH)


def outcomes(records: Sequence[RawRecord], ruling: Ruling, keys: TransformKeys) -> list[Outcome]:
    """One outcome a record, in order."""
    try:
        return redact_many(records, ruling.policy, ruling.detector, keys)
    except Exception:  # noqa: BLE001 - a recognizer may be anybody's code: what it breaks on is quarantined
        return [_alone(record, ruling, keys) for record in records]


def in_spite(outcome: Outcome, record: RawRecord, ruling: Ruling, keys: TransformKeys) -> Outcome:
    """The outcome of a record for which two people have set the risk threshold aside; every other check holds."""
    if outcome != _OVER_THE_THRESHOLD:
        return outcome
    return _alone(record, replace(ruling, policy=replace(ruling.policy, risk=Risk())), keys)


def _alone(record: RawRecord, ruling: Ruling, keys: TransformKeys) -> Outcome:
    try:
        return redact(record, ruling.policy, ruling.detector, keys)
    except Exception:  # noqa: BLE001 - as above; its text could quote the record, so only the reason is kept
        return Refused(Reason.DETECTION_FAILED)
