"""The compose file: it is the one of the flow, and gives no container more than its own."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml
from typer.testing import CliRunner

from deploy.cli.app import app
from deploy.compose.cluster import GRAFANA, STARTER, files_of, processes
from deploy.compose.making import FILE, document, text
from deploy.compose.services import WRITER, folders, ports
from topology.loading import load_topology


@pytest.fixture(scope="module")
def services(topology):
    return document(topology)["services"]


def test_the_file_is_the_one_of_the_packaged_projects():
    assert FILE.read_text(encoding="utf-8") == text(load_topology()), "python -m deploy.compose.making"


def test_the_command_writes_the_same(tmp_path):
    done = CliRunner().invoke(
        app, ["topology", "compose", "--to", str(tmp_path / "c.yaml"), "--root", str(tmp_path)]
    )
    assert done.exit_code == 0
    assert (tmp_path / "c.yaml").read_text(encoding="utf-8") == FILE.read_text(encoding="utf-8")


def test_every_process_is_a_service_of_its_own_and_redact_and_label_are_two(topology, services):
    assert {it.service for it in processes(topology)} <= set(services)
    for role in ("redact", "label"):
        assert {f"{role}-letters-0", f"{role}-letters-1"} <= set(services)


def test_no_container_has_a_right_on_its_machine(services):
    for name, it in services.items():
        assert it["cap_drop"] == ["ALL"], name
        assert it["security_opt"] == ["no-new-privileges:true"]
        assert it["read_only"] is True
        assert it["user"].startswith("${CLUSTER_USER")
        assert it["mem_limit"] == it["memswap_limit"]
        assert it["ulimits"] == {"core": 0}
        assert it["pids_limit"]
        assert it["dns"] == ["127.0.0.1"]
        assert not set(it) & {"privileged", "cap_add", "network_mode", "pid", "devices", "ipc"}
        assert all("/var/run" not in mount for mount in it.get("volumes", ()))


def test_no_container_goes_by_a_proxy_that_the_engine_tells_it_of(services):
    """Compose hands on those of `~/.docker/config.json`; OpenBao then looks for its other nodes behind one."""
    assert {it["environment"]["NO_PROXY"] for it in services.values()} == {"*"}


def test_what_a_broker_s_storage_is_formatted_with_is_not_said_and_what_went_wrong_is(services, tmp_path):
    (java := tmp_path / "java").write_text(
        """#!/bin/sh
case "$*" in *StorageTool*) echo storedKey; echo trouble >&2; exit $(cat "${0%/*}/code");; *) echo serves;; esac
"""
    )
    java.chmod(0o755)
    script = services["kafka-1"]["command"][2].replace("/opt/java/bin/java", str(java))
    command = ["/bin/sh", "-c", script.replace("/data/formatted", str(tmp_path / "formatted"))]
    for code, said in ((1, ""), (0, "serves\n")):
        (tmp_path / "code").write_text(str(code))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == (said, "trouble\n")
        assert (tmp_path / "formatted").exists() is (code == 0)


def test_it_reads_its_own_files_and_writes_its_own_folder(services):
    for name, it in services.items():
        for mount in it.get("volumes", ()):
            source, target, *mode = mount.split("}", 1)[1].split(":")
            owner = source.rpartition("/")[2]
            if target == "/veil":
                assert mode == ["ro"]
            if name != STARTER:
                assert owner.replace(".", "-") == name, (name, mount)
            else:
                assert source == f"/given/{STARTER}" or source.startswith("/logins/")


def test_what_is_published_is_published_on_loopback(services):
    published = [port for it in services.values() for port in it.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_variable_is_one_that_is_written(topology, services):
    named = set(re.findall(r"\$\{(CLUSTER_\w+)", yaml.safe_dump(services)))
    files = {files_of(it) for it in services}
    assert named == {"CLUSTER_ROOT", "CLUSTER_IMAGES", "CLUSTER_USER", WRITER, *files, *ports(topology)}


def test_every_folder_that_is_written_into_is_made(topology, services):
    mounts = {
        mount.split("}", 1)[1].split(":")[0].lstrip("/")
        for it in services.values()
        for mount in it.get("volumes", ())
    }
    written = {it for it in mounts if not it.startswith("given/")}
    assert written <= set(folders(topology))


def test_somebody_else_s_image_starts_where_it_is_asked_for_alone(services):
    assert services[GRAFANA]["profiles"] == [GRAFANA]
    assert [name for name, it in services.items() if it.get("profiles")] == [GRAFANA]


def test_networks_reach_nothing_beyond_themselves_but_those_of_one_gateway(topology, services):
    made = document(topology)["networks"]
    for name, network in made.items():
        assert network["enable_ipv6"] is False
        if network.get("internal"):
            assert network["driver_opts"] == {"com.docker.network.bridge.inhibit_ipv4": "true"}
        else:
            assert network["driver_opts"] == {"com.docker.network.bridge.enable_ip_masquerade": "false"}
            (member,) = [it for it, service in services.items() if name in service["networks"]]
            assert services[member]["entrypoint"][-1] == "deploy.compose.gateway"


def test_what_has_a_port_of_this_machine_is_a_gateway(services):
    assert {it["entrypoint"][-1] for it in services.values() if it.get("ports")} == {"deploy.compose.gateway"}
