"""A page for each topic: what lies there, who writes and reads it, how long it is kept, each record's fields.

Made of `flow.yaml`, the Avro schemas and what their dataclasses say, so nothing is written twice. Pure but for
`main`: `python -m topology.topic_pages` writes the pages anew.
"""

from __future__ import annotations

import ast
import inspect
import json
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from typing import Any

import schemas
from schemas import catalog
from topology.asyncapi import UNTYPED, description
from topology.flow import Cleanup, Flow, Scope, TopicKind
from topology.loading import load_topology
from topology.policies.notice import time_words
from topology.topics import TOMBSTONES_MS

FOLDER = Path(schemas.__file__).parent / "topics"
INDEX = "README.md"
_MADE = "<!-- Made by `python -m topology.topic_pages`. -->\n\n"
Avro = Any
"""A schema as JSON has it: a name, a list of them (a union), or an object."""


def pages(flow: Flow) -> dict[str, str]:
    """Text by file name."""
    return {INDEX: _index(flow)} | {f"{kind.name}.md": _page(flow, kind) for kind in flow.topics.values()}


def _index(flow: Flow) -> str:
    rows = [
        (f"[`{kind.topic('P')}`]({kind.name}.md)", ", ".join(kind.records) or "–", _kept(kind), *_who(flow, kind))
        for kind in flow.topics.values()
    ]
    head = "# Topics\n\n`P` is a project's name. Data flows down this list, but for what stages tell others.\n\n"
    return _MADE + head + _table(("topic", "records", "kept", "written by", "read by"), rows)


def _page(flow: Flow, kind: TopicKind) -> str:
    writers, readers = _who(flow, kind)
    facts = [("kept", _kept(kind)), ("written by", writers), ("read by", readers), ("values", _values(kind))]
    parts = [f"# `{kind.topic('P')}`\n\n{description(kind)}\n", _table(("", ""), facts)]
    found = [record for name in kind.records for record in records_of(json.loads(catalog.text(name)))]
    once = {record["name"]: record for record in found}
    return _MADE + "\n".join([*parts, *map(_section, once.values())])


def _values(kind: TopicKind) -> str:
    if not kind.records:
        return UNTYPED[kind.name]
    return "Avro in Confluent's wire format ([schemas](../README.md)); none: what lay under the key is over"


def _who(flow: Flow, kind: TopicKind) -> tuple[str, str]:
    """Writers and readers."""
    writes = [role.name for role in flow.roles.values() if kind.name in role.writes]
    reads = [role.name for role in flow.roles.values() if kind.name in role.reads]
    return ", ".join(writes), ", ".join(reads)


def _kept(kind: TopicKind) -> str:
    if kind.cleanup is Cleanup.DELETE:
        assert kind.retention_ms is not None  # as the flow was loaded
        otherwise = "; a project may say otherwise" if kind.scope is Scope.PROJECT else ""
        return time_words(kind.retention_ms) + otherwise
    if kind.taken_back:
        return f"the newest of each key; tombstones stay for {time_words(TOMBSTONES_MS)}"
    return "all that was ever written" if kind.keeps_all else "the newest of each key"


def _section(record: Mapping[str, Any]) -> str:
    name = record["name"]
    words, of_field = said(name)
    rows = [(f"`{it['name']}`", type_words(it["type"]), of_field.get(it["name"], "")) for it in record["fields"]]
    head = ("field", "type", "") if of_field else ("field", "type")
    return f"## {name}\n\n{words}\n\n" + _table(head, (row[: len(head)] for row in rows))


def records_of(schema: Avro) -> Iterator[Mapping[str, Any]]:
    """All records that a schema defines, the outermost first."""
    if isinstance(schema, list):
        for one in schema:
            yield from records_of(one)
    elif isinstance(schema, dict):
        if schema["type"] == "record":
            yield schema
            for field in schema["fields"]:
                yield from records_of(field["type"])
        else:
            yield from records_of(schema.get("items") or schema.get("values"))


def type_words(schema: Avro) -> str:
    """A field's type, as people say it."""
    if isinstance(schema, list):
        return " or ".join(sorted(map(type_words, schema), key=lambda words: words == "null"))
    if isinstance(schema, str):
        return schema.rpartition(".")[2]
    if schema["type"] == "array":
        return f"list of {type_words(schema['items'])}"
    if schema["type"] == "map":
        return f"map to {type_words(schema['values'])}"
    return str(schema.get("name") or schema["type"])


def said(name: str) -> tuple[str, Mapping[str, str]]:
    """What a record's dataclass says of itself, and of its fields."""
    return _all_said()[name]


@cache
def _all_said() -> Mapping[str, tuple[str, Mapping[str, str]]]:
    found = {}
    for module in pkgutil.iter_modules(schemas.__path__, "schemas."):
        for name, kind in vars(import_module(module.name)).items():
            if is_dataclass(kind) and isinstance(kind, type) and kind.__module__ == module.name:
                found[name] = (inspect.cleandoc(kind.__doc__ or ""), _of_fields(kind))
    return found


def _of_fields(kind: type) -> dict[str, str]:
    """What stands below a field of a dataclass, as a string."""
    (body,) = ast.parse(dedent(inspect.getsource(kind))).body
    assert isinstance(body, ast.ClassDef)
    said = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                said[name] = " ".join(words.split())
    return said


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Write all, and take away those of topics that there are no more."""
    found = pages(load_topology().flow)
    FOLDER.mkdir(exist_ok=True)
    for file in FOLDER.iterdir():
        if file.name not in found:
            file.unlink()
    for name, text in found.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
