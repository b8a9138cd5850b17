"""The stage draws tokens and surrogates from the project's own key."""

from __future__ import annotations

import json

from schemas.audit import RawOutcome
from schemas.hidden import RawRecord, SealedBytes
from schemas.records import Task
from streams.redact.outcome import Redacted
from streams.redact.redactor import redact
from streams.redact.transform.keys import TransformKeys
from tests.simulation.world import CanaryDetector
from tests.streams.redact.test_limits import CODEC, Desk, outcomes
from topology.policies import parse_policy
from vault.keys import open_sealed, task_binding
from vault.segments.opening import ViewKeys

POLICY = parse_policy(
    """
name: keyed
version: 1
owner: someone
review_by: 2030-01-01
fields: {who: {category: PERSON, action: token, scope: project}, to: {category: PERSON, action: surrogate}}
""",
    "p",
)
RECORD = {"who": "Zebulon", "to": "Anna Quackenbush"}


def shown(desk: Desk) -> dict[str, str]:
    """What an annotator sees of the record, opened by the key of its task."""
    plan = desk.process(desk.message(json.dumps(RECORD).encode()))
    assert outcomes(plan) == [(RawOutcome.TASK, "")]
    vault = desk._processor._seams.vault
    for path, document in plan.documents:
        vault.create(path, document)
    (task,) = [CODEC.decode(out.value, Task) for out in plan.outputs if out.topic == "tasks.demo"]
    key = ViewKeys(vault, "demo").task_key(task.segment_id, task.task_id)
    binding = task_binding("demo", task.task_id, task.revision)
    return json.loads(open_sealed(key, SealedBytes(task.sealed), binding))


def test_tokens_and_surrogates_are_those_of_the_projects_token_key():
    desk = Desk(POLICY)
    keys = TransformKeys(desk._processor._seams.hashes.token.digest)
    again = redact(RawRecord(RECORD), POLICY, CanaryDetector(), keys)
    assert isinstance(again, Redacted)
    assert shown(desk) == dict(again.record.fields)


def test_under_the_key_of_another_project_a_token_is_another():
    assert shown(Desk(POLICY))["who"] != shown(Desk(POLICY))["who"]
