"""The document that others generate clients from: valid by the specification's own schema, true of the flow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema.validators import validator_for

from schemas import catalog
from tests.support import asyncapi as specification
from topology.asyncapi import asyncapi
from topology.loading import load_topology

TOPOLOGY = load_topology()
DOCUMENT = asyncapi(TOPOLOGY.flow, TOPOLOGY.projects, "1.0.0")
SCHEMA = Path(specification.__file__).with_name("3.0.0.json")


def resolved(reference):
    found = DOCUMENT
    for part in reference["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def test_it_is_valid_by_the_schema_of_the_specification():
    schema = json.loads(SCHEMA.read_text())
    kind = validator_for(schema)
    assert not [error.message for error in kind(schema).iter_errors(DOCUMENT)]


def test_every_type_of_record_lies_on_some_topic_as_it_is_registered():
    assert {name: it["schema"] for name, it in DOCUMENT["components"]["schemas"].items()} == {
        name: json.loads(catalog.text(name)) for name in catalog.NAMES
    }


@pytest.mark.parametrize("role", TOPOLOGY.flow.roles)
def test_who_may_send_and_receive_is_what_the_flow_grants(role):
    def said(action):
        return {
            operation["channel"]["$ref"].rpartition("/")[2]
            for name, operation in DOCUMENT["operations"].items()
            if name.startswith(f"{role}.{action}.")
        }

    granted = TOPOLOGY.flow.roles[role]
    assert (said("send"), said("receive")) == (set(granted.writes), set(granted.reads))


def test_every_reference_leads_somewhere():
    for channel in DOCUMENT["channels"].values():
        for message in channel["messages"].values():
            payload = resolved(message)["payload"]
            assert resolved(payload) if "$ref" in payload else payload["type"] == "string"
    assert all(resolved(operation["channel"]) for operation in DOCUMENT["operations"].values())


def test_for_how_long_somebody_who_is_away_is_still_told_what_was_taken_back_is_said():
    bindings = {name: it["bindings"]["kafka"]["topicConfiguration"] for name, it in DOCUMENT["channels"].items()}
    told = {name: it["delete.retention.ms"] for name, it in bindings.items() if "delete.retention.ms" in it}
    assert told == {"open": 2_764_800_000, "joined": 2_764_800_000}


def test_topics_of_a_project_are_named_by_it_and_of_the_platform_are_not():
    for kind in TOPOLOGY.flow.topics.values():
        channel = DOCUMENT["channels"][kind.name]
        assert channel["address"] == kind.topic("{project}")
        assert ("parameters" in channel) == ("{project}" in channel["address"])
