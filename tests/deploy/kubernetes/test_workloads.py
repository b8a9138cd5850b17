"""Pods can be moved to other machines, and what starts once a day is started again."""

from __future__ import annotations

import pytest

from deploy.cli.exits import Exit


def specs(objects, kind):
    return {it["metadata"]["name"]: it["spec"] for it in objects if it["kind"] == kind}


def test_a_pod_that_is_not_ready_keeps_nobody_from_draining_its_machine(objects):
    budgets = specs(objects, "PodDisruptionBudget")
    assert budgets.keys() == {*specs(objects, "StatefulSet"), *specs(objects, "Deployment")}
    assert {it["unhealthyPodEvictionPolicy"] for it in budgets.values()} == {"AlwaysAllow"}
    assert {it["maxUnavailable"] for it in budgets.values()} == {1}


def job(objects, name):
    return specs(objects, "CronJob")[name]["jobTemplate"]["spec"]


@pytest.mark.parametrize("name", ["backup-platform", "inspector-platform"])
def test_a_job_whose_pod_has_to_go_is_started_again_and_so_it_is_twice_where_it_failed(objects, name):
    spec = job(objects, name)
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert spec["backoffLimit"] == 2
    assert spec["podFailurePolicy"]["rules"][0] == {
        "action": "Ignore",
        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
    }


def test_what_is_overdue_is_no_failure_to_try_again(objects):
    at_once = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [Exit.FAILED]}}
    assert job(objects, "inspector-platform")["podFailurePolicy"]["rules"][1:] == [at_once]
    assert job(objects, "backup-platform")["podFailurePolicy"]["rules"][1:] == []


def test_each_time_a_backup_has_a_folder_of_its_own(objects):
    (container,) = job(objects, "backup-platform")["template"]["spec"]["containers"]
    assert container["args"][1] == "/backups/$(POD)"
    assert container["env"][0] == {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
