"""The audit as files, so that it verifies anywhere: without Kafka, Vault or registry.

A directory holds
- `<topic>-<partition>.leaves`: the leaf bytes (`schemas.leaf`) of each event in the order of the partition, each
  preceded by its length as a big-endian 32-bit integer. Position in the file = index in the later Merkle tree;
- `schema.avsc`: the Avro schema whose fingerprint stands in each leaf;
- `pins.json`: the public keys the certificates were checked against, in hex, by signer;
- `index.json`: project, number of events and SHA-256 of each file, last event of each slot. Written last.

An index and pins that lie beside the log prove nothing against someone who rewrites the whole directory: who
verifies gives own pins, and heads kept from before (`kept`). Trees and signed checkpoints come later.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from schemas import catalog
from schemas.leaf import leaf
from streams.audit.chain import Chains, Head, Pins
from streams.audit.reader import Placed

FORMAT = "veilstream-audit-export/1"
LENGTH = struct.Struct(">I")
INDEX, PINS, SCHEMA, SUFFIX = "index.json", "pins.json", "schema.avsc", ".leaves"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: events by file, and the last event of each slot, worth keeping elsewhere."""

    files: dict[str, int]
    heads: dict[str, Head]

    @property
    def events(self) -> int:
        """Events in all files."""
        return sum(self.files.values())


class _LeafFile:
    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._sum = hashlib.sha256()
        self.events = 0

    def add(self, data: bytes) -> None:
        framed = LENGTH.pack(len(data)) + data
        self._out.write(framed)
        self._sum.update(framed)
        self.events += 1

    def entry(self) -> dict[str, object]:
        return {"events": self.events, "sha256": self._sum.hexdigest()}


def write_export(directory: Path, placed: Iterable[Placed], pins: Pins, project: str) -> Exported:
    """Write the events to `directory`, which is made and emptied of an earlier export. Raises OSError."""
    _prepare(directory)
    chains = Chains(pins)
    files: dict[str, _LeafFile] = {}
    with ExitStack() as stack:
        for it in placed:
            name = f"{it.topic}-{it.partition}{SUFFIX}"
            if name not in files:
                files[name] = _LeafFile(stack.enter_context((directory / name).open("xb")))
            files[name].add(leaf(it.event))
            chains.add(it.event)
    _write(directory / SCHEMA, json.loads(catalog.text("AuditEvent")))
    _write(directory / PINS, {signer: key.hex() for signer, key in sorted(pins.items())})
    _write(directory / INDEX, _index(project, files, chains.heads()))
    return Exported({name: it.events for name, it in files.items()}, chains.heads())


def _index(project: str, files: dict[str, _LeafFile], heads: dict[str, Head]) -> dict[str, object]:
    return {
        "format": FORMAT,
        "project": project,
        "files": {name: it.entry() for name, it in sorted(files.items())},
        "heads": {slot: {"sequence": it.sequence, "digest": it.digest.hex()} for slot, it in heads.items()},
    }


def _prepare(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (directory / INDEX, directory / PINS, directory / SCHEMA, *directory.glob(f"*{SUFFIX}")):
        path.unlink(missing_ok=True)


def _write(path: Path, content: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
