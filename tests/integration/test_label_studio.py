"""From a Label Studio file to labels, a verdict and back to a file, on the real broker and vault."""

from __future__ import annotations

import json
import secrets

import pytest

from deploy.exporting import take_out
from deploy.importing import import_file
from deploy.provision.command import apply_topology
from deploy.provision.parts import connected, pins_path
from schemas.audit import EventType
from schemas.errors import ConfigError
from schemas.resources import task_ids
from streams.label.studio import writing
from streams.label.studio.reading import read
from tests.support.pipeline import on_shared_stack
from tests.support.waiting import wait_for
from topology.loading import load_topology

pytestmark = pytest.mark.stack

PEOPLE = ("dan", "dot", "don")
NOTE = "My kettle broke, send me another lid"
PROJECT = """
name: {name}
owner: the tests of Veilstream
partitions: 2
persons:
  authors: [amy]
  approvers: [ben]
  operators: [cleo]
  annotators: [dan, dot, don]
evaluators: ["tests.streams.decide.evaluators.examples:Counts", "tests.streams.decide.evaluators.examples:Ends"]
"""


@pytest.fixture(scope="module")
def shop(stack):
    name = f"studio-{secrets.token_hex(4)}"
    folder = stack.root / "projects"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / f"{name}.yaml").write_text(PROJECT.format(name=name))
    with connected(stack.endpoints, stack.root) as parts:
        apply_topology(load_topology(extra_projects=[folder]), parts)
    pipeline = on_shared_stack(
        stack.root, load_topology(extra_projects=[folder], pins=pins_path(stack.root)), name
    )
    pipeline.start()
    pipeline.sign("amy", "ben")
    yield pipeline
    pipeline.close()


def answers(lease) -> list[dict]:
    """What Label Studio exports after somebody has marked the kettle and chosen a tone."""
    at = list(lease.fields).index("customer.note")
    start = lease.fields["customer.note"].index("kettle")
    marked = {
        "from_name": f"labels_{at}",
        "to_name": f"field_{at}",
        "type": "labels",
        "value": {"start": start, "end": start + 6, "text": "kettle", "labels": ["PRODUCT"]},
    }
    tone = {
        "from_name": "choice_tone",
        "to_name": "field_0",
        "type": "choices",
        "value": {"choices": ["negative"]},
    }
    return [writing.task(lease) | {"annotations": [{"result": [marked, tone], "was_cancelled": False}]}]


def labeled(shop, folder):
    """The verdict on a record that is published for it, by three people's files."""
    before = {verdict.task_id for verdict in shop.records("verdicts")}
    shop.publish({"customer": {"note": NOTE}, "product": "kettle"})
    file = folder / "export.json"
    url = f"http://127.0.0.1:{shop.stages['label', 0].port}"
    for person in PEOPLE:
        with shop.client("cleo", person) as client:
            lease = wait_for(client.lease, "a lease")
            file.write_text(json.dumps(answers(lease)))
        done = import_file(shop.root, shop.project, file, person, "cleo", url, "code-points", 5)
        assert done.labeled == [lease.task_id]
    verdicts = shop.wait_records("verdicts", len(before) + 1)  # by partition: the newest may be the first
    return next(verdict for verdict in verdicts if verdict.task_id not in before)


def test_answers_of_a_file_become_a_verdict_and_the_verdict_a_file_without_text(shop, tmp_path):
    verdict = labeled(shop, tmp_path)
    taken = take_out(shop.root, shop.project, "cleo", "label-studio")
    written = json.dumps([writing.verdict(it) for it in taken.verdicts])
    (given,) = [it for it in read(written.encode(), "written") if it.task_id == verdict.task_id]
    value = given.annotation.result[0].value
    assert value.labels == ["PRODUCT"]
    assert NOTE[value.start : value.end] == "kettle"
    assert not [word for word in ("kettle", *PEOPLE) if word in written]
    (event,) = [it for it in shop.events(EventType.LABELS_EXPORTED) if it.details["format"] == "label-studio"]
    assert (event.person, event.details) == (
        "cleo",
        {"format": "label-studio", "verdicts": str(len(taken.verdicts)), "unreadable": "0"},
    )
    views = [it for it in shop.events(EventType.TASK_VIEWED) if verdict.task_id in task_ids(it)]
    assert {it.person for it in views} == set(PEOPLE)
    signals = shop.events(EventType.EVALUATOR_SIGNALLED)
    assert {(it.details["signal"], it.details["value"]) for it in signals} == {("spans", "1")}
    assert len(signals) == len(PEOPLE) * len(shop.records("verdicts"))
    assert {it.reason for it in shop.events(EventType.EVALUATOR_FAILED)} == {"ended"}
    assert 'value="PRODUCT"' in taken.configuration(shop.project)
    shop.reconciled()


def test_what_was_withdrawn_is_not_exported_and_only_operators_export(shop, tmp_path):
    task_id = labeled(shop, tmp_path).task_id
    with pytest.raises(ConfigError, match="may not export"):
        take_out(shop.root, shop.project, "dan", "label-studio")
    assert task_id in taken_out(shop)
    shop.withdraw("cleo", task_id)
    assert task_id not in taken_out(shop)


def taken_out(shop):
    return {it.task_id for it in take_out(shop.root, shop.project, "cleo", "x").verdicts}
