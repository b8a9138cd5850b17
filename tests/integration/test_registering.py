"""A producer's schema: registered by who administers, on the audit, and then used by a producer, who could not."""

from __future__ import annotations

import json
import secrets
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli.app import app
from deploy.publishing import publishing
from schemas.audit import EventType
from schemas.errors import ConfigError
from schemas.registry import Registry
from streams.audit.reader import Reader, read_events

pytestmark = pytest.mark.stack

PROJECT = "demo"


@pytest.fixture
def schema() -> str:
    field = {"name": "email", "type": "string", "confluent:tags": ["PII"]}
    return json.dumps({"type": "record", "name": f"Letter{secrets.token_hex(8)}", "fields": [field]})


def registered(root: Path, file: Path) -> dict[str, object]:
    ended = CliRunner().invoke(
        app, ["topology", "register", str(file), "--project", PROJECT, "--root", str(root), "--json"]
    )
    assert ended.exit_code == 0, ended.output
    found: dict[str, object] = json.loads(ended.stdout)
    return found


def test_a_producer_publishes_by_a_schema_once_who_administers_has_registered_it(
    stack, pipeline_of, schema, tmp_path
):
    pipeline, file = pipeline_of("late"), tmp_path / "letter.avsc"
    file.write_text(schema)
    with (
        pytest.raises(ConfigError, match="veil topology register"),
        publishing(stack.root, PROJECT) as publisher,
    ):
        publisher.publish_avro({"email": "a@b.c"}, schema)

    found = registered(stack.root, file)
    assert found["new"]
    assert registered(stack.root, file) == found | {"new": False}
    with closing(Registry(stack.endpoints.registry.url, stack.endpoints.registry.tls())) as registry:
        assert registry.id_under(str(found["subject"]), schema) == found["id"]
    with publishing(stack.root, PROJECT) as publisher:
        publisher.publish_avro({"email": "a@b.c"}, schema)
        assert publisher.flush().delivered == 1
    events = read_events(pipeline.log, Reader(pipeline.codec), ["audit.platform"])
    said = [(it.resource, it.details) for it in events if it.type is EventType.TOPOLOGY_APPLIED]
    assert said.count(("project/demo", {"schema id": str(found["id"]), "schema version": "1"})) == 1
