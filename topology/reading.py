"""YAML files checked by pydantic: each error names the file, the path in it, and what is allowed there."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from schemas.errors import ConfigError
from topology.plain_yaml import compose, construct

NAME_PATTERN = r"^[a-z][a-z0-9-]{0,39}$"
"""Names of projects, persons, roles: no dot, since dots separate the parts of topics and identities."""
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
MAX_FILE_BYTES = 256 * 1024
"""The largest topology file is 6 kB; more is a wrong file, or an attack by nesting."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _as_written(value: object) -> object:
    """A number would be read as seconds since 1970: whoever reads the file would see another day, or none."""
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        raise ValueError("must be a date, as 2027-06-30")
    return value


Day = Annotated[dt.date, BeforeValidator(_as_written)]


class Entry(BaseModel):
    """Base of what a file may hold: nothing that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


E = TypeVar("E", bound=Entry)


def read_text(path: Path) -> str:
    """The text of a file of ours. Raises ConfigError."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{path}: longer than {MAX_FILE_BYTES} bytes; that is no topology file")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8") from None


def parse(text: str, source: str, entry: type[E]) -> E:
    """The checked content of a file; `source` is what errors call it. Raises ConfigError."""
    root = compose(text, source)
    loaded = None if root is None else construct(root, source)
    try:
        return entry.model_validate(loaded)
    except ValidationError as error:
        raise ConfigError("\n".join(_sentences(error, source, entry))) from None


def _sentences(error: ValidationError, source: str, entry: type[Entry]) -> Iterator[str]:
    for detail in error.errors(include_url=False, include_input=False):
        where = ".".join(str(part) for part in detail["loc"]) or "the file"
        message = detail["msg"].removeprefix("Value error, ")
        allowed = ", ".join(entry.model_fields)
        hint = (
            f"; allowed here: {allowed}" if detail["type"] == "extra_forbidden" and len(detail["loc"]) == 1 else ""
        )
        yield f"{source}: {where}: {message}{hint}"
