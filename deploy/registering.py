"""Registers producers' Avro schemas, tags and all: who administers does, and no producer (`SECURITY.md`)."""

from __future__ import annotations

from contextlib import closing

from deploy.local.endpoints import Endpoints
from streams.publish.publisher import parse_schema, subject_of


def register(endpoints: Endpoints, project: str, schema: str) -> tuple[str, int]:
    """Subject and id of a schema (JSON) of records of a project; registered again, it keeps its id.

    Raises ConfigError (no Avro schema; no secret to register by), StackError (not compatible with an earlier
    version, or no schema to the registry), AccessDenied, RegistryUnavailable.
    """
    name = subject_of(project, parse_schema(schema))
    with closing(endpoints.registry.registrar()) as registrar:
        return name, registrar.register(name, schema)
