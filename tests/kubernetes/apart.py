"""A part of this machine where a node of Kubernetes may do as it likes, gone with whoever started it.

Everything runs below one process that is the first of a name space of processes, mounts and networks: when it
ends, the kernel ends all that is below it, containers included, and takes mounts, addresses and rules away. It
ends when its standard input does, so with the tests, however those end. Groups of resources (cgroups) are left to
us: they are removed at the end, and those of a run that was killed by the next one.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

OURS, THEIRS, WIRE = "10.215.0.1", "10.215.0.2", 30
"""This machine's and the node's end of the wire between them."""
CGROUPS, PREFIX = Path("/sys/fs/cgroup"), "veil-node-"
OF_MACHINES = {
    "vm.overcommit_memory": "1",
    "vm.panic_on_oom": "0",
    "kernel.panic": "10",
    "kernel.panic_on_oops": "1",
    "kernel.keys.root_maxkeys": "1000000",
    "kernel.keys.root_maxbytes": "25000000",
}
"""What a node sets for its whole machine. It finds files of its own there, and this machine stays as it is."""
LINK = ("ip", "link")
OF_NETWORKS = ("net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables")
"""What it needs in its own network alone."""


@dataclass
class Apart:
    """`folder`: of everything that is written there; `networks`: ranges of addresses that lie behind the wire;
    `environ`: of programs.
    """

    folder: Path
    networks: tuple[str, ...]
    environ: Mapping[str, str]
    _init: subprocess.Popen[bytes] | None = None
    _pid: int = 0
    _logs: list[IO[bytes]] = field(default_factory=list)
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def cgroup(self) -> str:
        """Below each hierarchy."""
        return f"{PREFIX}{os.getpid()}"

    def start(self) -> None:
        """Name spaces, a wire into them, groups of resources."""
        self._separate()
        self._connect()
        for name in OF_NETWORKS:
            self.inside("sh", "-c", f"echo 1 > /proc/sys/{name}")
        (self.folder / "sys").mkdir()
        for name, value in OF_MACHINES.items():
            own = self.folder / "sys" / name
            own.write_text(value)
            self.inside("mount", "--bind", str(own), f"/proc/sys/{name.replace('.', '/')}")
        _sweep()
        for hierarchy in hierarchies():
            _make(hierarchy, self.cgroup)

    def stop(self) -> None:
        """End everything; may be called again."""
        if self._init is not None:
            self._init.stdin.close()
            self._init.wait()
            self._init.stdout.close()
            self._disconnect()
        for process in self._running:
            process.wait()
        for log in self._logs:
            log.close()
        for hierarchy in hierarchies():
            _remove(hierarchy / self.cgroup)

    def inside(self, *command: str) -> None:
        """Run a command there, to its end."""
        _run(*self._entering(), *command)

    def begin(self, program: Path, *arguments: str, **environ: str) -> None:
        """Run a program there until the end; what it says is in the folder."""
        log = (self.folder / f"{program.name}.log").open("ab")
        self._logs.append(log)
        command = [*self._entering(), str(program), *arguments]
        own = {**os.environ, **self.environ, **environ}
        self._running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=own))

    def _entering(self) -> list[str]:
        return ["nsenter", f"--target={self._pid}", "--net", "--mount", "--pid", "--"]

    def _separate(self) -> None:
        """What is written below /var goes into the folder, below /run nowhere, and below /usr nothing is."""
        for name in ("var", "work"):
            (self.folder / name).mkdir()
        over = f"lowerdir=/var,upperdir={self.folder / 'var'},workdir={self.folder / 'work'}"
        script = (
            "mount --make-rshared / && mount --bind /usr /usr && mount -o remount,bind,ro /usr"
            f" && mount -t overlay -o {over} none /var && mount -t tmpfs none /run"
            " && ip link set lo up && echo there && cat"
        )
        apart = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
        command = ["unshare", *apart, "sh", "-c", script]
        self._init = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._init.stdout.readline() == b"there\n", "no name spaces of its own can be made here"
        children = Path(f"/proc/{self._init.pid}/task/{self._init.pid}/children").read_text()
        self._pid = int(children.split()[0])

    @property
    def _wire(self) -> str:
        return f"veil-{self._pid}"[:15]

    def _disconnect(self) -> None:
        """It goes with its name space, but later."""
        if Path("/sys/class/net", self._wire).exists():
            subprocess.run([*LINK, "delete", self._wire], capture_output=True, check=False)

    def _connect(self) -> None:
        """From there nothing but this machine is reached."""
        wire = self._wire
        _run("ip", "link", "add", wire, "type", "veth", "peer", "name", "wire", "netns", str(self._pid))
        _run("ip", "address", "add", f"{OURS}/{WIRE}", "dev", wire)
        _run("ip", "link", "set", wire, "up")
        self.inside("ip", "address", "add", f"{THEIRS}/{WIRE}", "dev", "wire")
        self.inside("ip", "link", "set", "wire", "up")
        self.inside("ip", "route", "add", "unreachable", "default")
        for network in self.networks:
            _run("ip", "route", "add", network, "via", THEIRS)


def obstacle() -> str:
    """Why none can be made here; empty where it can."""
    if os.geteuid() != 0:
        return "a node of Kubernetes takes root"
    if (CGROUPS / "cgroup.controllers").exists():
        return "a node was tried with groups of resources of version 1 alone"
    if not all(os.access(it, os.W_OK) for it in hierarchies()):
        return "groups of resources can't be made here"
    if not Path("/proc/sys/net/bridge").exists():
        return "this kernel has no policies for bridges (br_netfilter)"
    return ""


def hierarchies() -> Iterator[Path]:
    """Where groups of resources (version 1) are made: one place for each resource."""
    yield from (it for it in CGROUPS.iterdir() if (it / "cgroup.procs").exists() and not it.is_symlink())


def _make(hierarchy: Path, name: str) -> None:
    made = hierarchy / name
    made.mkdir()
    for setting in ("cpuset.cpus", "cpuset.mems"):  # version 1 takes nobody into a group that says nothing of it
        if (hierarchy / setting).exists():
            (made / setting).write_text((hierarchy / setting).read_text())


def _remove(cgroup: Path) -> None:
    """The kernel's files go with their folder, and folders from below."""
    if cgroup.exists():
        for below in [it for it in cgroup.iterdir() if it.is_dir()]:
            _remove(below)
        cgroup.rmdir()


def _sweep() -> None:
    """Of runs that were killed; who still runs has the number in the name."""
    for left in [it for hierarchy in hierarchies() for it in hierarchy.glob(f"{PREFIX}*")]:
        if not Path("/proc", left.name.removeprefix(PREFIX)).exists():
            _remove(left)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
