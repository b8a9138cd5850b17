"""The schema registry (Confluent API v7, as Apicurio and Confluent serve it), as everybody reads it: by GET alone.

Processes have no right there but this one; who provisions registers (`schemas.registrar`).
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastavro.types import Schema

from schemas import catalog
from schemas.avro_references import combined
from schemas.avro_sameness import is_same, normal
from schemas.client_certificate import ClientContext
from schemas.errors import Reason, StackError, Undecodable
from schemas.registry_calls import UNKNOWN_ID, RegistryCalls, answered, part
from schemas.registry_versions import Version, newest_first, versions_at

_MAX_REFERENCE_DEPTH = 16
_MAX_REFERENCES = 100


def subject(name: str) -> str:
    """The subject of one of our schemas: by record name (several record types share a topic)."""
    return f"io.veilstream.{name}"


def tls_context(ca: Path, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """TLS that trusts `ca` only and, where given, shows a client certificate (`ClientContext`)."""
    if certificate is None:
        return ssl.create_default_context(cafile=str(ca))
    return ClientContext.of(ca, certificate, key)


class Registry:
    """Looks ids up once and keeps them. Thread-safe; implements `schemas.codec.SchemaIds`.

    Without a lock: two threads may ask for one id at once and are answered alike, and nobody waits for another's.
    All methods raise RegistryUnavailable, also where the registry refuses to be read.
    """

    def __init__(self, url: str, verify: ssl.SSLContext | bool = True) -> None:
        self._calls = RegistryCalls(url, verify)
        self._ids: dict[str, int] = {}
        self._schemas: dict[int, Schema] = {}

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()

    def id_of(self, name: str) -> int:
        """The id of our schema `name`. Raises StackError where it was never registered."""
        if name not in self._ids:
            found = self.id_under(subject(name), catalog.text(name))
            if found is None:
                raise StackError(f"schema {name} is not registered; run `veil topology apply`")
            self._ids[name] = found
        return self._ids[name]

    def id_under(self, subject_name: str, schema: str) -> int | None:
        """The id of the version of a subject that is this Avro schema, tags and all; None where there is none.

        Looked for among the versions, latest first: to ask for it by its text would be a POST. Raises StackError
        where it is none of the newest ones and there are more than are looked through.
        """
        wanted = normal(schema)
        for found in self.versions(subject_name):
            if is_same(found.text, wanted):
                return found.number
        return None

    def versions(self, subject_name: str) -> Iterator[Version]:
        """Of a subject, the newest first (`schemas.registry_versions`)."""
        return newest_first(self._calls, subject_name)

    def schema_of(self, schema_id: int) -> Schema:
        """The schema of an id. Raises Undecodable (`unknown_schema`) for an id the registry does not know."""
        if schema_id not in self._schemas:
            answer = self._calls.call("GET", f"/schemas/ids/{schema_id}")
            if answer.status_code in UNKNOWN_ID:
                raise Undecodable(Reason.UNKNOWN_SCHEMA, f"schema id {schema_id} is not registered")
            found = answered(answer, dict)
            references: dict[str, str] = {}
            self._refer(found, references)
            self._schemas[schema_id] = _parsed(schema_id, part(found, "schema", str), list(references.values()))
        return self._schemas[schema_id]

    def text_of(self, schema_id: int) -> str | None:
        """The JSON of a schema of an id, which refers to no other; None for an id the registry does not know."""
        answer = self._calls.call("GET", f"/schemas/ids/{schema_id}")
        if answer.status_code in UNKNOWN_ID:
            return None
        return part(answered(answer, dict), "schema", str)

    def _refer(self, found: Mapping[str, Any], known: dict[str, str], depth: int = 0) -> None:
        """Add the schemas that a schema refers to by subject and version to `known`, deepest first, each once."""
        if depth > _MAX_REFERENCE_DEPTH or len(known) > _MAX_REFERENCES:
            raise Undecodable(Reason.UNKNOWN_SCHEMA, "a schema that refers to too many others")
        for reference in part(found, "references", list) if found.get("references") else ():
            place = versions_at(part(reference, "subject", str)) + f"/{part(reference, 'version', int)}"
            if place in known:
                continue
            answer = self._calls.call("GET", place)
            if answer.status_code in UNKNOWN_ID:
                raise Undecodable(Reason.UNKNOWN_SCHEMA, "a schema that refers to one that is not registered")
            other = answered(answer, dict)
            self._refer(other, known, depth + 1)
            known[place] = part(other, "schema", str)


def _parsed(schema_id: int, text: str, references: Sequence[str]) -> Schema:
    """What a producer registered may be JSON Schema, Protobuf, or Avro that fastavro does not take."""
    try:
        return combined(text, references) if references else catalog.parse(text)
    except Exception:  # noqa: BLE001 - fastavro raises whatever it stumbles over
        raise Undecodable(Reason.UNKNOWN_SCHEMA, f"schema id {schema_id} is no Avro schema") from None
