"""Rows as Parquet, which `datasets`, pandas, DuckDB and Spark load. Pure.

The columns are declared, not guessed from the rows: an export without a span has the same ones as any other, so
that parts of one dataset always fit together.
"""

# ruff: noqa: PLC0415 - pyarrow is an extra; `forms.require` has said so where it is missing
from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from deploy.export.forms import What
from deploy.export.rows import Row

if TYPE_CHECKING:
    import pyarrow as pa

NOTE = b"veilstream-export/1"


def parquet(rows: Sequence[Row], what: What) -> bytes:
    """The file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist(list(rows), schema=_columns(what))
    into = io.BytesIO()
    pq.write_table(table, into, compression="zstd")
    return into.getvalue()


def _columns(what: What) -> pa.Schema:
    import pyarrow as pa

    own = _joined() if what is What.JOINED else _sanitized()
    metadata = {b"veilstream": NOTE, b"what": what.value.encode()}
    return pa.schema(own, metadata=metadata)


def _joined() -> list[pa.Field]:
    import pyarrow as pa

    raw = [("topic", pa.string()), ("partition", pa.int32()), ("offset", pa.int64()), ("revision", pa.int32())]
    span = [*_span(), ("snapped", pa.bool_())]
    digest = [("field", pa.string()), ("length", pa.int64()), ("digest", pa.string())]
    return [
        pa.field("task_id", pa.string()),
        pa.field("raw", pa.struct(raw)),
        *_verdict(span),
        pa.field("digests", pa.list_(pa.struct(digest))),
        *_origin(),
        pa.field("joined_at", pa.int64()),
    ]


def _sanitized() -> list[pa.Field]:
    import pyarrow as pa

    text = [("field", pa.string()), ("text", pa.string())]
    return [
        pa.field("task_id", pa.string()),
        pa.field("fields", pa.list_(pa.struct(text))),
        *_verdict(_span()),
        *_origin(),
        pa.field("decided_at", pa.int64()),
    ]


def _span() -> list[tuple[str, pa.DataType]]:
    import pyarrow as pa

    places = [("field", pa.string()), ("start", pa.int64()), ("end", pa.int64())]
    return [*places, ("label", pa.string()), ("support", pa.int32())]


def _verdict(span: list[tuple[str, pa.DataType]]) -> list[pa.Field]:
    import pyarrow as pa

    choice = [("name", pa.string()), ("value", pa.string()), ("support", pa.int32())]
    return [
        pa.field("status", pa.string()),
        pa.field("confidence", pa.float64()),
        pa.field("spans", pa.list_(pa.struct(span))),
        pa.field("choices", pa.list_(pa.struct(choice))),
    ]


def _origin() -> list[pa.Field]:
    import pyarrow as pa

    return [pa.field("policy", pa.string()), pa.field("bundle", pa.string())]
