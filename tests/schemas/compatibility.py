"""FULL compatibility of two Avro schemas, and the versions of a schema that were committed before."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

from fastavro import schemaless_reader, schemaless_writer
from fastavro.types import Schema
from fastavro.utils import generate_many

ROOT = Path(__file__).parents[2]
SAMPLES = 25
"""Optional parts are there in about half of the generated records: 25 of them all have both forms."""


def disagreement(one: Schema, other: Schema) -> str | None:
    """Why a reader of one schema cannot read what a writer of the other wrote, or None."""
    return _unreadable(one, other) or _unreadable(other, one)


def _unreadable(writer: Schema, reader: Schema) -> str | None:
    for sample in generate_many(writer, SAMPLES):
        written = io.BytesIO()
        schemaless_writer(written, writer, sample)
        written.seek(0)
        try:
            read: Any = schemaless_reader(written, writer, reader)
            schemaless_writer(io.BytesIO(), reader, read)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            return f"{type(error).__name__}: {error}"
    return None


def committed_versions(path: Path, root: Path = ROOT) -> list[str]:
    """The contents of the file in all commits, oldest first; none where git or its history is missing."""
    if shutil.which("git") is None:
        return []
    name = str(path.relative_to(root))
    commits = _git(root, "log", "--format=%H", "--reverse", "--", name).split()
    return [text for commit in commits if (text := _git(root, "show", f"{commit}:{name}"))]


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""
