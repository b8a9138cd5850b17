"""What somebody asks to take out, and putting it where they want it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.export.files import require_free, write_file, write_folder
from deploy.export.forms import SUFFIXES, What, require
from deploy.export.parts import ALL
from deploy.export.split import Split
from deploy.persons import load_declared, require_role
from schemas.export_order import ExportForm
from topology.loading import Topology

EXPORTERS = ("operator",)
"""Who may take labels out."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """In which form, parted how, and where to."""

    form: ExportForm
    split: Split | None
    to: Path


def admitted(root: Path, project: str, person: str, what: What, wanted: Wanted) -> Topology:
    """What is declared, where this person may take this out, in this form, to this place. Raises ConfigError."""
    declared = load_declared(root)
    require_role(declared, project, person, EXPORTERS, f"export {what.value} labels")
    require(what, wanted.form)
    require_free(wanted.to)
    return declared


def write(wanted: Wanted, contents: Mapping[str, bytes]) -> None:
    """A file, or a folder with a file for each part. Raises ConfigError, OSError."""
    if wanted.split is None:
        write_file(wanted.to, contents[ALL])
    else:
        suffix = SUFFIXES[wanted.form]
        write_folder(wanted.to, {part + suffix: content for part, content in contents.items()})
