"""The way in for one annotator of a project, `<root>/signin/<project>.json`, and for those who are invited to the
console, `<root>/signin/console.<person>.json`, have a part in grants, `grants.<person>.json`, or administer keys,
`keys.<person>.json`; readable by their owner only.

Each `veil up` writes it anew, and what it said before opens nothing any more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy.supervise.files import make_private_folder
from schemas.errors import ConfigError
from schemas.files import write_atomically
from schemas.hidden import Hidden

FOLDER = "signin"
CONSOLE = "console."
GRANTS = "grants."
KEYS = "keys."


@dataclass(frozen=True, slots=True, repr=False)
class Invitation(Hidden):
    """Where to go, as whom, with what. `otpauth` is for an authenticator app; `veil label code` does it too."""

    page: str
    person: str
    password: str
    otpauth: str


def path_of(root: Path, project: str) -> Path:
    """The file of a project's invitation."""
    return root / FOLDER / f"{project}.json"


def write(root: Path, project: str, invitation: Invitation) -> None:
    """Replace a project's invitation."""
    content = {name: getattr(invitation, name) for name in ("page", "person", "password", "otpauth")}
    make_private_folder(root / FOLDER)
    write_atomically(path_of(root, project), json.dumps(content, indent=2) + "\n")


def read(root: Path, project: str) -> Invitation | None:
    """A project's invitation, or None where nobody was invited. Raises ConfigError for a damaged file."""
    path = path_of(root, project)
    try:
        return Invitation(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        raise ConfigError(f"{path} is damaged; start `veil up` anew, which writes it") from None


def console_name(person: str) -> str:
    """In the place of a project: no project's name holds a dot."""
    return f"{CONSOLE}{person}"


def grants_name(person: str) -> str:
    """The same, of somebody who requests or approves grants; there is no page."""
    return f"{GRANTS}{person}"


def keys_name(person: str) -> str:
    """The same, of somebody who administers keys."""
    return f"{KEYS}{person}"


def invited_to_console(root: Path) -> tuple[Invitation, ...]:
    """Everybody who is, by name. Raises ConfigError for a damaged file."""
    names = sorted(path.stem for path in (root / FOLDER).glob(f"{CONSOLE}*.json"))
    return tuple(found for name in names if (found := read(root, name)) is not None)


def remove_all(root: Path, projects: Iterable[str]) -> None:
    """Take back the invitations of these projects, of the console, for grants and keys: they open nothing more."""
    others = [path for kind in (CONSOLE, GRANTS, KEYS) for path in (root / FOLDER).glob(f"{kind}*.json")]
    for path in (*(path_of(root, name) for name in projects), *others):
        path.unlink(missing_ok=True)
