"""What lies in an export beside its logs, written and read. Pure: bytes in, values out.

- `index.json`: each log's origin, how many entries were exported and at which offset of Kafka the next one is
  looked for; digests of the two files below; a digest of all this. It helps whoever goes on exporting, and makes
  damage show. It proves nothing against someone who rewrites it: checkpoints do.
- `pins.json`: the public key of each signer, in hex.
- `schema.avsc`: the Avro schema in which the events are encoded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from pydantic import TypeAdapter

from schemas import catalog
from streams.audit.chain import Pins
from streams.audit.sealed import place_of

FORMAT = "veilstream-audit-tiles/1"
INDEX, PINS, SCHEMA, LARGE = "index.json", "pins.json", "schema.avsc", "large"
NEXT = "checkpoint.next"
"""In a log's folder while it is being extended: the checkpoint that its new tiles are for."""


class BadIndex(ValueError):
    """The file is not one that an export has written."""


@dataclass(frozen=True, slots=True)
class LogPlace:
    """How far one log was exported: `size` entries; the next one stands at `next_offset` or later."""

    origin: str
    topic: str
    partition: int
    size: int = 0
    next_offset: int = 0

    @property
    def name(self) -> str:
        """The log's folder."""
        return f"{self.topic}-{self.partition}"


@dataclass(frozen=True, slots=True)
class Index:
    """`files`: SHA-256 of the files beside it, in hex; two while one is being replaced. `logs`: by folder."""

    logs: Mapping[str, LogPlace] = field(default_factory=dict)
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def data(self) -> bytes:
        """The file, in its one form."""
        logs = {name: asdict(place) for name, place in sorted(self.logs.items())}
        content = {"format": FORMAT, "files": dict(sorted(self.files.items())), "logs": logs}
        return _json({**content, "sha256": hashlib.sha256(_json(content)).hexdigest()})


_LOGS = TypeAdapter(dict[str, LogPlace])
_FILES = TypeAdapter(dict[str, tuple[str, ...]])


def read_index(data: bytes) -> Index:
    """The index in a file. Raises BadIndex for anything that is not byte for byte as `Index.data` writes it."""
    try:
        content = json.loads(data)
        index = Index(_LOGS.validate_python(content["logs"]), _FILES.validate_python(content["files"]))
        same = index.data() == data
    except (ValueError, TypeError, KeyError, RecursionError):
        same = False
    if not same or any(not _is_of(place, name) for name, place in index.logs.items()):
        raise BadIndex("it is damaged, or not one that this version has written")
    return index


def _is_of(place: LogPlace, name: str) -> bool:
    return place.name == name and place_of(place.origin) == (place.topic, place.partition)


def pins_data(pins: Pins) -> bytes:
    """The file of public keys."""
    return _json({signer: key.hex() for signer, key in sorted(pins.items())})


def read_pins(data: bytes) -> dict[str, bytes]:
    """The public keys in a file. Raises BadIndex."""
    try:
        return {str(signer): bytes.fromhex(key) for signer, key in json.loads(data).items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise BadIndex("the pins are damaged") from None


def schema_data() -> bytes:
    """The file of the schema."""
    return _json(json.loads(catalog.text("AuditEvent")))


def large_name(digest: bytes) -> str:
    """Where the leaf of this digest lies."""
    return f"{LARGE}/{digest.hex()}"


def sha256(data: bytes) -> str:
    """As the index has it."""
    return hashlib.sha256(data).hexdigest()


def _json(content: object) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
