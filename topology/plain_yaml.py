"""YAML that says no more than whoever reads the file sees: no aliases, tags, merged keys, or dates; little depth.

Errors are `ConfigError`, with file and line. `source` is what they call the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from re import Pattern

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from schemas.errors import ConfigError

MAX_NESTING = 20
_TAG = "tag:yaml.org,2002:"
_AS_TEXT = {f"{_TAG}timestamp", f"{_TAG}merge", f"{_TAG}value"}
_NO_VALUE = (ValueError, OverflowError)
"""What PyYAML raises for `0x_`, a number of thousands of digits, hundreds of sixtieths, half a surrogate."""


def _resolvers() -> dict[str, list[tuple[str, Pattern[str]]]]:
    """Which words are numbers, by their first letter: PyYAML's own, without those for what is read as text."""
    return {
        first: [(tag, regex) for tag, regex in resolvers if tag not in _AS_TEXT]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


class _Loader(yaml.CSafeLoader):
    """Reads `2027-06-30` as text, which is checked with the rest: PyYAML would raise for the 30th of February.

    `<<` and `=` are keys like others: they would let a rule stand where nobody who reads the file looks for it.
    libyaml's parser, which is in each wheel of PyYAML, reads `flow.yaml` in 7 ms; the one in Python takes 80.
    """

    yaml_implicit_resolvers = _resolvers()


def compose(text: str, source: str) -> Node | None:
    """The tree of a file, with its lines; None where it is empty."""
    try:
        _check_events(text, source)
        root: Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise _no_yaml(error, source) from None
    except (yaml.YAMLError, *_NO_VALUE):
        raise ConfigError(f"{source}: no YAML") from None
    if root is not None:
        _check_keys(root, source)
    return root


def construct(root: Node, source: str) -> object:
    """What the tree says, in mappings, lists, texts, numbers."""
    try:
        return _Loader("").construct_document(root)
    except yaml.MarkedYAMLError as error:
        raise _no_yaml(error, source) from None
    except _NO_VALUE:
        line = next(line_of(node) for node in _scalars(root) if not _has_value(node))
        raise ConfigError(f"{source}:{line}: is no number that can be read; write it in a few digits") from None


def line_of(node: Node) -> int:
    """Counted from 1."""
    return int(node.start_mark.line) + 1


def _check_events(text: str, source: str) -> None:
    """Before a tree is built: aliases make it huge, depth costs its square, a tag hides what is meant."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        where = f"{source}:{event.start_mark.line + 1 if event.start_mark else 1}"
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError(f"{where}: YAML aliases are not allowed")
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag is not None:
            raise ConfigError(f"{where}: YAML tags, as `!!int`, are not allowed")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_NESTING:
            raise ConfigError(f"{where}: nested deeper than {MAX_NESTING} levels")


def _check_keys(node: Node, source: str) -> None:
    """Of a key that is given twice PyYAML would take the last."""
    if isinstance(node, SequenceNode):
        for child in node.value:
            _check_keys(child, source)
    if isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            if isinstance(key, ScalarNode) and key.value in seen:
                raise ConfigError(f"{source}:{line_of(key)}: {key.value} is given twice")
            seen |= {key.value} if isinstance(key, ScalarNode) else set()
            _check_keys(child, source)


def _scalars(node: Node) -> Iterator[ScalarNode]:
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, (SequenceNode, MappingNode)):
        for child in node.value:
            for part in child if isinstance(child, tuple) else (child,):
                yield from _scalars(part)


def _has_value(node: ScalarNode) -> bool:
    try:
        _Loader("").construct_document(node)
    except _NO_VALUE:
        return False
    return True


def _no_yaml(error: yaml.MarkedYAMLError, source: str) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    return ConfigError(f"{source}:{mark.line + 1 if mark else 1}: no YAML: {error.problem}")
