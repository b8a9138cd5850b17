"""All that the images of the parts are built of: `python -m deploy.containers.parts.gather FOLDER`.

The files are those that a local stack on this machine starts: jars by the hashes of its lock, Java and OpenBao of
the installed wheels. Nothing is downloaded while an image is built.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from deploy.containers import collect
from deploy.containers.parts import collect as parts_collect
from deploy.containers.parts.inside import JAVA, KAFKA, OPENBAO, REGISTRY
from deploy.local.processes import downloaded
from deploy.local.runner import Programs

PARTS = ("kafka", "vault", "registry")
TREE = Path(__file__).parents[3]


def main() -> int:
    """Fill FOLDER: what runs in the build stage, and a root file system for each of Java and the parts."""
    folder = Path(sys.argv[1])
    programs = downloaded(PARTS, os.environ, _say)
    for module in (collect, parts_collect):
        source = Path(str(module.__file__))
        _copy(source, folder / source.relative_to(TREE))
    gather(programs, folder / "roots")
    return 0


def gather(programs: Programs, roots: Path) -> None:
    """Each file where the image has it."""
    _copy(programs.java.parents[1], _under(roots / "java", JAVA))
    for jar in programs.kafka:
        _copy(jar, _under(roots / "kafka", KAFKA / jar.name))
    _copy(programs.openbao.parent, _under(roots / "vault", OPENBAO))  # its licence lies beside it
    _copy(programs.registry[0].parent, _under(roots / "registry", REGISTRY))


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copyfile(source, target)


def _under(root: Path, place: Path) -> Path:
    return root / place.relative_to("/")


if __name__ == "__main__":
    sys.exit(main())
