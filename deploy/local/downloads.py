"""The Java parts: which files they are, and how they get from Maven Central into the user's cache.

`artifacts.lock` pins every file by SHA-256, so what runs is what was tested, wherever it was downloaded from.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import jgo.maven

from deploy.local.disk import CACHE_MIN_FREE, explained, raise_if_full, require_space
from deploy.progress import Report
from deploy.supervise.files import make_private_folder
from schemas.errors import StackError

LOCK_FILE = Path(__file__).with_name("artifacts.lock")
TRIES = 4
FIRST_PAUSE_S = 1.0  # doubled after each try: 7 s in all, enough for a registry's hiccup
READ_TIMEOUT_S = 30
PARALLEL = 6  # 45 files, most of them small: latency counts, not bandwidth


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of Maven Central, and the SHA-256 (hex) it must have."""

    sha256: str
    group: str
    name: str
    version: str
    classifier: str = ""
    packaging: str = "jar"

    @property
    def file_name(self) -> str:
        tail = f"-{self.classifier}" if self.classifier else ""
        return f"{self.name}-{self.version}{tail}.{self.packaging}"

    @classmethod
    def parse(cls, line: str) -> Artifact:
        """A line of the lock: `SHA256  group:name:version[:classifier:packaging]`."""
        sha256, coordinates = line.split()
        return cls(sha256, *coordinates.split(":"))


def read_lock(path: Path = LOCK_FILE) -> tuple[Artifact, ...]:
    return tuple(Artifact.parse(line) for line in path.read_text().splitlines() if not line.startswith("#"))


Fetch = Callable[[Artifact, Path], Path]
"""Downloads one artifact into a folder and returns its path there. Raises OSError or RuntimeError."""


def fetch_from_central(artifact: Artifact, folder: Path) -> Path:
    context = jgo.maven.MavenContext(repo_cache=folder, timeout=READ_TIMEOUT_S)
    component = context.project(artifact.group, artifact.name).at_version(artifact.version)
    return Path(component.artifact(artifact.classifier, artifact.packaging).resolve())


class ArtifactCache:
    """Verified files in one folder. Several stacks may fill it at once: a file appears whole or not at all."""

    def __init__(
        self,
        folder: Path,
        fetch: Fetch = fetch_from_central,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._folder = folder
        self._fetch = fetch
        self._pause = pause

    def path(self, artifact: Artifact) -> Path:
        """Where `artifact` lies once `ensure` has returned."""
        return self._folder / artifact.file_name

    def ensure(self, artifacts: Sequence[Artifact], report: Report) -> None:
        """Check every one against its pin and download what is missing or differs.

        Raises StackError after `TRIES` failures of one file, or at once when the disk is full.
        """
        with explained(self._folder):
            make_private_folder(self._folder)
        missing = [artifact for artifact in artifacts if not self._has(artifact)]
        if missing:
            require_space(self._folder, CACHE_MIN_FREE)
            report(f"downloading {len(missing)} files from Maven Central")
            with ThreadPoolExecutor(PARALLEL) as pool:
                list(pool.map(self._download, missing))

    def _has(self, artifact: Artifact) -> bool:
        path = self.path(artifact)
        return path.exists() and sha256_of(path) == artifact.sha256

    def _download(self, artifact: Artifact) -> None:
        problem = ""
        for attempt in range(TRIES):
            if attempt:
                self._pause(FIRST_PAUSE_S * 2 ** (attempt - 1))
            problem = self._try(artifact)
            if not problem:
                return
        raise StackError(
            f"{artifact.file_name} could not be downloaded from Maven Central in {TRIES} tries ({problem}); "
            f"check the network and start again, what has arrived is kept in {self._folder}."
        )

    def _try(self, artifact: Artifact) -> str:
        """Download once; what went wrong, in a few words, or nothing."""
        with explained(self._folder):
            staging = tempfile.TemporaryDirectory(dir=self._folder, prefix=".download-")
        with staging as folder:
            try:
                arrived = self._fetch(artifact, Path(folder))
            except (OSError, RuntimeError) as error:  # requests' exceptions are OSErrors
                raise_if_full(error, self._folder)
                return type(error).__name__
            if sha256_of(arrived) != artifact.sha256:
                return "its checksum is not the pinned one"
            arrived.replace(self.path(artifact))
            return ""


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
