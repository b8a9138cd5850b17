"""Presidio's pattern recognizers, all countries, as a table: `python -m streams.redact.detect.presidio_table`.

The table is kept in `data/presidio/`, so that a detector starts without Presidio's import (2 s and spaCy). A test
says when it no longer is what the installed Presidio gives.
"""

from __future__ import annotations

import importlib
import json
import logging
import pkgutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

# Ours stand in for them (`forms.py`): these hold 670 top-level domains in one pattern, four times, and one that
# asks for nothing but two colons.
REPLACED = ("UrlRecognizer/", "IpRecognizer/IPv6::")
TABLE = "recognizers.json"
DOMAINS = "domains.txt"


def table() -> list[dict[str, Any]]:
    """One row for each pattern of the installed Presidio, in a stable order."""
    rows = [row for recognizer in _predefined() for row in _rows(recognizer)]
    return [row for row in rows if not f"{row['name']}{row['pattern']}".startswith(REPLACED)]


def read() -> list[dict[str, Any]]:
    """The table that was kept."""
    source = resources.files("streams.redact.detect").joinpath("data", "presidio", TABLE)
    rows: list[dict[str, Any]] = json.loads(source.read_text("utf-8"))
    return rows


def domains() -> list[str]:
    """The top-level domains that Presidio knows, sorted."""
    from presidio_analyzer.predefined_recognizers import UrlRecognizer  # noqa: PLC0415 - 2 s, see above

    inside = UrlRecognizer.BASE_URL_REGEX.split("[.](?:", 1)[1]
    names = [part.strip("()?:") for part in inside.split("|") if part.startswith("(?:")]
    return sorted({name.partition(")")[0] for name in names if name.partition(")")[0].isalnum()})


def write(folder: Path) -> None:
    """Write both files of the table."""
    (folder / TABLE).write_text(json.dumps(table(), indent=1) + "\n", "utf-8")
    (folder / DOMAINS).write_text("\n".join(domains()) + "\n", "utf-8")


def _predefined() -> Iterator[Any]:
    from presidio_analyzer import PatternRecognizer, predefined_recognizers  # noqa: PLC0415 - 2 s, see above

    # Some recognizers log the value that failed their check.
    logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL + 1)
    prefix = predefined_recognizers.__name__ + "."
    for module in pkgutil.walk_packages(predefined_recognizers.__path__, prefix):
        if ".third_party" not in module.name and ".ner" not in module.name:
            importlib.import_module(module.name)
    kinds = {kind for kind in _subclasses(PatternRecognizer) if kind.__module__.startswith(prefix)}
    return (kind() for kind in sorted(kinds, key=lambda kind: str(kind.__name__)))


def _subclasses(kind: Any) -> Iterator[Any]:  # noqa: ANN401 - Presidio's classes are untyped to us
    for sub in kind.__subclasses__():
        yield sub
        yield from _subclasses(sub)


def _rows(recognizer: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    import regex  # type: ignore[import-untyped]  # noqa: PLC0415 - only its flag is needed, and only here

    for pattern in recognizer.patterns:
        yield {
            "name": f"{type(recognizer).__name__}/{pattern.name}",
            "entity_type": str(recognizer.supported_entities[0]),
            "pattern": pattern.regex,
            "caseless": bool(int(recognizer.global_regex_flags) & regex.IGNORECASE),
            "weight": float(pattern.score),
            "context": sorted(word.lower() for word in recognizer.context or ()),
        }


if __name__ == "__main__":
    write(Path(__file__).parent / "data" / "presidio")
