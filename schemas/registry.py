"""The schema registry (Confluent API v7, as Apicurio and Confluent serve it), by HTTP."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from fastavro.types import Schema

from schemas import catalog
from schemas.avro_references import combined
from schemas.client_certificate import ClientContext
from schemas.errors import Reason, RegistryUnavailable, StackError, Undecodable

TIMEOUT_S = 5.0
"""A look-up on loopback takes 2–10 ms; five seconds is a registry in trouble."""
_MAX_REFERENCE_DEPTH = 16
_MAX_REFERENCES = 100
_CONTENT = "application/vnd.schemaregistry.v1+json"
_CONFLICT = 409
_NOT_FOUND = 404
_UNKNOWN_ID = frozenset({400, 404, 422})
"""What a registry may answer for an id that is none of its own: not found, or not even an id."""


def subject(name: str) -> str:
    """The subject of one of our schemas: by record name (several record types share a topic)."""
    return f"io.veilstream.{name}"


def tls_context(ca: Path, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """TLS that trusts `ca` only and, where given, shows a client certificate (`ClientContext`)."""
    if certificate is None:
        return ssl.create_default_context(cafile=str(ca))
    return ClientContext.of(ca, certificate, key)


class Registry:
    """Looks ids up once and keeps them. Thread-safe; implements `schemas.codec.SchemaIds`."""

    def __init__(self, url: str, verify: ssl.SSLContext | bool = True) -> None:
        self._client = httpx.Client(base_url=url.rstrip("/"), verify=verify, timeout=TIMEOUT_S, trust_env=False)
        self._lock = threading.Lock()
        self._ids: dict[str, int] = {}
        self._schemas: dict[int, Schema] = {}

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def id_of(self, name: str) -> int:
        """The id of our schema `name`. Raises StackError where it was never registered."""
        with self._lock:
            if name not in self._ids:
                answer = self._call("POST", f"/subjects/{subject(name)}", {"schema": catalog.text(name)})
                if answer.status_code == _NOT_FOUND:
                    raise StackError(f"schema {name} is not registered; run `veil topology apply`")
                self._ids[name] = int(self._ok(answer)["id"])
            return self._ids[name]

    def schema_of(self, schema_id: int) -> Schema:
        """The schema of an id. Raises Undecodable (`unknown_schema`) for an id the registry does not know."""
        with self._lock:
            if schema_id not in self._schemas:
                answer = self._call("GET", f"/schemas/ids/{schema_id}")
                if answer.status_code in _UNKNOWN_ID:
                    raise Undecodable(Reason.UNKNOWN_SCHEMA, f"schema id {schema_id} is not registered")
                found = self._ok(answer)
                references: dict[str, str] = {}
                self._refer(found, references)
                self._schemas[schema_id] = _parsed(schema_id, found["schema"], list(references.values()))
            return self._schemas[schema_id]

    def text_of(self, schema_id: int) -> str | None:
        """The JSON of a schema of an id, which refers to no other; None for an id the registry does not know."""
        answer = self._call("GET", f"/schemas/ids/{schema_id}")
        if answer.status_code in _UNKNOWN_ID:
            return None
        return str(self._ok(answer)["schema"])

    def register(self, subject_name: str, schema: str) -> int:
        """Register a schema under FULL_TRANSITIVE; the id, which may be one it had before.

        Raises StackError when the change is not compatible with every version before.
        """
        self._ok(self._call("PUT", f"/config/{subject_name}", {"compatibility": "FULL_TRANSITIVE"}))
        answer = self._call("POST", f"/subjects/{subject_name}/versions", {"schema": schema})
        if answer.status_code == _CONFLICT:
            raise StackError(f"{subject_name}: this change is not compatible with an earlier version")
        return int(self._ok(answer)["id"])

    def _call(self, method: str, path: str, content: dict[str, str] | None = None) -> httpx.Response:
        try:
            try:
                return self._ask(method, path, content)
            except httpx.ConnectError:
                # Nothing was sent. Quarkus 3.15 hangs up on who connects while it reads its certificate anew.
                return self._ask(method, path, content)
        except httpx.HTTPError as error:
            raise RegistryUnavailable(f"the schema registry does not answer ({type(error).__name__})") from None

    def _ask(self, method: str, path: str, content: dict[str, str] | None) -> httpx.Response:
        return self._client.request(method, path, json=content, headers={"Content-Type": _CONTENT})

    def _refer(self, found: Mapping[str, Any], known: dict[str, str], depth: int = 0) -> None:
        """Add the schemas that a schema refers to by subject and version to `known`, deepest first, each once."""
        if depth > _MAX_REFERENCE_DEPTH or len(known) > _MAX_REFERENCES:
            raise Undecodable(Reason.UNKNOWN_SCHEMA, "a schema that refers to too many others")
        for reference in found.get("references") or ():
            place = f"/subjects/{quote(str(reference['subject']), safe='')}/versions/{int(reference['version'])}"
            if place in known:
                continue
            answer = self._call("GET", place)
            if answer.status_code in _UNKNOWN_ID:
                raise Undecodable(Reason.UNKNOWN_SCHEMA, "a schema that refers to one that is not registered")
            other = self._ok(answer)
            self._refer(other, known, depth + 1)
            known[place] = other["schema"]

    @staticmethod
    def _ok(answer: httpx.Response) -> dict[str, Any]:
        if answer.is_error:
            raise RegistryUnavailable(f"the schema registry answered {answer.status_code}")
        result: dict[str, Any] = answer.json()
        return result


def _parsed(schema_id: int, text: str, references: Sequence[str]) -> Schema:
    """What a producer registered may be JSON Schema, Protobuf, or Avro that fastavro does not take."""
    try:
        return combined(text, references) if references else catalog.parse(text)
    except Exception:  # noqa: BLE001 - fastavro raises whatever it stumbles over
        raise Undecodable(Reason.UNKNOWN_SCHEMA, f"schema id {schema_id} is no Avro schema") from None
