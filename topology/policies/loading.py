"""Policy files: YAML, read so that each error names file, line, path and what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from pydantic import ValidationError
from yaml.nodes import MappingNode, Node

from schemas.errors import ConfigError
from topology.plain_yaml import compose, construct
from topology.policies.actions import Action
from topology.policies.building import hint_faults, to_policy
from topology.policies.canonical import MAX_BYTES, with_hash
from topology.policies.document import PolicyDocument
from topology.policies.model import Policy
from topology.policies.packs import Pack, load_pack
from topology.policies.sentences import locate, sentences

BUILT_IN = ("demo", "text")


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
    root = compose(text, source)
    if not isinstance(root, MappingNode):
        raise ConfigError(f"{source}:1: a policy is a mapping that starts with `name:`")
    try:
        checked = PolicyDocument.model_validate(construct(root, source))
    except ValidationError as error:
        raise ConfigError("\n".join(sentences(error, root, source))) from None
    packs = _packs(checked, root, source)
    policy = to_policy(checked, packs)
    _check_tags(policy, root, source)
    _check_hints(policy, packs, root, source)
    return with_hash(policy)


def _check_tags(policy: Policy, root: Node, source: str) -> None:
    """A tag may not pass a field by way of its category either: producers set tags, and no stage would load it."""
    for rule in policy.tags:
        if rule.action is Action.PASS:
            where = f"{source}:{locate(root, ('tags', rule.tag))}: tags.{rule.tag}"
            raise ConfigError(
                f"{where}: {rule.category} passes, and a tag is set by the producer and can't pass a field:"
                " give the tag an action, or name the field's path"
            )


def _check_hints(policy: Policy, packs: Sequence[Pack], root: Node, source: str) -> None:
    """Hints obey what packs, tier and conditions say of the values themselves."""
    faults = [
        f"{source}:{locate(root, ('hints', 'categories', category))}: hints.categories.{category}: {fault}"
        for category, fault in hint_faults(policy, packs)
    ]
    if faults:
        raise ConfigError("\n".join(faults))


def _packs(document: PolicyDocument, root: Node, source: str) -> list[Pack]:
    packs = {}
    for index, name in enumerate(document.packs):
        try:
            packs[name] = load_pack(name)
        except ConfigError as error:
            raise ConfigError(f"{source}:{locate(root, ('packs', index))}: {error}") from None
    return list({pack.id: pack for pack in packs.values()}.values())
