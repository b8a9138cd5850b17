"""Where everything of one local stack lies: under one root, which only its user may enter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.supervise.files import make_private_folder
from schemas.errors import StackError

_MEANS_MORE = re.compile(r'[,;"\\\x00-\x1f\x7f]|\$\{')
"""In a path: Kafka takes a comma for the end of one folder's name and the beginning of another's, the registry's
database a semicolon for the beginning of a setting; the others end, or begin, something in a configuration.
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths below the root (`.veil` unless told otherwise). Absolute, since children run in other folders."""

    root: Path

    @classmethod
    def create(cls, root: Path) -> Layout:
        """Make the folders, each of mode 0700. Raises StackError where a part would misread their names."""
        layout = cls(root.absolute())
        if found := _MEANS_MORE.search(str(layout.root)):
            raise StackError(f"{layout.root} has a {found[0]!r} in it, which parts misread; choose another root.")
        for folder in (layout.root, layout.secrets, layout.tls, layout.logs, layout.run, layout.scratch):
            make_private_folder(folder)
        for part in ("kafka", "vault", "registry"):
            make_private_folder(layout.data(part))
        return layout

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def tls(self) -> Path:
        return self.root / "tls"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def scratch(self) -> Path:
        """Temporary files of the parts, so that none lands in the machine's shared folder."""
        return self.root / "scratch"

    def data(self, part: str) -> Path:
        return self.root / part

    def log(self, part: str) -> Path:
        return self.logs / f"{part}.log"


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Per-user folder for downloads, shared by all stacks (XDG Base Directory Specification)."""
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "veilstream"
