"""What is wrong with a policy file, in words for who wrote it: file, line, field, what is allowed there."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from yaml.nodes import MappingNode, Node, SequenceNode

from topology.plain_yaml import line_of
from topology.policies.document import PolicyDocument

Path = Sequence[int | str]

_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "there is no such setting here",
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping, as `name: value`",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "model_type": "must be a mapping, as `name: value`",
    "string_type": "must be text; put it in quotes",
    "tuple_type": "must be a list, as [one, two]",
    "date_from_datetime_parsing": "must be a date, as 2027-06-30",
    "date_type": "must be a date, as 2027-06-30",
}
_SHAPES = {
    "action": "one of: pass, detect, generalize, token, surrogate, placeholder, mask, drop",
    "category": "capitals, digits and underscores, as PHONE_NUMBER",
    "name": "small letters, digits and dashes, as customer-letters",
    "fields": "a path like customer.email or notes[].text",
    "categories": "capitals, digits and underscores, as PHONE_NUMBER",
    "python": "package.module:ClassName",
    "file": "a path that ends in .yaml",
    "sha256": "64 digits and letters a to f",
}


def sentences(error: ValidationError, root: Node, source: str) -> list[str]:
    """One for each thing that is wrong."""
    return [_sentence(detail, root, source) for detail in error.errors(include_url=False, include_input=False)]


def locate(node: Node, path: Path) -> int:
    """The line of the deepest part of `path` that the file holds, counted from 1."""
    line = line_of(node)
    for part in path:
        child = _child(node, part)
        if child is None:
            break
        node = child[1]
        line = line_of(child[0])
    return line


def _sentence(detail: ErrorDetails, root: Node, source: str) -> str:
    path = [part for part in detail["loc"] if part != "[key]"]
    where = ".".join(str(part) for part in path) or "the policy"
    return f"{source}:{locate(root, path)}: {where}: {_wrong(detail, path)}"


def _wrong(detail: ErrorDetails, path: Path) -> str:
    kind = detail["type"]
    said = _WORDS.get(kind, detail["msg"].removeprefix("Value error, ").removeprefix("Input "))
    if kind == "extra_forbidden":
        return f"{said}{_allowed(path)}"
    if kind == "string_pattern_mismatch":
        shape = next((_SHAPES[part] for part in reversed(path) if part in _SHAPES), None)
        return f"isn't written as it has to be: {shape}" if shape else said
    return said


def _allowed(path: Path) -> str:
    known = list(_model_at(path[:-1]).model_fields)
    close = get_close_matches(str(path[-1]), known, 1)
    meant = f" (did you mean {close[0]}?)" if close else ""
    return f"{meant}; allowed here: {', '.join(known)}"


def _model_at(path: Path) -> type[BaseModel]:
    """The model that checks what is at `path`."""
    model: type[BaseModel] = PolicyDocument
    for part in path:
        field = model.model_fields.get(str(part))
        inner = _model_in(field.annotation) if field else None
        model = inner or model  # a key of a mapping, or the place in a list
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - a type, or a form of types
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def _child(node: Node, part: int | str) -> tuple[Node, Node] | None:
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None
