"""The edge of a labeling job: the part of a project's file that is signed, as entry, as bytes, and as values."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Annotated

from pydantic import Field, ValidationError

from schemas.errors import ConfigError
from topology.acceptance import Acceptance, VerdictMethod
from topology.access_document import AccessEntry, to_access
from topology.guidance import Guidance
from topology.guidance_document import GuidanceEntry, to_guidance
from topology.jobs import Job, Jobs
from topology.policies.model import MAX_VERSION
from topology.project import Persons, Project
from topology.project_access import Access
from topology.reading import Entry, Name

GROUPS = ("authors", "approvers", "operators")
"""Who can write to `control`, and so sign; each stands for all of its persons."""
MAX_BODY_BYTES = 256 * 1024
"""As large as a project's file may be. `control` takes 2 MiB."""


class AgreementEntry(Entry):
    least: Annotated[float, Field(ge=0, le=1, strict=True)] | None = None


class JobEntry(GuidanceEntry):
    """What a project's file says of how is labeled; `ProjectDocument` has these fields beside its own."""

    access: AccessEntry = AccessEntry()
    verdict: VerdictMethod = VerdictMethod.MAJORITY
    agreement: AgreementEntry = AgreementEntry()


class JobsEntry(Entry):
    version: int = Field(ge=1, le=MAX_VERSION, strict=True)
    create: tuple[Name, ...] = ("authors",)
    change: tuple[Name, ...] = ("authors",)
    approve: tuple[Name, ...] = ("approvers",)


def to_jobs(entry: JobsEntry, persons: Persons, source: str) -> Jobs:
    """The checked entry as values. Raises ConfigError, also where no two persons could sign."""
    jobs = Jobs(*(_signers(entry, act, persons, source) for act in ("create", "change", "approve")))
    for act, version in (("create", 1), ("change", 2)):
        if not jobs.enough(version, {*jobs.makers(version), *jobs.approve}):
            raise ConfigError(f"{source}: jobs.{act}: needs two persons, one here and another in approve")
    return jobs


def _signers(entry: JobsEntry, act: str, persons: Persons, source: str) -> tuple[str, ...]:
    by_group = {"authors": persons.authors, "approvers": persons.approvers, "operators": persons.operators}
    found: dict[str, None] = {}
    for name in getattr(entry, act):
        found.update(dict.fromkeys(by_group.get(name, (name,))))
    strangers = sorted(set(found) - {one for group in by_group.values() for one in group})
    if strangers:
        raise ConfigError(f"{source}: jobs.{act}: {', '.join(strangers)} can't sign; {', '.join(GROUPS)} can")
    return tuple(found)


def job_of(entry: JobEntry, version: int) -> Job:
    """The job that a file holds: canonical JSON of what it says, without what it leaves at its default."""
    content = entry.model_dump(mode="json", include=set(JobEntry.model_fields), exclude_defaults=True)
    body = json.dumps(content | {"version": version}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    encoded = body.encode()
    return Job(version, encoded, hashlib.sha256(encoded).hexdigest())


def parts(entry: JobEntry, source: str) -> tuple[Guidance, Access, Acceptance]:
    """What the checked entry says, as values. Raises ConfigError."""
    access = to_access(entry.access, bool(entry.onboarding), source)
    return to_guidance(entry, source), access, Acceptance(entry.verdict, entry.agreement.least)


def with_job(project: Project, body: bytes) -> Project:
    """The project as a signed job has it, whatever its file says meanwhile. Raises ConfigError."""
    source = f"the signed job of {project.name}"
    if len(body) > MAX_BODY_BYTES:
        raise ConfigError(f"{source}: longer than {MAX_BODY_BYTES} bytes")
    try:
        content = json.loads(body)
        version = content.pop("version")
        entry = JobEntry.model_validate_json(json.dumps(content))
    except (ValueError, ValidationError, RecursionError, KeyError, TypeError, AttributeError):
        raise ConfigError(f"{source}: is not what this release writes; sign it anew") from None
    guidance, access, acceptance = parts(entry, source)
    job = Job(version, body, hashlib.sha256(body).hexdigest(), signed=True)
    return replace(project, guidance=guidance, access=access, acceptance=acceptance, job=job)
