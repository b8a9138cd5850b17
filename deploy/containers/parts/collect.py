"""What all parts need of the base: `python -m deploy.containers.parts.collect ROOTS`.

Runs in the build stage. ROOTS has a root file system for each of Java and the parts; beside them it makes `part`:
a shell, the libraries that the shell and Java load, and certificates of authorities.
"""

from __future__ import annotations

import sys
from pathlib import Path

from deploy.containers.collect import binaries, copy, libraries, links, settle, write_rest

SHELL = Path("/bin/sh")
EPOCH = 0
"""What is in an image changes with the locks, not with a commit: so its files are of no commit's time."""


def main() -> int:
    """Make `part`, and the same of the same files, whenever they were copied."""
    roots = Path(sys.argv[1]).absolute()
    part = roots / "part"
    for file in {*links(SHELL), *libraries(binaries((roots / "java", SHELL.resolve())))}:
        if not file.is_relative_to(roots):
            copy(file, part)
    write_rest(part)
    for root in roots.iterdir():
        settle(root, EPOCH)
    return 0


if __name__ == "__main__":
    sys.exit(main())
