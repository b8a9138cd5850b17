"""The images of the parts on a real engine, and containers of theirs as a stack of tests starts them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.boxes import PREFIX, Boxes, run_build
from tests.support.containers import HARDENED, TREE, Engine
from tests.support.waiting import wait_for

pytestmark = pytest.mark.container

SHELL = ("/bin/sh", "-c")
ALONE = ("--rm", "--network", "none", *HARDENED)
BLOCKED = "read line < blocked"
"""Until somebody writes there: nobody does."""
OWNER = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(TREE)!r})
from tests.support.boxes import Boxes
from tests.support.containers import Engine
root = Path(sys.argv[1])
box = Boxes(Engine.named()).spawner("vault", root).spawn({[*SHELL, BLOCKED]!r}, {{}}, root / "log", root)
print(box.pid, flush=True)
box.wait()
"""


@pytest.fixture
def boxes(engine: Engine, images: dict[str, str]) -> Iterator[Boxes]:
    made = Boxes(engine)
    yield made
    made.end()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "blocked")
    return tmp_path


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("part", "command", "says"),
    [
        ("vault", ("/opt/openbao/bao", "version"), "OpenBao v"),
        ("kafka", ("/opt/java/bin/java", "-cp", "/opt/kafka/*", "kafka.Kafka", "--version"), "4."),
        ("registry", ("/opt/java/bin/java", "--version"), "openjdk"),
    ],
)
def test_a_part_says_its_version_as_nobody_without_a_network(engine, images, part, command, says):
    assert says in engine.call("run", *ALONE, images[part], *command).stdout


@pytest.mark.parametrize("part", ["kafka", "vault", "registry"])
def test_it_has_no_command_but_a_shell_and_nothing_set_user_id(engine, images, part, tmp_path):
    name = engine.call("create", images[part], "/none").stdout.strip()
    listed = tmp_path / "root.tar"
    try:
        engine.call("export", "--output", str(listed), name)
    finally:
        engine.call("rm", name)
    with tarfile.open(listed) as content:
        files = [it for it in content if it.isfile() or it.issym()]
    assert not [it.name for it in files if it.isfile() and it.mode & (stat.S_ISUID | stat.S_ISGID)]
    commands = [Path(it.name) for it in files if Path(it.name).parent.name in ("bin", "sbin")]
    assert {it.name for it in commands if it.parts[0] != "opt"} == {"sh", "dash"}


def test_built_again_they_are_the_same_byte_for_byte(engine, images):
    again = f"{PREFIX}-again"
    assert run_build(again, NO_CACHE="1").returncode == 0
    for part, image in images.items():
        layers = engine.inspect(f"{again}-{part}")["RootFS"]
        engine.call("rmi", f"{again}-{part}")
        assert layers == engine.inspect(image)["RootFS"]


def test_what_it_prints_and_its_exit_code_are_there_when_it_has_ended(boxes, root):
    box = boxes.spawner("vault", root).spawn((*SHELL, "echo said; : > made; exit 7"), {}, root / "log", root)
    assert box.wait() == 7
    assert (root / "log").read_text() == "said\n"
    assert {(root / name).stat().st_mode & 0o777 for name in ("log", "made")} == {0o600}
    box.send_signal(signal.SIGHUP)  # nobody is there to hear it


def test_it_is_a_process_of_this_machine_that_a_kill_ends(boxes, root):
    box = boxes.spawner("vault", root).spawn((*SHELL, BLOCKED), {}, root / "log", root)
    assert runs(box.pid)
    with pytest.raises(subprocess.TimeoutExpired):
        box.wait(0)
    box.kill()
    assert box.wait() == -signal.SIGKILL
    assert not runs(box.pid)


def test_it_ends_when_its_owner_is_killed(engine, images, root):
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(root)], stdout=subprocess.PIPE, cwd=TREE)
    with owner:
        pid = int(owner.stdout.readline())
        assert runs(pid)
        owner.kill()
    wait_for(lambda: not runs(pid), "the container has ended")
