"""Verifies an audit export (`export`) offline: files against index, schema, chains, signatures, reconciliation.

Whatever stands in the directory is untrusted: every way it can be wrong is a finding, none an exception.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas import catalog
from schemas.audit import AuditEvent
from schemas.errors import ChainBroken
from schemas.leaf import event_of, leaf
from streams.audit.chain import Chains, Head, Pins
from streams.audit.export import FORMAT, INDEX, LENGTH, PINS, SCHEMA, SUFFIX
from streams.audit.findings import Finding, FindingKind
from streams.audit.reconcile import Reconciler, Reconciliation

MAX_LEAF = 16 * 1024 * 1024
"""Far above the 2 MiB a record may have; a length beyond it is damage, not an event."""


@dataclass(frozen=True, slots=True)
class Verification:
    """`own_pins`: the pins came from the verifier, not from the export itself."""

    findings: tuple[Finding, ...]
    reconciliation: Reconciliation
    heads: Mapping[str, Head]
    own_pins: bool

    @property
    def holds(self) -> bool:
        """Nothing was found wrong."""
        return not self.findings


def verify_export(
    directory: Path, pins: Pins | None = None, kept: Mapping[str, Head] | None = None
) -> Verification:
    """All that is wrong with an export.

    `pins`: the keys to trust; without them those in the export, which proves consistency, not origin. `kept`:
    heads from an earlier look; they show a log that was cut or rewritten.
    """
    found: list[Finding] = []
    index = _index(directory, found)
    if _json(directory / SCHEMA, found) != json.loads(catalog.text("AuditEvent")):
        found.append(Finding(FindingKind.EXPORT, SCHEMA, "not the schema the leaves are encoded in"))
    heads = {**_heads(index, found), **(kept or {})}
    chains = Chains(pins if pins is not None else _pins(directory, found), heads)
    reconciler = Reconciler(str(index.get("project", "")))
    for name in _files(directory, index, found):
        for event in _events(directory / name, index, found):
            found += chains.add(event)
            reconciler.add(event)
    found += chains.end()
    result = reconciler.result()
    return Verification((*found, *result.findings), result, chains.heads(), pins is not None)


def _events(path: Path, index: dict[str, Any], found: list[Finding]) -> Iterator[AuditEvent]:
    """The events of one file; says in `found` what can't be read and what the index says otherwise."""
    total, count = hashlib.sha256(), 0
    for position, data in enumerate(_leaves(path, found)):
        total.update(LENGTH.pack(len(data)) + data)
        count += 1
        try:
            event = event_of(data)
            if leaf(event) != data:
                raise ChainBroken("leaf bytes that are not in their one canonical form")
        except ChainBroken as error:
            found.append(Finding(FindingKind.UNREADABLE, f"{path.name}#{position}", str(error)))
            continue
        yield event
    said = index["files"].get(path.name)
    if said != {"events": count, "sha256": total.hexdigest()}:
        text = f"the file holds {count} events and is not the one the index names"
        found.append(Finding(FindingKind.EXPORT, path.name, text))


def _leaves(path: Path, found: list[Finding]) -> Iterator[bytes]:
    position = 0
    try:
        with path.open("rb") as file:
            while prefix := file.read(LENGTH.size):
                length = LENGTH.unpack(prefix)[0] if len(prefix) == LENGTH.size else MAX_LEAF + 1
                data = file.read(length) if length <= MAX_LEAF else b""
                if len(data) != length:
                    text = "the file ends inside an event, or the length of the event is damaged"
                    found.append(Finding(FindingKind.EXPORT, f"{path.name}#{position}", text))
                    return
                yield data
                position += 1
    except OSError as error:
        found.append(Finding(FindingKind.EXPORT, path.name, f"can't be read: {error.strerror}"))


def _files(directory: Path, index: dict[str, Any], found: list[Finding]) -> list[str]:
    """The names to read: those there are. One named by the index only is missing."""
    there = {path.name for path in directory.glob(f"*{SUFFIX}")}
    missing = sorted(str(name) for name in index["files"].keys() - there)
    text = "the index names this file, but it is not there"
    found.extend(Finding(FindingKind.EXPORT, name, text) for name in missing)
    return sorted(there)


def _index(directory: Path, found: list[Finding]) -> dict[str, Any]:
    index = _json(directory / INDEX, found)
    if index.get("format") != FORMAT or not isinstance(index.get("files"), dict):
        found.append(Finding(FindingKind.EXPORT, INDEX, f"not an index in the format {FORMAT}"))
        return {"files": {}}
    return index


def _heads(index: dict[str, Any], found: list[Finding]) -> dict[str, Head]:
    try:
        said: dict[str, Any] = index.get("heads") or {}
        return {slot: Head(int(it["sequence"]), bytes.fromhex(it["digest"])) for slot, it in said.items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        found.append(Finding(FindingKind.EXPORT, INDEX, "the heads in the index are damaged"))
        return {}


def _pins(directory: Path, found: list[Finding]) -> dict[str, bytes]:
    try:
        return {signer: bytes.fromhex(key) for signer, key in _json(directory / PINS, found).items()}
    except (TypeError, ValueError):
        found.append(Finding(FindingKind.EXPORT, PINS, "the pins are damaged"))
        return {}


def _json(path: Path, found: list[Finding]) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        found.append(Finding(FindingKind.EXPORT, path.name, "missing, or not JSON"))
        return {}
    if isinstance(content, dict):
        return content
    found.append(Finding(FindingKind.EXPORT, path.name, "not a JSON object"))
    return {}
