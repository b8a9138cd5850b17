"""What an image is made of, as CycloneDX 1.6: `python -m deploy.containers.sbom CYCLONEDX VENV ROOT`.

Runs in the build stage and writes the last file of ROOT. `cyclonedx-py` tells the packages of the venv. Debian's,
of which the interpreter or a library came, are added here; the whole has to be valid by CycloneDX's own schema, or
there is no image. The only time in it is SOURCE_DATE_EPOCH, so the same image has the same file.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from deploy.containers.collect import settle

PLACE = "usr/share/sbom/veilstream.cdx.json"
DPKG = Path("/var/lib/dpkg/info")
Package = tuple[str, str]
_VALID = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read())
sys.exit(None if fault is None else str(fault))
"""
"""For the interpreter that has the library: exit code 1, and why, where it is not."""


def main() -> int:
    """Write the file into ROOT."""
    program, venv, root = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    document = json.loads(_environment(program, venv))
    files = [
        file.relative_to(root) for file in root.rglob("*") if not file.is_relative_to(root / venv.relative_to("/"))
    ]
    found = packages_of((Path("/", file) for file in files), _owners())
    document["components"] += [component(*package) for package in sorted(found)]
    if not any(name.startswith("python3") for name, _ in found):  # compiled by who made the base
        document["components"].append(interpreter(platform.python_version()))
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    subprocess.run([Path(program).parent / "python", "-c", _VALID], input=text, text=True, check=True)
    place = root / PLACE
    place.parent.mkdir(parents=True)
    place.write_text(text)
    settle(root, int(os.environ["SOURCE_DATE_EPOCH"]))
    return 0


def packages_of(files: Iterable[Path], owners: Mapping[Path, Package]) -> set[Package]:
    """Whose they are. Where `/lib` is `/usr/lib`, dpkg may know a file by either name."""
    found = set()
    for file in files:
        owner = owners.get(file) or owners.get(Path("/usr", file.relative_to("/")))
        if owner is None and file.is_relative_to("/usr"):
            owner = owners.get(Path("/", file.relative_to("/usr")))
        if owner is not None:
            found.add(owner)
    return found


def component(name: str, version: str) -> dict[str, Any]:
    """A package of Debian."""
    reference = f"pkg:deb/debian/{name}@{version.replace('+', '%2B').replace(':', '%3A')}"
    return {"bom-ref": reference, "name": name, "purl": reference, "type": "library", "version": version}


def interpreter(version: str) -> dict[str, Any]:
    """A Python that no package of Debian brought."""
    reference = f"pkg:generic/python@{version}"
    return {"bom-ref": reference, "name": "python", "purl": reference, "type": "platform", "version": version}


def _environment(program: str, venv: Path) -> str:
    command = [
        program,
        "environment",
        "--output-reproducible",
        "--spec-version",
        "1.6",
        "--pyproject",
        "pyproject.toml",
    ]
    return subprocess.run(
        [*command, str(venv / "bin" / "python")], capture_output=True, text=True, check=True
    ).stdout


def _owners() -> dict[Path, Package]:
    """Every file that dpkg has installed, and by which package."""
    owners: dict[Path, Package] = {}
    wanted = ["dpkg-query", "-W", "-f", "${Package}\t${Architecture}\t${Version}\n"]
    for line in subprocess.run(wanted, capture_output=True, text=True, check=True).stdout.splitlines():
        name, architecture, version = line.split("\t")
        lists = (DPKG / f"{name}.list", DPKG / f"{name}:{architecture}.list")
        for listed in (place for place in lists if place.exists()):
            owners.update(
                (Path(file), (name, version)) for file in listed.read_text().splitlines() if Path(file).is_file()
            )
    return owners


if __name__ == "__main__":
    sys.exit(main())
