"""`veil redact`: a file of JSON lines in, sanitized JSON lines out. Neither Kafka nor Vault."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from schemas.errors import ConfigError
from schemas.geometry import Span
from schemas.hidden import RawRecord, SecretBytes
from streams.redact.detect.detector import build_detector
from streams.redact.detect.find import Detector
from streams.redact.offline_lines import INTERNAL_ERROR, Line, Lines
from streams.redact.outcome import Outcome, Redacted
from streams.redact.redactor import redact_many
from streams.redact.risk.score import MILLION
from streams.redact.transform.keys import TransformKeys
from topology.policies import Mode, Policy
from topology.policies.model import Risk
from vault.keyed_hash import KeyedHash

BATCH_LINES = 256  # what a detector does for a batch costs it no more than for one line
BATCH_BYTES = 1024 * 1024  # of input; what is made of it is in memory at once
MIN_KEY_BYTES = 32
MAX_KEY_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Summary:
    """Lines that were not empty, by what became of them. `failed` > 0 makes the command end with exit code 3."""

    lines: int
    redacted: int
    failed: int


def redact_file(
    source: Path,
    policy: Policy,
    mode: Mode | None,
    out: TextIO,
    detector: Detector | None = None,
    keys: TransformKeys | None = None,
    *,
    risk: bool = False,
) -> Summary:
    """Write one output line per input line that is not empty, in order.

    A good line gives `id`, `record` and `spans`; with `risk` also `risk`, 0 to 1, whether the policy has
    a limit or none. A bad one gives `id` (null when it has none that can be used)
    and `error`: a reason from a fixed list and the number of the line, never a value. `mode` overrides the
    policy's. Without `keys` tokens and surrogates are drawn from a key of this run, and are others in the next.
    Raises `ConfigError` when `source` can't be read.
    """
    if mode is not None:
        policy = replace(policy, detection=replace(policy.detection, mode=mode))
    detector = detector or build_detector(policy)
    if risk and not policy.risk.is_asked:
        policy = replace(policy, risk=Risk(quarantine_above_ppm=MILLION))  # nothing is above it
    keys = keys or keys_of(os.urandom(MIN_KEY_BYTES))
    redacted = failed = 0
    try:
        with source.open("rb") as stream:
            for batch in _batches(Lines().read(stream)):
                for answer in _answers(batch, policy, detector, keys, risk=risk):
                    out.write(json.dumps(answer, ensure_ascii=False) + "\n")
                    failed += "error" in answer
                    redacted += "error" not in answer
    except OSError as error:
        raise ConfigError(f"{source}: {error.strerror}") from None
    return Summary(redacted + failed, redacted, failed)


def keys_of(secret: bytes) -> TransformKeys:
    """What tokens and surrogates are drawn from, under this key."""
    return TransformKeys(KeyedHash(SecretBytes(secret)).digest)


def load_keys(file: Path) -> TransformKeys:
    """The key that is the content of `file`, whatever it is: 32 bytes at least. Raises ConfigError."""
    try:
        with file.open("rb") as stream:
            secret = stream.read(MAX_KEY_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    if not MIN_KEY_BYTES <= len(secret) <= MAX_KEY_BYTES:
        raise ConfigError(f"{file}: a token key has {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes; draw it at random")
    return keys_of(secret)


def _batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    batch: list[Line] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += line.size
        if len(batch) >= BATCH_LINES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _answers(
    batch: Sequence[Line], policy: Policy, detector: Detector, keys: TransformKeys, *, risk: bool
) -> Iterator[dict[str, object]]:
    """The output lines of a batch, in order."""
    records = [line.record for line in batch if isinstance(line.record, RawRecord)]
    outcomes = iter(_outcomes(records, policy, detector, keys))
    for line in batch:
        yield _answer(line, line.reason if line.record is None else next(outcomes), risk=risk)


def _outcomes(
    records: Sequence[RawRecord], policy: Policy, detector: Detector, keys: TransformKeys
) -> Sequence[Outcome | str]:
    """One for each record, or why there is none: a record that our code fails on costs no other its outcome."""
    try:
        return redact_many(records, policy, detector, keys)
    except ConfigError:
        raise  # what is wrong with the policy is wrong for all
    except Exception:  # noqa: BLE001 - whatever it is, its text may hold a value and is not told
        if len(records) == 1:
            return [INTERNAL_ERROR]
        return [one for record in records for one in _outcomes([record], policy, detector, keys)]


def _answer(line: Line, outcome: Outcome | str, *, risk: bool) -> dict[str, object]:
    if isinstance(outcome, Redacted):
        spans = [_span(span) for span in outcome.spans]
        told = {"risk": outcome.risk.total_ppm / MILLION} if risk and outcome.risk else {}
        return {"id": line.name, "record": dict(outcome.record.fields), "spans": spans, **told}
    reason = outcome if isinstance(outcome, str) else outcome.reason.value
    return {"id": line.name, "error": f"{reason} (line {line.number})"}


def _span(span: Span) -> dict[str, object]:
    return {
        "field": span.field,
        "start": span.start,
        "end": span.end,
        "entity_type": span.entity_type,
        "replacement": span.replacement,
    }
