"""What the headers of records hold, as JSON schemas: of those topics whose records have any.

All values are ASCII or UTF-8 text; a number is decimal digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from schemas import cloudevents, reredaction


def _schema(properties: Mapping[str, Mapping[str, Any]], optional: Iterable[str] = ()) -> dict[str, Any]:
    left = set(optional)
    return {
        "type": "object",
        "required": [name for name in properties if name not in left],
        "properties": {name: {"type": "string", **said} for name, said in properties.items()},
    }


_RAW: Mapping[str, Mapping[str, Any]] = {
    "veil-version": {"const": "1"},
    "veil-media": {"enum": ["application/json", "text/plain", "avro/binary", "text/csv"]},
    "veil-schema": {"pattern": "^[0-9]*$", "description": "The Avro schema's id in the registry, else empty."},
    "veil-key": {"description": "The data key, wrapped by the project's key in Vault."},
    "veil-context": {"description": "The context that it was wrapped under."},
    "veil-routing": {"description": "How its task is handed out; left out where nothing is said."},
}
_ORIGIN: Mapping[str, Mapping[str, Any]] = {
    reredaction.PARTITION: {"pattern": "^[0-9]+$", "description": "Where it lay on the topic of raw records."},
    reredaction.OFFSET: {"pattern": "^[0-9]+$", "description": "Where it lay on the topic of raw records."},
    reredaction.REVISION: {"pattern": "^[0-9]+$", "description": "Which revision its redaction is; 2 at least."},
    reredaction.LEAST_POLICY: {
        "pattern": "^[0-9]+$",
        "description": "The lowest version of a policy that may redact it.",
    },
    reredaction.LEFT_OUT: {"const": "too_large", "description": "The original fits no topic: there is no value."},
    reredaction.ORIGIN: {"const": "quarantine", "description": "It is the copy of an entry of quarantine."},
}
_CLOUD_EVENT: Mapping[str, Mapping[str, Any]] = {
    "content-type": {"const": cloudevents.CONTENT_TYPE},
    "ce_specversion": {"const": cloudevents.SPEC_VERSION},
    "ce_id": {"description": "The event's id."},
    "ce_source": {"description": "The slot that says it. With `ce_id` unique."},
    "ce_type": {"pattern": f"^{cloudevents.TYPE_PREFIX.replace('.', '[.]')}", "description": "What happened."},
    "ce_time": {"format": "date-time"},
    "ce_subject": {"description": "What it happened to."},
}

HEADERS: Mapping[str, dict[str, Any]] = {
    "raw": _schema(_RAW, ["veil-routing"]),
    "again": _schema({**_RAW, **_ORIGIN}, [*_RAW, reredaction.LEFT_OUT, reredaction.ORIGIN]),
    "audit": _schema(_CLOUD_EVENT),
}
"""By the kind of topic."""
