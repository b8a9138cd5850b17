"""Pages of topics: as the flow and the schemas have it, telling enough to whoever reads from outside."""

from __future__ import annotations

import json
import re

import pytest

from schemas import catalog
from topology.loading import load_topology
from topology.topic_pages import FOLDER, INDEX, pages, records_of, said, type_words

FLOW = load_topology().flow
PAGES = pages(FLOW)
OUTSIDE = ("model", "copier", "compliance")
"""Who takes records elsewhere: to train on, as a copy, to comply."""
STATES = ("control", "segments", "matching", "metrics", "checkpoints", "vault-log")
"""What compliance checks by our own program."""


def test_the_pages_are_those_that_the_flow_makes():
    found = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.iterdir()}
    assert found == PAGES, "run python -m topology.topic_pages"


def test_there_is_one_of_each_topic_and_the_first_page_leads_there():
    assert set(re.findall(r"\]\(([^)]+\.md)\)", PAGES[INDEX])) == {f"{name}.md" for name in FLOW.topics}
    assert set(PAGES) == {INDEX, *(f"{name}.md" for name in FLOW.topics)}


@pytest.mark.parametrize("topic", FLOW.topics)
def test_who_writes_and_reads_it_is_said(topic):
    facts = dict(re.findall(r"^\| ([a-z ]+) \| (.*) \|$", PAGES[f"{topic}.md"], re.MULTILINE))
    for fact, of in (("written by", "writes"), ("read by", "reads")):
        roles = {role.name for role in FLOW.roles.values() if topic in getattr(role, of)}
        assert set(facts[fact].split(", ")) - {""} == roles


def test_for_how_long_it_is_told_that_something_is_taken_back_is_said():
    told = {name for name in FLOW.topics if "tombstones stay for 32 days" in PAGES[f"{name}.md"]}
    assert told == {"open", "joined"}


@pytest.mark.parametrize("name", catalog.NAMES)
def test_each_field_of_a_record_is_there_with_its_type(name):
    kind = next(kind for kind in FLOW.topics.values() if name in kind.records)
    text = PAGES[f"{kind.name}.md"]
    for field in json.loads(catalog.text(name))["fields"]:
        assert f"| `{field['name']}` | {type_words(field['type'])} |" in text


def records_read_outside() -> set[str]:
    topics = {topic for role in OUTSIDE for topic in FLOW.roles[role].reads} - {*STATES}
    return {name for topic in topics for name in FLOW.topics[topic].records}


@pytest.mark.parametrize("name", sorted(records_read_outside()))
def test_of_what_is_read_from_outside_each_field_is_explained(name):
    for record in records_of(json.loads(catalog.text(name))):
        words, of_field = said(record["name"])
        for field in record["fields"]:
            assert of_field.get(field["name"]) or f"`{field['name']}`" in words, (record["name"], field["name"])


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("string", "string"),
        (["null", "bytes"], "bytes or null"),
        ({"type": "array", "items": {"type": "map", "values": "long"}}, "list of map to long"),
        (["null", {"type": "record", "name": "Span", "fields": []}], "Span or null"),
        ("io.veilstream.Span", "Span"),
    ],
)
def test_types_are_said_as_people_say_them(schema, words):
    assert type_words(schema) == words
