"""Pods can be moved to other machines, and what starts once a day is started again."""

from __future__ import annotations


def specs(objects, kind):
    return {it["metadata"]["name"]: it["spec"] for it in objects if it["kind"] == kind}


def test_a_pod_that_is_not_ready_keeps_nobody_from_draining_its_machine(objects):
    budgets = specs(objects, "PodDisruptionBudget")
    assert budgets.keys() == {*specs(objects, "StatefulSet"), *specs(objects, "Deployment")}
    assert {it["unhealthyPodEvictionPolicy"] for it in budgets.values()} == {"AlwaysAllow"}
    assert {it["maxUnavailable"] for it in budgets.values()} == {1}
