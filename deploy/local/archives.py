"""Archives of Kafka's and the registry's classes as they are once loaded: their starts take half the CPU.

Java writes one when a program that was told to record ends (JEP 483 and 514), so each part runs once on a root
that is thrown away. Java checks an archive against itself and the class path, and does without it where they don't
fit. Measured on two cores that tests shared: Kafka ready for 2.2 s of CPU instead of 3.9, the registry for 1.8
instead of 4.1, both in 8 s instead of 14. Making both takes 14 s on quiet cores (42 s there), once for each
version; Kafka is then ready in 3 s.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGTERM
from types import MappingProxyType

from deploy.local import kafka, registry
from deploy.local.authority import ensure_certificates
from deploy.local.disk import CACHE_MIN_FREE
from deploy.local.layout import Layout
from deploy.local.part import Part
from deploy.local.ports import keep
from deploy.local.runner import Archive, Programs
from deploy.local.writer_key import FILE, ensure_writer_key
from deploy.progress import Report
from deploy.supervise.files import alone
from deploy.supervise.spawn import NURSERY, Running
from schemas.errors import StackError

PARTS = ("kafka", "registry")
SCRATCH, LOCK = ".archives-", ".archives.lock"
LOOKED_AFTER_S = 0.05
WRITTEN_WITHIN_S = 120.0
"""Writing takes 6 s of CPU after the part itself has ended."""

Record = Callable[[Programs, Path], None]
"""Runs the parts whose archives are to be recorded, in a folder to throw away. Raises what keeps it from that."""


def archived(programs: Programs, cache: Path, report: Report, record: Record | None = None) -> Programs:
    """With the archives of those parts that it has. Made where they are missing, if the disk of `cache` has room.
    What can't be made is left out, of this version for good: no start fails for it, nor tries again each time.
    """
    wanted = {part: place_of(part, programs, cache) for part in PARTS if getattr(programs, part)}
    if not wanted:
        return programs
    with alone(cache / LOCK):  # stacks that start at once wait for the one that makes what all need
        missing = {part: place for part, place in wanted.items() if not place.exists()}
        if missing and shutil.disk_usage(cache).free >= CACHE_MIN_FREE:
            report("having Java keep what it loads of Kafka and the registry, once: then they start twice as fast")
            _make(programs, missing, cache, record or run_once, report)
    made = {part: Archive(place) for part, place in wanted.items() if place.exists() and place.stat().st_size}
    return replace(programs, archives=MappingProxyType(made))


def place_of(part: str, programs: Programs, cache: Path) -> Path:
    """Another one for another Java or other files."""
    release = (programs.java.parents[1] / "release").read_bytes()
    files = [f"{it} {it.stat().st_size} {it.stat().st_mtime_ns}" for it in getattr(programs, part)]
    told = hashlib.sha256("\n".join((release.decode(), *files)).encode()).hexdigest()
    return cache / f"{part}-{told[:16]}.aot"


def _make(programs: Programs, missing: Mapping[str, Path], cache: Path, record: Record, report: Report) -> None:
    for left in cache.glob(f"{SCRATCH}*"):  # of one that was killed: nobody else makes any now
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=SCRATCH) as scratch:
        drafts = {part: Path(scratch) / place.name for part, place in missing.items()}
        recorded = {part: Archive(draft, recorded=True) for part, draft in drafts.items()}
        try:
            record(replace(programs, archives=MappingProxyType(recorded)), Path(scratch))
        except (StackError, OSError) as error:
            report(f"Java's archives could not be made, starts stay as long as they were ({type(error).__name__})")
            for draft in drafts.values():
                draft.write_bytes(b"")  # it was tried; what may be half of one is not used
        for part, place in missing.items():
            drafts[part].touch()
            drafts[part].replace(place)


def run_once(programs: Programs, scratch: Path) -> None:
    """Start each part that is recorded, end it when it serves. Raises StackError, OSError."""
    layout = Layout.create(scratch / "root")
    certificates = ensure_certificates(layout.tls, layout.secrets / "ca.key", datetime.now(UTC))
    ports = keep(layout.root / "ports.json", random.SystemRandom())
    parts: dict[str, Callable[[], Part]] = {
        "kafka": lambda: kafka.Kafka(layout, programs, ports, certificates, NURSERY),
        "registry": lambda: registry.Registry(
            layout, programs, ports, certificates, ensure_writer_key(layout.secrets / FILE).public
        ),
    }
    runs = [_Run(parts[part](), layout.log(part)) for part in programs.archives]
    given_up = threading.Event()
    with ThreadPoolExecutor(len(runs)) as pool:
        try:
            for _ in pool.map(lambda run: run.whole(given_up), runs):
                pass
        except BaseException:  # Ctrl-C too
            given_up.set()
            raise


@dataclass(frozen=True, slots=True)
class _Run:
    part: Part
    log: Path

    def whole(self, given_up: threading.Event) -> None:
        self.part.prepare()
        command = self.part.command()
        child = NURSERY.spawn(command.argv, command.env, self.log, command.cwd)
        try:
            _wait(f"start of {self.part.name}", child, self.part.ready, self.part.ready_within_s, given_up)
            child.send_signal(SIGTERM)
            _wait(f"archive of {self.part.name}", child, None, WRITTEN_WITHIN_S, given_up)
        finally:
            child.kill()
            child.wait()


def _wait(
    what: str, child: Running, done: Callable[[], bool] | None, within_s: float, given_up: threading.Event
) -> None:
    """Until it is `done`; where nothing says that, until the child has ended. Raises StackError."""
    late = time.monotonic() + within_s
    while done is None or not done():
        with suppress(subprocess.TimeoutExpired):
            child.wait(LOOKED_AFTER_S)
            if done is None:
                return
            raise StackError(f"The {what} failed.")
        if given_up.is_set() or time.monotonic() > late:
            raise StackError(f"The {what} was given up.")
