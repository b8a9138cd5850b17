"""The forms of an export, and which of them fit what."""

from __future__ import annotations

import importlib.util
from enum import StrEnum

from schemas.errors import ConfigError


class What(StrEnum):
    """What is taken out."""

    JOINED = "joined"
    """Labels in the coordinates of the raw records, without any text."""


class Form(StrEnum):
    """In which form."""

    JSONL = "jsonl"
    CONLL = "conll"
    SPACY = "spacy"
    PARQUET = "parquet"
    LABEL_STUDIO = "label-studio"


SUFFIXES = {
    Form.JSONL: ".jsonl",
    Form.CONLL: ".conll",
    Form.SPACY: ".spacy",
    Form.PARQUET: ".parquet",
    Form.LABEL_STUDIO: ".json",
}
"""By which the tools know them."""
_NEEDS = {Form.PARQUET: "pyarrow", Form.SPACY: "spacy"}
_WITHOUT_TEXT = (Form.JSONL, Form.PARQUET)


def require(what: What, form: Form) -> None:
    """Raises ConfigError where the form makes no sense of it, or what writes it isn't installed."""
    if what is What.JOINED and form not in _WITHOUT_TEXT:
        raise ConfigError(
            f"joined labels have no text, and {form.value} is nothing without one: take jsonl or parquet"
        )
    package = _NEEDS.get(form, "")
    if package and importlib.util.find_spec(package) is None:
        raise ConfigError(f"{form.value} is written with {package}, which isn't here: install veilstream[export]")
