"""Presidio's YAML files of recognizers: the user's own patterns and word lists, searched by Hyperscan too."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import regex  # type: ignore[import-untyped]  # it ships no types
import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from schemas.errors import ConfigError
from streams.redact.detect.recognizers import Recognizer
from streams.redact.detect.shadow import fold

LIMIT_S = 1.0  # for one pattern with backtracking in one text; an honest one needs milliseconds
_DENIED_WEIGHT = 1.0  # Presidio's default for its deny lists
_PREDEFINED = "predefined"

Entity = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")]


class _Lenient(BaseModel):
    """Presidio's files say more than we need (languages, versions): what we don't know is not ours to refuse."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class PatternRow(_Lenient):
    name: str
    regex: Annotated[str, StringConstraints(min_length=1, max_length=4000)]
    score: Annotated[float, Field(ge=0, le=1)]


class RecognizerRow(_Lenient):
    """One entry; `type: predefined` ones are ours already."""

    name: str = "unnamed"
    type: str = "custom"
    enabled: bool = True
    supported_entity: Entity | None = None
    supported_entities: tuple[Entity, ...] = ()
    patterns: tuple[PatternRow, ...] | None = ()
    deny_list: tuple[str, ...] | None = ()
    deny_list_score: Annotated[float, Field(ge=0, le=1)] = _DENIED_WEIGHT
    context: tuple[str, ...] | None = ()
    global_regex_flags: int = int(regex.IGNORECASE)


class RecognizerFile(_Lenient):
    recognizers: tuple[RecognizerRow | str, ...] = ()


def read_recognizers(place: Path, sha256: str) -> tuple[Recognizer, ...]:
    """The patterns of a file whose bytes have this SHA-256 (hex). Raises `ConfigError`."""
    try:
        data = place.read_bytes()
    except OSError as error:
        raise ConfigError(f"recognizers {place}: can't be read ({type(error).__name__})") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ConfigError(f"recognizers {place}: is not the file whose SHA-256 the policy names; review it again")
    rows = _parse(data, place).recognizers
    own = [row for row in rows if isinstance(row, RecognizerRow) and row.enabled and row.type != _PREDEFINED]
    return tuple(one for row in own for one in _recognizers(row, place))


def _parse(data: bytes, place: Path) -> RecognizerFile:
    try:
        return RecognizerFile.model_validate(yaml.safe_load(data) or {})
    except yaml.YAMLError:
        raise ConfigError(f"recognizers {place}: is no YAML") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(f"recognizers {place}: {where}: {first['msg']}") from None


def _recognizers(row: RecognizerRow, place: Path) -> Iterator[Recognizer]:
    entity = row.supported_entity or next(iter(row.supported_entities), None)
    if entity is None or not (row.patterns or row.deny_list):
        raise ConfigError(f"recognizers {place}: {row.name}: needs supported_entity, and patterns or deny_list")
    context = frozenset(fold(word).lower() for word in row.context or ())
    for pattern in row.patterns or ():
        caseless = bool(row.global_regex_flags & regex.IGNORECASE)
        yield _own(
            f"{place.name}/{row.name}/{pattern.name}", entity, pattern.regex, caseless, pattern.score, context
        )
    if row.deny_list:
        words = "|".join(regex.escape(fold(word)) for word in row.deny_list)
        name = f"{place.name}/{row.name}/deny_list"
        yield _own(name, entity, rf"(?<!\w)(?:{words})(?!\w)", True, row.deny_list_score, context)


def _own(
    name: str, entity: str, pattern: str, caseless: bool, score: float, context: frozenset[str]
) -> Recognizer:
    """A pattern of the user's own. It sees folded text, so it is folded too."""
    source = fold(pattern)
    try:
        regex.compile(source)
    except regex.error as error:
        raise ConfigError(f"recognizer {name}: is no regular expression: {error.msg} at {error.pos}") from None
    return Recognizer(name, entity, source, caseless, score, context=context, limit_s=LIMIT_S)
