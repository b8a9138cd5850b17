"""Labeling jobs of a project: signed under each person's identity, in force by two, looked up in `control`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.compliance import compliance
from deploy.control_orders import sign_job
from deploy.persons import acting, load_declared
from schemas.errors import ConfigError
from topology.control import ControlBook
from topology.job_document import MAX_BODY_BYTES
from topology.jobs import Job, Jobs, changes
from topology.project import Project


@dataclass(frozen=True, slots=True)
class Version:
    """A job somebody has signed. `signed_by`: who, and when they say they did (milliseconds)."""

    version: int
    hash: str
    signed_by: dict[str, int]
    in_force: bool


@dataclass(frozen=True, slots=True)
class JobStanding:
    """Where the job in a project's file stands. `changes`: in what it differs from the one in force, by name."""

    version: int
    hash: str
    signed_by: tuple[str, ...]
    missing: tuple[str, ...]
    in_force: bool
    changes: tuple[str, ...]


def publish_job(root: Path, project: str, persons: Sequence[str]) -> JobStanding:
    """Put each person's signature on the job in the project's file; with nobody given, only look.

    Raises ConfigError where one of them may not, or it would never be in force.
    """
    declared = load_declared(root)
    found = declared.project(project)
    job, jobs = _job(found)
    for person in persons:
        _check_person(found, jobs, job, person)
    with compliance(root) as seen:
        _check_version(seen.book(), project, job)
        for person in persons:
            with acting(root, declared, project, person) as around:
                sign_job(around, job)
        return _standing(seen.book(), project, job, jobs)


def job_history(root: Path, project: str) -> tuple[Version, ...]:
    """Every job of a project that somebody has signed, the lowest version first."""
    with compliance(root) as seen:
        seen.topology.project(project)
        return history(seen.book(), project)


def history(book: ControlBook, project: str) -> tuple[Version, ...]:
    """What `control` says of a project's jobs."""
    ruling = book.job_in_force(project)
    return tuple(
        Version(it.record.version, it.record.hash, dict(sorted(it.signed_at.items())), it.record == ruling)
        for it in book.job_history(project)
    )


def _job(project: Project) -> tuple[Job, Jobs]:
    if project.jobs is None or project.job is None:
        raise ConfigError(
            f"{project.name}: its file names nobody who signs labeling jobs, so what stands there holds unsigned;"
            " add `jobs: {version: 1}` to have them signed"
        )
    if len(project.job.body) > MAX_BODY_BYTES:
        raise ConfigError(f"{project.name}: its labeling job is longer than {MAX_BODY_BYTES} bytes")
    return project.job, project.jobs


def _check_person(project: Project, jobs: Jobs, job: Job, person: str) -> None:
    makers = jobs.makers(job.version)
    if person not in {*makers, *jobs.approve}:
        act = "create" if job.version == 1 else "change"
        raise ConfigError(
            f"{person} may neither {act} nor approve labeling jobs of {project.name}; who may {act}: "
            f"{', '.join(makers)}; approve: {', '.join(jobs.approve)}"
        )


def _check_version(book: ControlBook, project: str, job: Job) -> None:
    ruling = book.job_in_force(project)
    if ruling is not None and ruling.version > job.version:
        raise ConfigError(
            f"{project}: version {ruling.version} of its labeling job is in force; raise `jobs.version` above it"
        )
    if any(it.record.version == job.version and it.record.hash != job.hash for it in book.job_history(project)):
        raise ConfigError(
            f"{project}: somebody has signed another labeling job of version {job.version}; raise `jobs.version`,"
            " so that nobody takes one for the other"
        )


def _standing(book: ControlBook, project: str, job: Job, jobs: Jobs) -> JobStanding:
    ruling = book.job_in_force(project)
    signers = {who for it in book.job_history(project) if it.record.hash == job.hash for who in it.signed_at}
    in_force = ruling is not None and ruling.hash == job.hash
    differs = () if in_force else changes(ruling.body if ruling else None, job.body)
    missing = () if jobs.enough(job.version, signers) else _missing(jobs, job.version, signers)
    return JobStanding(job.version, job.hash, tuple(sorted(signers)), missing, in_force, differs)


def _missing(jobs: Jobs, version: int, signers: set[str]) -> tuple[str, ...]:
    makers, act = jobs.makers(version), "creates" if version == 1 else "changes"
    lacking = []
    if not signers & set(makers):
        lacking.append(f"one who {act} it ({' or '.join(makers)})")
    if not signers & set(jobs.approve):
        lacking.append(f"one who approves it ({' or '.join(jobs.approve)})")
    others = sorted({*makers, *jobs.approve} - signers)
    return tuple(lacking) or (f"a second person ({' or '.join(others)})",)
