"""The stage draws tokens and surrogates from the project's own key."""

from __future__ import annotations

import json

from schemas.audit import RawOutcome
from tests.streams.redact.test_limits import Desk, outcomes
from topology.policies import parse_policy

RULES = """
name: keyed
version: 1
owner: someone
review_by: 2030-01-01
fields: {who: {category: PERSON, action: token, scope: project}, to: {category: PERSON, action: surrogate}}
"""


def test_a_policy_with_tokens_and_surrogates_gives_tasks():
    desk = Desk(parse_policy(RULES, "p"))
    record = json.dumps({"who": "Zebulon", "to": "Anna Quackenbush"}).encode()
    assert outcomes(desk.process(desk.message(record))) == [(RawOutcome.TASK, "")]
