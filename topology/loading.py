"""Loads the topology: `flow.yaml` and the project files, from the package or from folders of the user's own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from schemas.errors import ConfigError
from topology.flow import Flow
from topology.flow_document import FlowDocument, to_flow
from topology.pins import Pins, load_pins
from topology.project import Project
from topology.project_document import ProjectDocument, to_project
from topology.reading import parse, read_text
from topology.visibility import visibility_faults


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything declared: projects by name, the flow, and whose keys are pinned."""

    projects: dict[str, Project]
    flow: Flow
    pins: Pins = field(default_factory=Pins)

    def project(self, name: str) -> Project:
        """A project. Raises ConfigError where it is not declared."""
        if name not in self.projects:
            raise ConfigError(f"no project {name}; declared are: {', '.join(sorted(self.projects)) or 'none'}")
        return self.projects[name]


def load_topology(
    folder: Path | None = None, extra_projects: Sequence[Path] = (), pins: Path | None = None
) -> Topology:
    """The topology in `folder` (flow.yaml and projects/), or the packaged one, with more project folders.

    Raises ConfigError; also where the flow would show a role what it must not see, and for an app and a person of
    one name.
    """
    source = resources.files("topology") if folder is None else folder
    flow = parse_flow(_read(source.joinpath("flow.yaml")), "flow.yaml")
    projects: dict[str, Project] = {}
    for file in _project_files(source.joinpath("projects"), extra_projects):
        project = parse_project(_read(file), file.name, flow)
        if project.name in projects:
            raise ConfigError(f"{file.name}: project {project.name} is declared twice")
        projects[project.name] = project
    _check_apps(projects.values())
    return Topology(projects, flow, load_pins(pins) if pins else Pins())


def _check_apps(projects: Collection[Project]) -> None:
    """An app and a person of one name would be one identity, with one key, whatever project each is of."""
    people = {person: project.name for project in projects for person in project.persons.people}
    for project in projects:
        for app in project.persons.apps:
            if app in people:
                raise ConfigError(
                    f"{project.name}: apps.{app}: is the name of a person in {people[app]};"
                    " an app has one of its own"
                )


def parse_flow(text: str, source: str) -> Flow:
    """The flow that `text` declares; refused where data could flow to who must not see it."""
    flow = to_flow(parse(text, source, FlowDocument))
    faults = visibility_faults(flow)
    if faults:
        raise ConfigError("\n".join(f"{source}: {fault}" for fault in faults))
    return flow


def parse_project(text: str, source: str, flow: Flow) -> Project:
    """The project that `text` declares. Raises ConfigError."""
    return to_project(parse(text, source, ProjectDocument), flow, source)


def _read(file: Traversable) -> str:
    if isinstance(file, Path):
        return read_text(file)
    return file.read_text(encoding="utf-8")


def _project_files(packaged: Traversable, extra: Sequence[Path]) -> Iterator[Traversable]:
    for folder in (packaged, *extra):
        if not folder.is_dir():
            raise ConfigError(f"{folder}: no such folder of project files")
        there = list(folder.iterdir())
        if other := next((file.name for file in there if file.name.endswith(".yml")), None):
            raise ConfigError(f"{folder}: {other} would be passed over; project files end with .yaml")
        files = [file for file in there if file.name.endswith(".yaml")]
        yield from sorted(files, key=lambda file: file.name)
