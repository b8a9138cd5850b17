"""Labeling jobs as `veil job` signs and shows them, on the real parts."""

from __future__ import annotations

import secrets

import pytest

from deploy.compliance import audit_topic, compliance
from deploy.job_signing import job_history, publish_job
from deploy.provisioning import apply_audited
from schemas.audit import EventType
from schemas.errors import ConfigError
from streams.audit.reader import Reader, read_events
from topology.loading import load_topology

pytestmark = pytest.mark.stack

PROJECT = """
name: {name}
owner: the tests of Veilstream
persons: {{authors: [joy, jon], approvers: [joe, jan], operators: [jim], annotators: [jay]}}
guidelines: {guidelines}
"""
JOBS = "jobs: {{version: {version}, create: [joy], change: [operators], approve: [joe]}}\n"


@pytest.fixture
def project(stack):
    """A project of this test alone: `write` changes its file."""

    class Mine:
        root, name = stack.root, f"jobs-{secrets.token_hex(4)}"

        def write(self, version=None, guidelines="as they are"):
            text = PROJECT.format(name=self.name, guidelines=guidelines)
            text += JOBS.format(version=version) if version else ""
            folder = stack.root / "projects"
            folder.mkdir(mode=0o700, exist_ok=True)
            (folder / f"{self.name}.yaml").write_text(text)

        def publish(self, *persons):
            return publish_job(self.root, self.name, persons)

    mine = Mine()
    mine.write(1)
    apply_audited(load_topology(extra_projects=[stack.root / "projects"]), stack.endpoints, stack.root)
    return mine


def test_a_job_is_created_changed_and_looked_up(project):
    looked = project.publish()
    assert (looked.in_force, looked.signed_by, looked.changes) == (False, (), ("guidelines",))
    assert looked.missing == ("one who creates it (joy)", "one who approves it (joe)")
    for person in ("jon", "jan", "jim", "jay"):
        with pytest.raises(ConfigError, match=f"{person} may neither create nor approve labeling jobs"):
            project.publish(person)
    assert project.publish("joy").missing == ("one who approves it (joe)",)
    assert project.publish("joe").in_force

    project.write(1, "changed")
    with pytest.raises(ConfigError, match=r"another labeling job of version 1; raise `jobs\.version`"):
        project.publish("joy")
    project.write(2, "changed")
    with pytest.raises(ConfigError, match="joy may neither change nor approve"):
        project.publish("joy")
    assert project.publish().changes == ("guidelines",)
    assert project.publish("jim", "joe").in_force
    project.write(1)
    with pytest.raises(ConfigError, match="version 2 of its labeling job is in force"):
        project.publish("joy")

    versions = job_history(project.root, project.name)
    assert [(one.version, sorted(one.signed_by), one.in_force) for one in versions] == [
        (1, ["joe", "joy"], False),
        (2, ["jim", "joe"], True),
    ]
    with compliance(project.root) as seen:
        events = list(read_events(seen.log, Reader(seen.codec), [audit_topic(project.name)]))
    signed = [(event.details["version"], event.person) for event in events if event.type is EventType.JOB_SIGNED]
    assert sorted(signed) == [("1", "joe"), ("1", "joy"), ("2", "jim"), ("2", "joe")]


def test_a_project_without_jobs_has_nothing_to_sign(project):
    project.write()
    with pytest.raises(ConfigError, match="names nobody who signs labeling jobs"):
        project.publish("joy")
