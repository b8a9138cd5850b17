"""A project that has its labeling jobs signed: nobody labels before one is in force, then by it."""

from __future__ import annotations

import pytest

from deploy.control_orders import sign_job
from schemas.audit import EventType
from streams.label.client import Denied, LabelClient
from tests.support.waiting import wait_for
from topology.job_document import with_job

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def kept(pipeline_of):
    pipeline = pipeline_of("kept")
    pipeline.start("label")
    return pipeline


def refused(client: LabelClient) -> str:
    """Why there is no task; empty where somebody may ask."""
    try:
        client.lease()
    except Denied as denied:
        return denied.reason
    return ""


def test_nobody_labels_before_two_have_signed_the_job(kept):
    job = kept.topology.project(kept.project).job
    with kept.client("kurt", "kim") as client:
        assert refused(client) == "not_permitted"
        health = kept.stages["label", 0].running.health
        wait_for(lambda: "no labeling job is in force" in health.read()[1], "label says what it waits for")
        with kept.person("kate") as author:
            sign_job(author, job)
        assert refused(client) == "not_permitted"
        with kept.person("kofi") as approver:
            sign_job(approver, job)
        wait_for(lambda: refused(client) == "", "the job is in force")
        assert health.read()[1] == ""
        (adopted,) = [event for event in kept.audit() if event.type is EventType.JOB_ADOPTED]
    file = kept.topology.project(kept.project).hash
    assert adopted.details == {"version": "1", "job": job.hash, "signed": "true", "project": file}
    signed = [event.person for event in kept.audit() if event.type is EventType.JOB_SIGNED]
    assert sorted(signed) == ["kate", "kofi"]
    assert with_job(kept.topology.project(kept.project), job.body).guidance.guidelines == "Signed by two."
