"""The programs of a Kubernetes: built of pinned checksums at first use and kept in the cache; some are Debian's.

The first time takes a quarter of an hour of two cores; who has no Go, is not root or no Debian is told so.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.layout import cache_folder
from tests.kubernetes.apart import obstacle

BUILD = Path(__file__).with_name("build")
VERSION = "1.36.3"
_STAMP = "k8s.io/component-base/version"
FLAGS = f"-s -w -X {_STAMP}.gitVersion=v{VERSION} -X {_STAMP}.gitMajor=1 -X {_STAMP}.gitMinor=36"
TAGS = "no_btrfs,no_devmapper,no_zfs,no_aufs"
"""Of containerd: kinds of storage that nobody here has."""
RENAMED = {"server": "etcd"}
"""Of what the module is called by which it is known."""
PACKAGES = ("runc", "ipset")
"""Of Debian, where they are not installed; the machine has all others of `NEEDED`, or is passed over."""
NEEDED = ("runc", "ipset", "iptables", "nft", "ip", "nsenter", "unshare", "mount")


@dataclass(frozen=True)
class Programs:
    """`own`: the folder of those that are built; `path` and `libraries`: where others are, and what they load."""

    own: Path
    path: str
    libraries: str


def programs() -> Programs:
    """All of them. Skips where they can't be had; fails where they can't be built."""
    if why := obstacle():
        pytest.skip(why)
    go = shutil.which("go") or pytest.skip("Kubernetes is built of its sources, and there is no Go")
    files = sorted(it for it in BUILD.rglob("*") if it.is_file())
    said = repr((FLAGS, TAGS, PACKAGES)).encode()
    digest = hashlib.sha256(b"".join(it.read_bytes() for it in files) + said).hexdigest()[:16]
    folder = cache_folder(os.environ) / "kubernetes" / digest
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "debian-ready").exists():
            _unpack(folder / "debian")
        found = _found(folder)
        (folder / "debian-ready").touch()
        if not (folder / "ready").exists():
            _build(go, folder / "bin")
            (folder / "ready").touch()
    return found


def _found(folder: Path) -> Programs:
    root = folder / "debian" / "root"
    libraries = ":".join(str(it) for it in root.glob("usr/lib/*-linux-gnu"))
    path = f"{folder / 'bin'}:{root}/usr/sbin:{root}/usr/bin:{os.environ['PATH']}:/usr/sbin:/sbin"
    missing = [name for name in NEEDED if shutil.which(name, path=path) is None]
    if missing:
        pytest.skip(f"a node of Kubernetes takes {', '.join(missing)}")
    return Programs(folder / "bin", path, libraries)


def _build(go: str, to: Path) -> None:
    to.mkdir(exist_ok=True)
    told = {"CGO_ENABLED": "0", "GOBIN": str(to), "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false"}
    environ = {**os.environ, **told}
    for module in sorted(it.parent for it in BUILD.rglob("go.mod")):
        what = ["./..."] if any(module.rglob("*.go")) else ["tool"]
        command = [go, "install", "-ldflags", FLAGS, "-tags", TAGS, *what]
        done = subprocess.run(command, cwd=module, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{module.name}: {done.stderr[-2000:]}"
    for name, known in RENAMED.items():
        (to / name).rename(to / known)


def _unpack(folder: Path) -> None:
    """Debian's packages, not installed; those that are there already are not fetched."""
    apt, unpack = shutil.which("apt-get"), shutil.which("dpkg-deb")
    if apt is None or unpack is None:
        return
    (folder / "packages" / "partial").mkdir(parents=True, exist_ok=True)
    archives = f"Dir::Cache::archives={folder / 'packages'}"
    options = ["-o", archives, "-o", "APT::Keep-Downloaded-Packages=true", "-o", "APT::Sandbox::User=root"]
    subprocess.run([apt, "update", "-qq"], capture_output=True, check=False)
    command = [
        "apt-get",
        "install",
        "-qq",
        "-y",
        "--no-install-recommends",
        "--download-only",
        *options,
        *PACKAGES,
    ]
    subprocess.run(command, capture_output=True, check=False)
    for package in (folder / "packages").glob("*.deb"):
        subprocess.run([unpack, "-x", str(package), str(folder / "root")], check=True)
