"""Which of what was told in a run is wrong, and which is right."""

from __future__ import annotations

import dataclasses

from deploy.demo.conclusion import PACE, of_a_robots_pace
from schemas.alerts import Alert, Severity
from streams.label.robots import RobotReport
from streams.watch.rules_document import packaged_rules

ROBOTS = (RobotReport("ann-1"), RobotReport("ann-2"))
ALERT = Alert(
    alert_id="a" * 32, rule=PACE, severity=Severity.WARNING, subject="person/ann-1", since=0, at=1, evidence=(),
    details={},
)  # fmt: skip


def test_that_a_robot_labels_faster_than_anyone_reads_is_right():
    assert PACE in {rule.name for rule in packaged_rules()}
    assert of_a_robots_pace(ALERT, ROBOTS)


def test_anything_else_of_a_robot_is_wrong_and_so_is_the_pace_of_anybody_else():
    assert not of_a_robots_pace(dataclasses.replace(ALERT, rule="skips"), ROBOTS)
    assert not of_a_robots_pace(dataclasses.replace(ALERT, subject="person/eve"), ROBOTS)
    assert not of_a_robots_pace(dataclasses.replace(ALERT, subject="app/ann-1"), ROBOTS)
