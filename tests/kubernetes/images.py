"""The images that a node needs, as one file: ours, those of the parts, and two of one program each."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.support.containers import NO_BASE, TREE, Engine

PREFIX = "veilstream-tested"
SINGLE = ("pause", "names")
"""What holds a pod's name spaces open, and what knows names."""


def saved(engine: Engine, programs: Path, folder: Path) -> Path:
    """Build them and save them in `folder`. Skips where there is no base to build on."""
    if not engine.answers():
        pytest.skip("no container engine answers (`deploy/containers/engine make test-kubernetes`)")
    made = subprocess.run(
        [str(TREE / "deploy" / "compose" / "images"), PREFIX], capture_output=True, text=True, check=False
    )
    if made.returncode == NO_BASE:
        pytest.skip(f"no base to build on: {made.stderr.strip().splitlines()[-1]}")
    assert made.returncode == 0, made.stderr[-2000:]
    names = [f"localhost/{it}:1" for it in SINGLE]
    for program, name in zip(SINGLE, names, strict=True):
        archive = folder / f"{program}.tar"
        with tarfile.open(archive, "w") as content:
            content.add(programs / program, program)
        engine.call("import", "--change", f'ENTRYPOINT ["/{program}"]', str(archive), name)
        archive.unlink()
    images = folder / "images.tar"
    of_parts = [f"{PREFIX}-{it}" for it in ("kafka", "vault", "registry")]
    engine.call("save", "--output", str(images), PREFIX, *of_parts, *names)
    engine.call("rmi", *names)
    return images
