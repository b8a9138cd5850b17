"""Refusing schemas whose arrays may hold items of no width: a few bytes of payload could then claim a
million million of them, and a producer writes the schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_WEIGHTLESS_PRIMITIVE = "null"


def weightless_items(schema: Any) -> bool:  # noqa: ANN401 - a schema is any JSON
    """Whether an array anywhere in `schema` has items that take no byte (null, fixed of 0, records of such)."""
    named: dict[str, Mapping[str, Any]] = {}
    nodes = list(_nodes(schema, named))
    return any(
        node.get("type") == "array" and _weightless(node.get("items"), named, frozenset())
        for node in nodes
        if isinstance(node, Mapping)
    )


def _nodes(schema: Any, named: dict[str, Mapping[str, Any]]) -> Iterator[Any]:  # noqa: ANN401
    """Every schema within a schema; collects those with a name on the way."""
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, Mapping):
            if "name" in node:
                named[str(node["name"])] = node
                named[f"{node.get('namespace', '')}.{node['name']}"] = node
            waiting.extend(field.get("type") for field in node.get("fields", ()) if isinstance(field, Mapping))
            waiting.extend(
                node[key] for key in ("items", "values", "type") if isinstance(node.get(key), (dict, list))
            )


def _weightless(  # noqa: PLR0911 - one return per kind of schema
    schema: Any,  # noqa: ANN401 - a schema is any JSON
    named: Mapping[str, Mapping[str, Any]],
    above: frozenset[str],
) -> bool:
    if isinstance(schema, str):
        if schema in named and schema not in above:
            return _weightless(named[schema], named, above | {schema})
        return schema == _WEIGHTLESS_PRIMITIVE or schema in above
    if not isinstance(schema, Mapping):
        return False  # a union starts with its branch, one byte at least
    kind = schema.get("type")
    if kind == "fixed":
        return not schema.get("size")
    if kind in {"record", "error"}:
        return all(_weightless(field.get("type"), named, above) for field in schema.get("fields", ()))
    if kind in {"array", "map", "enum"}:
        return False  # a count or an index, one byte at least
    return _weightless(kind, named, above) if kind is not None else False
