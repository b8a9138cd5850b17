"""What is seen of a cluster that runs: who answers whom, who gets in where, what can be written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psutil

from deploy.kubernetes.cluster import PAGE_PORT, Object
from deploy.kubernetes.routes import IDENTITY
from deploy.settings import IMAGE_HEALTH_PORT
from schemas.errors import AccessDenied
from tests.kubernetes.apart import OURS, THEIRS, hierarchies
from tests.kubernetes.installed import Installed
from tests.kubernetes.node import Node
from tests.kubernetes.parts import OPERATOR, namespace
from tests.kubernetes.told import API, KUBELET
from topology.identity import Identity
from vault.pods import enter

PYTHON = "/opt/veilstream/bin/python"
STRANGER, MONITORING, GATEWAY = "stranger", "monitoring", "gateway"
DECIDE = Identity("decide", "demo")
NODE, HOST = "the node", "this machine"
KNOCK = """
import asyncio, json, sys
async def knock(name, host, port):
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 2)
    except (OSError, TimeoutError):
        return None
    writer.close()
    return [name, port]
async def main(hosts, ports):
    found = await asyncio.gather(*(knock(name, host, port) for name, host in hosts for port in ports))
    print(json.dumps([it for it in found if it]))
asyncio.run(main(*json.loads(sys.argv[1])))
"""
WRITE = """
import os
found = []
places = {line.split()[4] for line in open('/proc/self/mountinfo')} | {'/', '/opt', '/etc', '/var', '/usr'}
for place in sorted(it for it in places if not it.startswith(('/proc', '/sys', '/dev/mqueue'))):
    target = os.path.join(place, 'written') if os.path.isdir(place) else place
    try:
        open(target, 'a').close()
        found.append(place)
    except OSError:
        pass
print(*found)
"""
MEASURE = """
import sys, urllib.request
print(b'veil_' in urllib.request.urlopen(sys.argv[1], timeout=5).read())
"""
Answers = set[tuple[str, int]]


class Look:
    """At one installation."""

    def __init__(self, installed: Installed, images: str) -> None:
        self._installed, self._images = installed, images
        self._kubectl = installed.node.kubectl

    def version(self) -> str:
        """Of the API server."""
        return json.loads(self._kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]

    def ours(self) -> list[Object]:
        """Pods of ours that go on."""
        return [it for it in self._installed.pods() if IDENTITY in labels(it) and "job-name" not in labels(it)]

    def uid(self, pod: str) -> str | None:
        """Of the one that is called so now."""
        return next((it["metadata"]["uid"] for it in self._installed.pods() if name(it) == pod), None)

    def end(self, pod: str, *how: str) -> None:
        """Without waiting for it. What it has said is kept."""
        place = next(it["metadata"]["namespace"] for it in self._installed.pods() if name(it) == pod)
        self._installed.keep_log(pod, place, "ended")
        self._kubectl("delete", "pod", pod, f"--namespace={place}", "--wait=false", *how)

    def strangers(self) -> None:
        """A pod with Prometheus's labels in a namespace that isn't its, and one in its own."""
        self._installed.apply(it for place in (STRANGER, MONITORING) for it in self._strange(place))

    def _strange(self, place: str) -> Iterator[Object]:
        container = {
            "name": "waits",
            "image": f"docker.io/library/{self._images}:latest",
            "imagePullPolicy": "Never",
            "command": [PYTHON, "-c", "import signal; signal.pause()"],
        }
        own = {"name": place, "namespace": place, "labels": dict(self._installed.cluster.prometheus.labels)}
        yield namespace(place)
        yield {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": DECIDE.name, "namespace": place},
        }
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": own, "spec": {"containers": [container]}}

    def knock(self) -> dict[str, Answers]:
        """By pod of ours, gateway and strangers, whom they reach, of all pods and the machine below them."""
        everybody = [it for it in self._installed.pods() if it["status"]["phase"] == "Running"]
        return {
            name(it): self._knock(it, everybody)
            for it in everybody
            if IDENTITY in labels(it) or name(it) in (STRANGER, MONITORING, GATEWAY)
        }

    def _knock(self, pod: Object, everybody: list[Object]) -> Answers:
        cluster = self._installed.cluster
        places = (cluster.kafka, cluster.vault, cluster.registry, cluster.names)
        ports = {*(it.port for it in places), OPERATOR, PAGE_PORT, IMAGE_HEALTH_PORT, API, KUBELET}
        hosts = [(name(it), it["status"]["podIP"]) for it in everybody if it != pod]
        hosts += [(NODE, THEIRS), (HOST, OURS)]
        return {
            (who, port) for who, port in json.loads(self._inside(pod, KNOCK, json.dumps([hosts, sorted(ports)])))
        }

    def written(self) -> dict[str, str]:
        """By pod, the folders that it can write into."""
        return {name(it): self._inside(it, WRITE).strip() for it in self.ours()}

    def prometheus_is_let_in(self) -> bool:
        """Of pods that have just begun the network learns a little later."""
        try:
            return all(self.measured().values())
        except AssertionError:
            return False

    def measured(self) -> dict[str, bool]:
        """By pod, whether Prometheus gets its metrics."""
        asking = next(it for it in self._installed.pods() if name(it) == MONITORING)
        urls = {name(it): f"http://{it['status']['podIP']}:{IMAGE_HEALTH_PORT}/metrics" for it in self.ours()}
        return {pod: self._inside(asking, MEASURE, url).strip() == "True" for pod, url in urls.items()}

    def _inside(self, pod: Object, program: str, *arguments: str) -> str:
        where = f"--namespace={pod['metadata']['namespace']}"
        return self._kubectl("exec", name(pod), where, "--", PYTHON, "-I", "-c", program, *arguments)

    def token(self, account: str, place: str, audience: str = "", pod: str = "") -> str:
        """One that the API server makes; where a pod is named, good for as long as that one is there."""
        bound = ("--bound-object-kind=Pod", f"--bound-object-name={pod}") if pod else ()
        for_whom = audience or self._installed.cluster.audience
        made = self._kubectl("create", "token", account, f"--namespace={place}", f"--audience={for_whom}", *bound)
        return made.strip()

    def gets_in(self, token: str, folder: Path) -> bool:
        """Whether Vault takes it for decide's."""
        vault, file = self._installed.endpoints.vault, folder / "token"
        file.write_text(token)
        try:
            enter(vault.url, vault.ca_file, DECIDE.name, file, lambda: None).close()
        except AccessDenied:
            return False
        finally:
            file.unlink()
        return True

    def privileged(self, place: str) -> str:
        """What is said to a pod that wants its machine."""
        container = {"name": "x", "image": "x", "securityContext": {"privileged": True}}
        pod = {
            "metadata": {"name": "x", "namespace": place},
            "spec": {"hostNetwork": True, "containers": [container]},
        }
        return self._installed.node.refused({"apiVersion": "v1", "kind": "Pod", **pod})


def name(pod: Object) -> str:
    return pod["metadata"]["name"]


def labels(pod: Object) -> dict[str, str]:
    return pod["metadata"].get("labels", {})


def remains(node: Node) -> Iterator[str]:
    """What is left of one that has ended."""
    yield from (str(it) for it in (top / node.apart.cgroup for top in hierarchies()) if it.exists())
    yield from (line for line in Path("/proc/mounts").read_text().splitlines() if str(node.folder) in line)
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(node.folder).encode() in process.read_bytes():
                yield str(process)
        except OSError:
            continue
    yield from (it for it, of in psutil.net_if_addrs().items() if any(one.address == OURS for one in of))
