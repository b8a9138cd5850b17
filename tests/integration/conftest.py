"""Projects on the shared stack, their stages in threads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.pipeline import Pipeline, applied

PROJECTS = Path(__file__).parent / "projects"


@pytest.fixture(scope="session")
def projects_of_integration(stack, tmp_path_factory):
    return applied(stack, PROJECTS, tmp_path_factory.mktemp("projects"))


@pytest.fixture(scope="module")
def pipeline_of(projects_of_integration):
    """A project's pipeline, closed after the module."""
    made: list[Pipeline] = []

    def make(project: str) -> Pipeline:
        made.append(projects_of_integration.pipeline(project))
        return made[-1]

    yield make
    for pipeline in made:
        pipeline.close()


@pytest.fixture(scope="module")
def alone(stack, request, tmp_path_factory):
    """The pipeline of a project that is applied again and again, with no other but the packaged one: an apply
    looks at everything of each.
    """
    name = request.module.ALONE
    pipeline = applied(stack, PROJECTS / "alone", tmp_path_factory.mktemp(name), only=name).pipeline(name)
    yield pipeline
    pipeline.close()
