"""The forms of an export, and which of them fit what."""

from __future__ import annotations

import importlib.util
from enum import StrEnum

from schemas.errors import ConfigError
from schemas.export_order import ExportForm


class What(StrEnum):
    """What is taken out."""

    JOINED = "joined"
    """Labels in the coordinates of the raw records, without any text."""
    SANITIZED = "sanitized"
    """Sanitized texts with their labels."""


SUFFIXES = {
    ExportForm.JSONL: ".jsonl",
    ExportForm.CONLL: ".conll",
    ExportForm.SPACY: ".spacy",
    ExportForm.PARQUET: ".parquet",
    ExportForm.LABEL_STUDIO: ".json",
}
"""By which the tools know them."""
_NEEDS = {ExportForm.PARQUET: "pyarrow", ExportForm.SPACY: "spacy"}
_WITHOUT_TEXT = (ExportForm.JSONL, ExportForm.PARQUET)


def require(what: What, form: ExportForm) -> None:
    """Raises ConfigError where the form makes no sense of it, or what writes it isn't installed."""
    if what is What.JOINED and form not in _WITHOUT_TEXT:
        raise ConfigError(
            f"joined labels have no text, and {form.value} is nothing without one: take jsonl or parquet"
        )
    package = _NEEDS.get(form, "")
    if package and importlib.util.find_spec(package) is None:
        raise ConfigError(f"{form.value} is written with {package}, which isn't here: install veilstream[export]")
