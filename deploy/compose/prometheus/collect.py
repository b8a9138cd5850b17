"""The root file system of Prometheus's image: `python -m deploy.compose.prometheus.collect PACKAGE ROOT`.

Runs in the build stage. PACKAGE is Debian's package, unpacked there, which apt has compared with the archive's
signature.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from deploy.containers.collect import copy, libraries, links, settle, write_rest

SHELL = Path("/bin/sh")
PROGRAMS = ("usr/bin/prometheus", "usr/bin/promtool")
NOTICE = "usr/share/doc/prometheus"
EPOCH = 0


def main() -> int:
    """Fill ROOT."""
    package, root = Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()
    for name in PROGRAMS:
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package / name, target)
        target.chmod(0o755)
    shutil.copytree(package / NOTICE, root / NOTICE)
    programs = [package / name for name in PROGRAMS]
    for file in {*links(SHELL), *libraries([*programs, SHELL.resolve()])}:
        copy(file, root)
    write_rest(root)
    settle(root, EPOCH)
    return 0


if __name__ == "__main__":
    sys.exit(main())
