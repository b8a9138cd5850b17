"""What somebody asks to take out, and putting it where they want it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.export.files import write_file, write_folder
from deploy.export.forms import SUFFIXES
from deploy.export.parts import ALL
from deploy.export.split import Split
from schemas.export_order import ExportForm


@dataclass(frozen=True, slots=True)
class Wanted:
    """In which form, parted how, and where to."""

    form: ExportForm
    split: Split | None
    to: Path


def write(wanted: Wanted, contents: Mapping[str, bytes]) -> None:
    """A file, or a folder with a file for each part. Raises ConfigError, OSError."""
    if wanted.split is None:
        write_file(wanted.to, contents[ALL])
    else:
        suffix = SUFFIXES[wanted.form]
        write_folder(wanted.to, {part + suffix: content for part, content in contents.items()})
