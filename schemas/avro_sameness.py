"""Whether two Avro schemas are one, tags and documentation and all, whoever has printed them. Pure.

Registries print what they hold anew: Confluent's by Avro's own Java library, which leaves away what goes without
saying.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas import catalog

_FASTAVRO_S = ("__fastavro_parsed", "__named_schemas")
_BELOW = ("type", "items", "values", "fields")
_UNSAID: Mapping[str, object] = {"order": "ascending", "aliases": []}
"""What a schema says that says it, and one that leaves it away."""


def normal(schema: str) -> object:
    """A schema (JSON) in the form in which equal ones are equal. Raises whatever fastavro stumbles over."""
    return _normal(catalog.parse(schema))


def is_same(found: str, wanted: object) -> bool:
    """Whether a text is the schema whose `normal` form this is. What a registry holds may be anything."""
    try:
        return normal(found) == wanted
    except Exception:  # noqa: BLE001 - fastavro raises whatever it stumbles over
        return False


def _normal(schema: Any) -> object:  # noqa: ANN401 - a schema is any JSON
    if isinstance(schema, list):
        return [_normal(branch) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    said = {name: value for name, value in schema.items() if name not in _FASTAVRO_S and not _unsaid(name, value)}
    found = {name: _normal(value) if name in _BELOW else value for name, value in said.items()}
    return found["type"] if set(found) == {"type"} else found


def _unsaid(name: str, value: object) -> bool:
    return name in _UNSAID and value == _UNSAID[name]
