"""The parts of stacks in containers (`VEIL_TEST_STACK=containers`): of the same files, with the same settings and
folder, on the machine's own network. What is a process elsewhere is a container's first process here.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from signal import SIGKILL, Signals

from docker.errors import DockerException, NotFound
from docker.models.containers import Container
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from deploy.containers.parts.inside import inside
from deploy.local.processes import downloaded
from deploy.local.runner import Programs
from deploy.progress import Report
from schemas.errors import StackError
from schemas.files import PRIVATE_FILE
from tests.support.containers import TREE, Engine

PREFIX = "veilstream-tested"
LABEL = "veilstream.owner"
KILLED = 128 + SIGKILL
"""What an engine reports of a process that SIGKILL has ended."""
ENGINE_ANSWERS_S = 120

testcontainers_config.ryuk_disabled = True  # its image is somebody's registry's; `Boxes` does what it is for


class Boxes:
    """Implements Runner, by containers that end with this process, however it ends. One for a process."""

    def __init__(self, engine: Engine) -> None:
        self._owner = secrets.token_hex(8)
        self._watch = _end_with_owner(engine.program, self._owner)

    def programs(self, parts: Collection[str], environ: Mapping[str, str], report: Report) -> Programs:
        """Builds the images, unless they are there already."""
        build()
        return inside(downloaded(parts, environ, report))

    def spawner(self, part: str, root: Path) -> _Spawner:
        return _Spawner(part, root, {LABEL: self._owner})

    def end(self) -> None:
        """Remove what is left, and wait until it is gone."""
        self._watch.communicate()


def _end_with_owner(program: str, owner: str) -> subprocess.Popen[bytes]:
    """What waits for this process's end, since no kernel ties a container to who has asked for it."""
    theirs = f"{program} ps -aq --filter label={LABEL}={owner}"
    return subprocess.Popen(
        ["/bin/sh", "-c", f"cat; {theirs} | xargs -r {program} rm -f"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


class _Spawner:
    """Implements Spawner."""

    def __init__(self, part: str, root: Path, labels: Mapping[str, str]) -> None:
        self._part, self._root, self._labels = part, root, labels

    def spawn(
        self, argv: Sequence[str], env: Mapping[str, str], log_file: Path, cwd: Path, handed: bytes = b""
    ) -> Box:
        assert handed == b"", "parts are handed nothing"
        try:
            made = self._made(argv, env, cwd).start()
        except DockerException as error:
            raise StackError(f"{self._part} could not be started in a container: {error}.") from None
        return Box(made, log_file)

    def _made(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> DockerContainer:
        made = DockerContainer(f"{PREFIX}-{self._part}", docker_client_kw={"timeout": ENGINE_ANSWERS_S})
        made.with_command(list(argv)).with_envs(**env).with_volume_mapping(self._root, str(self._root), "rw")
        return made.with_kwargs(
            network_mode="host",
            # What is in the root is its owner's alone; without capabilities not even root is anybody else.
            user=f"{os.getuid()}:{os.getgid()}",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            read_only=True,
            working_dir=str(cwd),
            labels=dict(self._labels),
        )


class Box:
    """Implements Running. What it prints is in its log before it counts as ended."""

    def __init__(self, made: DockerContainer, log_file: Path) -> None:
        self._made = made
        self._container: Container = made.get_wrapped_container()
        self._container.reload()
        self.pid: int = self._container.attrs["State"]["Pid"]
        self._code = 0
        self._ended = threading.Thread(target=self._follow, args=(log_file,), daemon=True)
        self._ended.start()

    def send_signal(self, sig: int, /) -> None:
        with suppress(DockerException):  # it has ended
            self._container.kill(Signals(sig).name)

    def kill(self) -> None:
        self.send_signal(SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        self._ended.join(timeout)
        if self._ended.is_alive():
            raise subprocess.TimeoutExpired(self._container.name, timeout or 0)
        return self._code

    def _follow(self, log_file: Path) -> None:
        with os.fdopen(os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE), "ab", 0) as log:
            for printed in self._container.logs(stream=True, follow=True):
                log.write(printed)
        code = self._container.wait()["StatusCode"]
        self._code = -SIGKILL if code == KILLED else code
        with suppress(NotFound):
            self._made.stop()


@cache
def build() -> None:
    """Raises StackError with what the build says."""
    done = run_build()
    if done.returncode != 0:
        raise StackError(f"The images of the parts could not be built:\n{done.stderr[-2000:]}")


def run_build(prefix: str = PREFIX, **environ: str) -> subprocess.CompletedProcess[str]:
    """Of what is installed here; one lane after the other."""
    with (Path(tempfile.gettempdir()) / f"{PREFIX}-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [str(TREE / "deploy" / "containers" / "parts" / "build"), prefix]
        environ = {**os.environ, "PYTHON": sys.executable, **environ}
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
