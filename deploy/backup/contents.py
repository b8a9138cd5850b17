"""What a backup holds, by name. Pure.

| part | holds |
|---|---|
| `segments.P` | the index before Vault's snapshot was begun: all it names is in the snapshot, or ended |
| `vault` | Vault's snapshot |
| `segments-later.P` | what came to the index until after the snapshot |
| `geometry.P`, `values.P` | entries that lie apart from Vault, of segments that the index named by then |
| `control`, `keeper-state.P` | every order, what keeper has doomed: all that can have ended meanwhile |
| `checkpoints`, `audit.P`, `audit.platform` | the audit, to behind the checkpoints; tiles are made of it again |
| `schemas`, `files` | the schemas of these records by id; project files and pins |
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from deploy.surroundings import CONTROL
from topology.identity import PLATFORM, Identity
from vault.segments.apart import LAYERS, topic_of

BACKUP = Identity("backup", PLATFORM)
VAULT, SCHEMAS, FILES, CHECKPOINTS = "vault", "schemas", "files", "checkpoints"
PROJECTS_FOLDER, PINS_NAME = "projects/", "topology/pins.json"
SUFFIX = ".age"
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,120}")


def segments(project: str) -> str:
    """The index."""
    return f"segments.{project}"


def segments_later(project: str) -> str:
    """What came to the index while Vault's snapshot was taken."""
    return f"segments-later.{project}"


def entries(project: str) -> list[str]:
    """The topics on which entries of segments lie apart from Vault."""
    return [topic_of(layer, project) for layer in LAYERS]


def keeper_state(project: str) -> str:
    """What keeper knows."""
    return f"keeper-state.{project}"


def audit(project: str) -> str:
    """A project's audit, or the platform's."""
    return f"audit.{project}"


def as_they_are(projects: Iterable[str]) -> list[str]:
    """The topics that a restore writes again as they are; checkpoints first, so that the audit covers them."""
    return [CHECKPOINTS, *(audit(one) for one in (*projects, PLATFORM))]


def parts(projects: Iterable[str]) -> list[str]:
    """Every part there is, in the order in which they are taken."""
    names = list(projects)
    before = [segments(one) for one in names]
    after = [name for one in names for name in (segments_later(one), keeper_state(one), *entries(one))]
    return [*before, VAULT, *after, CONTROL, *as_they_are(names), SCHEMAS, FILES]


def file_of(part: str) -> str:
    """The file that a part lies in. Raises ValueError for what is no name of one."""
    if _NAME.fullmatch(part) is None:
        raise ValueError("no name of a part of a backup")
    return part + SUFFIX
