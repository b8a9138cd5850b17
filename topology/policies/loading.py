"""Policy files: YAML, read so that each error names file, line, path and what is allowed."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import yaml
from pydantic import ValidationError
from yaml.nodes import MappingNode, Node, SequenceNode

from schemas.errors import ConfigError
from topology.policies.building import to_policy
from topology.policies.canonical import MAX_BYTES, with_hash
from topology.policies.document import PolicyDocument
from topology.policies.model import Policy
from topology.policies.packs import Pack, load_pack
from topology.policies.sentences import line_of, locate, sentences

BUILT_IN = ("demo", "text")
MAX_NESTING = 20


def load_policy(name_or_file: str | Path) -> Policy:
    """A built-in policy by name (`text`, `demo`), else the YAML file at that path. Raises `ConfigError`."""
    if str(name_or_file) in BUILT_IN:
        packaged = resources.files("topology.policies").joinpath("builtin", f"{name_or_file}.yaml")
        return parse_policy(packaged.read_text("utf-8"), f"{name_or_file}.yaml")
    path = Path(name_or_file)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path}: longer than {MAX_BYTES} bytes; no policy needs that")
        return parse_policy(path.read_text("utf-8"), str(path))
    except OSError as error:
        names = ", ".join(BUILT_IN)
        raise ConfigError(f"{path}: {error.strerror}. A policy is a YAML file or one of: {names}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8") from None


def parse_policy(text: str, source: str) -> Policy:
    """The policy that `text` spells out; `source` is what errors call the file."""
    root = _compose(text, source)
    _check_tree(root, source)
    try:
        document = yaml.SafeLoader("").construct_document(root)
        checked = PolicyDocument.model_validate(document)
        return with_hash(to_policy(checked, _packs(checked, root, source)))
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, source) from None
    except ValidationError as error:
        raise ConfigError("\n".join(sentences(error, root, source))) from None


def _packs(document: PolicyDocument, root: Node, source: str) -> list[Pack]:
    packs = {}
    for index, name in enumerate(document.packs):
        try:
            packs[name] = load_pack(name)
        except ConfigError as error:
            raise ConfigError(f"{source}:{locate(root, ('packs', index))}: {error}") from None
    return list({pack.id: pack for pack in packs.values()}.values())


def _compose(text: str, source: str) -> Node:
    try:
        events = yaml.parse(text, Loader=yaml.SafeLoader)
        if any(isinstance(event, yaml.AliasEvent) for event in events):
            raise ConfigError(f"{source}: YAML aliases are not allowed in a policy")
        root: Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, source) from None
    except (yaml.YAMLError, RecursionError):
        raise ConfigError(f"{source}: no YAML") from None
    if root is None or not isinstance(root, MappingNode):
        raise ConfigError(f"{source}:1: a policy is a mapping that starts with `name:`")
    return root


def _not_yaml(error: yaml.MarkedYAMLError, source: str) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    return ConfigError(f"{source}:{mark.line + 1 if mark else 1}: no YAML: {error.problem}")


def _check_tree(node: Node, source: str, depth: int = 0) -> None:
    if depth > MAX_NESTING:
        raise ConfigError(f"{source}:{line_of(node)}: nested deeper than {MAX_NESTING} levels")
    if isinstance(node, SequenceNode):
        for child in node.value:
            _check_tree(child, source, depth + 1)
    if isinstance(node, MappingNode):
        seen: set[object] = set()
        for key, child in node.value:
            if isinstance(key.value, str) and key.value in seen:
                raise ConfigError(f"{source}:{line_of(key)}: {key.value}: given twice")
            seen.add(key.value if isinstance(key.value, str) else id(key))
            _check_tree(child, source, depth + 1)
