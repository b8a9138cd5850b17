"""Registers producers' Avro schemas, tags and all: who administers does, and no producer (`SECURITY.md`)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from deploy.local.endpoints import Endpoints
from schemas import catalog
from schemas.errors import ConfigError, StackError
from schemas.registry import Registry
from streams.publish.publisher import parse_schema, subject_of
from streams.redact.avro import tags_of

Tags = Mapping[str, frozenset[str]]
"""By field path."""


@dataclass(frozen=True, slots=True)
class Registered:
    """`number`: its id; `version`: of its subject; `new`: it was not there before."""

    subject: str
    number: int
    version: int
    tags: Tags
    new: bool


def register(endpoints: Endpoints, project: str, schema: str, *, fewer_tags: bool = False) -> Registered:
    """A schema (JSON) of records of a project; registered again, it keeps its id.

    Raises ConfigError (no Avro schema; no secret to register by; fewer tags on a field than in the newest version,
    which wasn't asked for), StackError (not compatible with an earlier version, or no schema to the registry),
    AccessDenied, RegistryUnavailable.
    """
    parsed = parse_schema(schema)
    name, tags = subject_of(project, parsed), tags_of(parsed)
    place = endpoints.registry
    with closing(Registry(place.url, place.tls())) as registry, closing(place.registrar()) as registrar:
        known = registry.id_under(name, schema)
        if known is None and not fewer_tags:
            _refuse_fewer(registry, name, tags)
        number = registrar.register(name, schema) if known is None else known
        return Registered(name, number, _version(registry, name, number), tags, new=known is None)


def _refuse_fewer(registry: Registry, name: str, tags: Tags) -> None:
    newest = next(registry.versions(name), None)
    lost = fewer(_tags_of(newest.text), tags) if newest is not None else ()
    if lost:
        paths = ", ".join(lost)
        raise ConfigError(
            f"{name}: fewer tags than in the newest version on {paths}; `--fewer-tags` if you mean it"
        )


def fewer(before: Tags, now: Tags) -> tuple[str, ...]:
    """Field paths that have lost a tag, be it with the field."""
    return tuple(sorted(path for path, tags in before.items() if tags - now.get(path, frozenset())))


def _tags_of(text: str) -> Tags:
    """What a registry holds may be anything."""
    try:
        return tags_of(catalog.parse(text))
    except Exception:  # noqa: BLE001 - fastavro raises whatever it stumbles over
        return {}


def _version(registry: Registry, name: str, number: int) -> int:
    for found in registry.versions(name):
        if found.number == number:
            return found.version
    raise StackError(f"{name} is registered as {number}, and is no version that the registry shows")
