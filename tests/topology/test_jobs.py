"""Labeling jobs: what is signed, who may sign which version, and what a project is made of one."""

from __future__ import annotations

import json
from datetime import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ConfigError
from topology.acceptance import Acceptance, VerdictMethod
from topology.job_document import MAX_BODY_BYTES, with_job
from topology.jobs import Job, Jobs, changes
from topology.loading import load_topology, parse_project
from topology.project_access import Access
from topology.working_hours import WorkingHours

FLOW = load_topology().flow
PROJECT = """
name: p
owner: o
persons: {authors: [ada, alan], approvers: [grace, ada], operators: [olga], annotators: [c]}
"""
FULL = """
escalation: "privacy desk, +49 30 555"
guidelines: Mark every name. 🙏🏽
blur: false
onboarding:
  - {fields: {text: "🙏🏽 Eva waits"}, spans: [{field: text, quote: Eva, label: NAME}], explains: A name.}
access:
  training: required
  onboarding: required
  devices: [managed]
  hours: {zone: Europe/Berlin, days: [mon], start: "22:00", end: "06:00"}
  rules: |
    @id("no-skips") forbid (principal, action == Action::"skip", resource);
verdict: dawid-skene
agreement: {least: 0.5}
jobs: {version: 3}
"""


def project(more=""):
    return parse_project(PROJECT + more, "p.yaml", FLOW)


def test_project_of_a_signed_job_is_that_of_the_file_it_was_made_of():
    file = project(FULL)
    made = with_job(project("jobs: {version: 9}"), file.job.body)
    assert (made.guidance, made.access, made.acceptance) == (file.guidance, file.access, file.acceptance)
    assert made.access.hours == WorkingHours(ZoneInfo("Europe/Berlin"), frozenset({1}), time(22), time(6))
    assert made.acceptance == Acceptance(VerdictMethod.DAWID_SKENE, 0.5)
    assert made.job == Job(3, file.job.body, file.job.hash, signed=True)


def test_who_does_what_stays_with_the_file():
    made = with_job(project("jobs: {version: 9}"), project(FULL).job.body)
    assert (made.persons, made.escalation) == (project().persons, "")


def test_hash_is_of_what_is_said_and_of_nothing_else():
    base = project("jobs: {version: 3}")
    assert project("verdict: majority\nblur: true\njobs: {version: 3}").job.hash == base.job.hash
    assert project("escalation: somebody\njobs: {version: 3, approve: [olga]}").job.hash == base.job.hash
    others = [
        "jobs: {version: 4}",
        "guidelines: x\njobs: {version: 3}",
        "access: {training: required}\njobs: {version: 3}",
        "agreement: {least: 0}\njobs: {version: 3}",
    ]
    assert len({base.job.hash, *(project(one).job.hash for one in others)}) == len(others) + 1


def test_without_jobs_the_file_holds_unsigned():
    assert project().jobs is None
    assert (project().job.version, project().job.signed) == (0, False)


def test_who_may_sign_is_named_by_person_or_group():
    assert project("jobs: {version: 1}").jobs == Jobs(("ada", "alan"), ("ada", "alan"), ("grace", "ada"))
    found = project("jobs: {version: 1, create: [olga], change: [operators, alan], approve: [approvers]}").jobs
    assert found == Jobs(("olga",), ("olga", "alan"), ("grace", "ada"))


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        ("{version: 0}", "jobs.version: Input should be"),
        ("{version: 1, create: [c]}", "jobs.create: c can't sign; authors, approvers, operators can"),
        ("{version: 1, approve: [eve]}", "jobs.approve: eve can't sign"),
        ("{version: 1, create: []}", "jobs.create: needs two persons"),
        ("{version: 1, change: [grace], approve: [grace]}", "jobs.change: needs two persons"),
        ("{version: 1, sign: [ada]}", "jobs.sign: Extra inputs"),
    ],
)
def test_wrong_jobs_name_their_place(jobs, said):
    with pytest.raises(ConfigError, match=r"^p\.yaml: ") as refused:
        project(f"jobs: {jobs}")
    assert said in str(refused.value)


@given(st.sets(st.sampled_from("abcd")), st.integers(1, 3))
def test_two_persons_sign_one_who_makes_and_another_who_approves(signers, version):
    jobs = Jobs(("a", "b"), ("b", "c"), ("b", "d"))
    makers = {"a", "b"} if version == 1 else {"b", "c"}
    expected = any(one in makers and other in {"b", "d"} for one in signers for other in signers - {one})
    assert jobs.enough(version, signers) is expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"version":1,"surprise":1}',
        b'{"version":1,"access":{"rules":"permit (principal, action, resource);"}}',
        b'{"version":1,"access":{"onboarding":"required"}}',
        b'{"version":1,"guidelines":"' + b"x" * MAX_BODY_BYTES + b'"}',
    ],
)
def test_body_that_is_none_is_refused_without_its_words(body):
    with pytest.raises(ConfigError, match="the signed job of p"):
        with_job(project("jobs: {version: 1}"), body)


def test_what_changed_is_said_by_name():
    old, new = project("guidelines: x\njobs: {version: 1}"), project(FULL)
    assert changes(old.job.body, old.job.body) == ()
    assert changes(old.job.body, new.job.body) == (
        "access.devices", "access.hours", "access.onboarding", "access.rules", "access.training",
        "agreement.least", "blur", "guidelines", "onboarding", "verdict",
    )  # fmt: skip
    assert changes(None, old.job.body) == ("guidelines",)


def test_a_job_grants_nothing_that_is_not_asked():
    assert with_job(project(), json.dumps({"version": 1}).encode()).access == Access()


def test_every_change_of_the_file_is_another_state_of_it():
    base = project()
    assert project("# a comment\nblur: true").hash == base.hash
    others = [
        "escalation: x",
        "apps: {ui: {acts_for: [c]}}",
        "qualifications: {c: {skills: [de]}}",
        "jobs: {version: 1}",
    ]
    assert len({base.hash, *(project(one).hash for one in others)}) == len(others) + 1
    assert with_job(base, project(FULL).job.body).hash == base.hash
