"""The topics as an AsyncAPI document (3.0.0), for whoever connects something else to them: which there are, what
lies there, who may send and who may receive. Made of `flow.yaml` and the schemas; nothing in it is written twice.

Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0, Kafka bindings 0.5.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from schemas import catalog
from topology.flow import Cleanup, Content, Flow, Role, Scope, TopicKind
from topology.record_headers import HEADERS
from topology.topics import TOMBSTONES_MS

AVRO = "application/vnd.apache.avro;version=1.9.0"
WIRE = "application/vnd.confluent.avro"
"""A zero byte, the schema's id in the registry (four bytes, big-endian), the record."""
KAFKA = "0.5.0"
UNTYPED = {
    "raw": "A producer's payload, sealed; the headers say how (schemas/README.md).",
    "again": "A raw record, or an entry of quarantine, copied as it is sealed; the headers say where it lay.",
    "geometry": "Where placeholders stood, sealed task by task, of projects that keep this apart from Vault. A"
    " document there names the place of each record.",
    "values": "What placeholders stand for, sealed task by task, of projects that keep this apart from Vault. A"
    " document there names the place of each record.",
    "checkpoints": "A signed note (C2SP tlog-checkpoint), UTF-8.",
}


def asyncapi(flow: Flow, projects: Iterable[str], version: str) -> dict[str, Any]:
    """The document. `projects`: those that are declared."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Veilstream",
            "version": version,
            "description": "Topics, records and who may do what with them. Values are Avro in Confluent's wire"
            " format, but where something else is said.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": WIRE,
        "channels": {kind.name: _channel(kind, projects) for kind in flow.topics.values()},
        "operations": dict(_operations(flow)),
        "components": {"messages": _messages(flow), "schemas": {name: _schema(name) for name in _used(flow)}},
    }


def _channel(kind: TopicKind, projects: Iterable[str]) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "address": kind.topic("{project}"),
        "description": description(kind),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _names(kind)},
        "bindings": {"kafka": {"topicConfiguration": _configuration(kind), "bindingVersion": KAFKA}},
    }
    if kind.scope is Scope.PROJECT:
        channel["parameters"] = {"project": {"description": "A project's name.", "enum": sorted(projects)}}
    return channel


def description(kind: TopicKind) -> str:
    """What somebody learns who may read it."""
    if kind.opened_by:
        keys = ", ".join(kind.opened_by)
        return f"Sealed {kind.holds.value} content; opens with the keys {keys} in Vault."
    if kind.holds is Content.METADATA:
        return "Names, counts and times; no content."
    if kind.holds is Content.SANITIZED:
        return "Sanitized texts in clear: who may read it reads them."
    return f"{kind.holds.value.capitalize()}, without any content."


def _configuration(kind: TopicKind) -> dict[str, Any]:
    configuration: dict[str, Any] = {"cleanup.policy": [kind.cleanup.value]}
    if kind.cleanup is Cleanup.DELETE:
        configuration["retention.ms"] = kind.retention_ms
    if kind.taken_back:
        configuration["delete.retention.ms"] = TOMBSTONES_MS
    return configuration


def _operations(flow: Flow) -> Iterable[tuple[str, dict[str, Any]]]:
    for role in flow.roles.values():
        for action, topics in (("send", role.writes), ("receive", role.reads)):
            for name in dict.fromkeys(topics):
                yield f"{role.name}.{action}.{name}", _operation(role, action, name)


def _operation(role: Role, action: str, topic: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic}"},
        "summary": f"{role.name}: {role.does}",
        "tags": [{"name": role.name}],
    }


def _messages(flow: Flow) -> Mapping[str, Any]:
    typed = {
        name: {
            "name": name,
            "contentType": WIRE,
            "payload": {"$ref": f"#/components/schemas/{name}"},
        }
        for name in _used(flow)
    }
    untyped = {f"{kind}-bytes": _untyped(text) for kind, text in UNTYPED.items() if kind in flow.topics}
    messages = typed | untyped
    for kind, headers in HEADERS.items():
        for name in _names(flow.topics[kind]):
            messages[name]["headers"] = headers
    return messages


def _untyped(text: str) -> dict[str, Any]:
    return {"contentType": "application/octet-stream", "description": text, "payload": {"type": "string"}}


def _names(kind: TopicKind) -> tuple[str, ...]:
    return kind.records or (f"{kind.name}-bytes",)


def _used(flow: Flow) -> list[str]:
    return sorted({name for kind in flow.topics.values() for name in kind.records})


def _schema(name: str) -> dict[str, Any]:
    return {"schemaFormat": AVRO, "schema": json.loads(catalog.text(name))}
