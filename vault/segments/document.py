"""One layer of a segment as bytes: a byte for the format and an Avro body (`layer.avsc`; `seeds.avsc` where its
entries lie on a topic). Needs no key; keeper uses it to drop entries without opening any.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import cache
from importlib import resources

from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.types import Schema

from schemas.errors import Reason, Undecodable
from schemas.hidden import SealedBytes
from vault.keys import associated_data

HERE, APART = b"\x01", b"\x02"
"""Formats: entries lie in the document itself, or on the layer's topic."""
_SCHEMAS = {HERE: "layer.avsc", APART: "seeds.avsc"}


class Layer(StrEnum):
    """The three documents of a segment; each is the folder it lies in."""

    VIEW = "view"
    GEOMETRY = "geometry"
    VALUES = "values"


@dataclass(frozen=True, slots=True)
class KeyReference:
    """A wrapped key, or the path of the document that holds one (values: `half-a/…`, `half-b/…`)."""

    wrapped: str
    context: str
    document: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies on its topic."""

    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class LayerDocument:
    """A layer taken apart: entries by task id, each sealed on its own.

    With a `place` the sealed entries lie there, on the layer's topic, and `entries` holds what each needs besides
    the layer's key to be opened, its seed (`apart.py`): a task whose seed is dropped opens no more.
    """

    project: str
    segment_id: str
    layer: Layer
    keys: tuple[KeyReference, ...]
    entries: dict[str, SealedBytes]
    place: Place | None = None


def path_of(layer: Layer, segment_id: str) -> str:
    """Where the document lies in the project's mount."""
    return f"{layer.value}/{segment_id}"


def entry_binding(project: str, segment_id: str, task_id: str, layer: Layer) -> bytes:
    """What an entry is bound to: it opens nowhere else."""
    return associated_data(
        purpose=f"segment-{layer.value}", project=project, topic=segment_id, key=task_id, schema="LayerDocument"
    )


def pack(document: LayerDocument) -> bytes:
    """The document's bytes."""
    out, layout = io.BytesIO(), HERE if document.place is None else APART
    out.write(layout)
    schemaless_writer(out, _schema(layout), _plain(document))
    return out.getvalue()


def unpack(blob: bytes) -> LayerDocument:
    """The document in `blob`. Raises Undecodable for anything else."""
    if blob[:1] not in _SCHEMAS:
        raise Undecodable(Reason.UNDECODABLE, "not a layer of a segment, or of a later version")
    source = io.BytesIO(blob[1:])
    try:
        plain = schemaless_reader(source, _schema(blob[:1]), None)
        if source.read(1):
            raise Undecodable(Reason.UNDECODABLE, "bytes left over after a layer of a segment")
        return _document(plain)
    except (EOFError, ValueError, TypeError, IndexError, KeyError, OverflowError, MemoryError):
        raise Undecodable(Reason.UNDECODABLE, "not a layer of a segment: its bytes do not fit") from None


def drop_entries(blob: bytes, task_ids: Collection[str]) -> bytes:
    """The document without these tasks' entries. Gives `blob` itself where none of them is in it."""
    document = unpack(blob)
    kept = {task: sealed for task, sealed in document.entries.items() if task not in task_ids}
    if len(kept) == len(document.entries):
        return blob
    return pack(replace(document, entries=kept))


def _plain(document: LayerDocument) -> dict[str, object]:
    place = {} if document.place is None else {"place": asdict(document.place)}
    return place | {
        "project": document.project,
        "segment_id": document.segment_id,
        "layer": document.layer.value,
        "keys": [
            {"wrapped": key.wrapped, "context": key.context, "document": key.document} for key in document.keys
        ],
        "entries": [{"task_id": task, "sealed": sealed.data} for task, sealed in document.entries.items()],
    }


def _document(plain: object) -> LayerDocument:
    assert isinstance(plain, dict)
    return LayerDocument(
        project=plain["project"],
        segment_id=plain["segment_id"],
        layer=Layer(plain["layer"]),
        keys=tuple(KeyReference(**key) for key in plain["keys"]),
        entries={entry["task_id"]: SealedBytes(entry["sealed"]) for entry in plain["entries"]},
        place=Place(**plain["place"]) if "place" in plain else None,
    )


@cache
def _schema(layout: bytes) -> Schema:
    text = resources.files("vault.segments").joinpath(_SCHEMAS[layout]).read_text(encoding="utf-8")
    return parse_schema(json.loads(text))
