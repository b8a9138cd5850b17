"""What a process needs, put together as the root of an image: `python -m deploy.containers.collect VENV ROOT`.

Runs in the build stage. It takes the venv, the interpreter with its standard library, and the libraries that the
loader finds for them. No shell, no package manager: what is not there nobody can use.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

USER = 65532
"""Nobody's on any distribution; other images without a root user take it, too."""
LEFT_OUT = (
    "__pycache__",
    "config-*",  # for who compiles extensions
    "dist-packages",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "pydoc_data",
    "site-packages",
    "test",
    "tests",
    "tkinter",
    "turtledemo",
)
"""Of the standard library."""
COMMANDS = ("python", "python3", "veil")
LDD = "/usr/bin/ldd"
ELF = b"\x7fELF"
LIBRARY = re.compile(r"(?:=>\s+)?(/\S+)\s+\(0x[0-9a-f]+\)$")
"""A line of ldd that names a file; the loader's own has no arrow."""
LOADED_LATER = ("libgcc_s.so.1",)
"""glibc loads it when the first thread ends; no file names it."""
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
WRITTEN = {
    "etc/passwd": f"veil:x:{USER}:{USER}::/tmp:\n",
    "etc/group": f"veil:x:{USER}:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}
COMPILE = ("-m", "compileall", "-q", "-x", "/tests?/", "--invalidation-mode", "unchecked-hash")
"""Nobody may write bytecode later, and no time of a file may decide whether it holds. What packages bring to test
themselves nobody imports.
"""


def main() -> int:
    """Fill ROOT."""
    venv, root = Path(sys.argv[1]), Path(sys.argv[2])
    library = Path(sysconfig.get_path("stdlib"))
    _leave_commands(venv / "bin")
    shutil.copytree(venv, _under(root, venv), symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(
        library,
        _under(root, library),
        symlinks=True,
        ignore=shutil.ignore_patterns(*LEFT_OUT),
        ignore_dangling_symlinks=True,
    )
    interpreter = Path(sys.executable)
    for file in {*links(interpreter), *libraries(binaries((venv, library, interpreter.resolve())))}:
        if not file.is_relative_to(venv):
            copy(file, root)
    write_rest(root)
    _compile(root, (library, venv))
    return 0


def named_by(output: str) -> Iterator[Path]:
    """The files that ldd names."""
    for line in output.splitlines():
        found = LIBRARY.search(line.strip())
        if found:
            yield Path(found[1])


def settle(root: Path, epoch: int) -> None:
    """Everything is root's to write and everybody's to read, and of one time: the same files, the same layer."""
    for place in (root, *root.rglob("*")):
        if place == root / "tmp":
            place.chmod(0o1777)
        elif not place.is_symlink():
            executable = place.is_dir() or place.stat().st_mode & 0o100
            place.chmod(0o755 if executable else 0o644)
        os.utime(place, (epoch, epoch), follow_symlinks=False)


def _leave_commands(folder: Path) -> None:
    for file in folder.iterdir():
        if file.name not in COMMANDS:
            file.unlink()


def links(link: Path) -> Iterator[Path]:
    """A file and what its links lead to, each by its own name."""
    yield link
    while link.is_symlink():
        link = link.parent / link.readlink()
        yield link


def binaries(places: Iterable[Path]) -> Iterator[Path]:
    """Programs and libraries among these files, and in these folders."""
    for place in places:
        files = place.rglob("*") if place.is_dir() else [place]
        for file in files:
            if file.is_file() and not file.is_symlink() and _begins(file) == ELF:
                yield file


def _begins(file: Path) -> bytes:
    with file.open("rb") as content:
        return content.read(len(ELF))


def libraries(binaries: Iterable[Path]) -> Iterator[Path]:
    """What the loader would load for them, each with the links that lead there."""
    found: set[Path] = set()
    for binary in binaries:
        done = subprocess.run([LDD, str(binary)], capture_output=True, text=True, check=False)
        found.update(named_by(done.stdout))
    beside = {file.parent for file in found}
    found |= {folder / name for folder in beside for name in LOADED_LATER if (folder / name).exists()}
    for file in found:
        yield from links(file)


def copy(file: Path, root: Path) -> None:
    """Under the same name below this root; a link stays one."""
    target = _under(root, file)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() and not target.is_symlink():
        shutil.copy2(file, target, follow_symlinks=False)


def write_rest(root: Path) -> None:
    """What programs expect of any system, and no package brings as it is needed."""
    if CERTIFICATES.exists():
        copy(CERTIFICATES, root)
    for name, text in WRITTEN.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    for folder in ("tmp", "veil"):  # where a tmpfs and what a process is given are mounted
        (root / folder).mkdir()


def _compile(root: Path, places: Iterable[Path]) -> None:
    folders = [str(_under(root, place)) for place in places]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    command = [sys.executable, *COMPILE, "-s", str(root), "-p", "/", *folders]
    subprocess.run(command, env=environment, check=False)  # templates of some packages are no Python


def _under(root: Path, place: Path) -> Path:
    return root / place.relative_to("/")


if __name__ == "__main__":
    sys.exit(main())
