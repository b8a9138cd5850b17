"""The services: one container each, with no right on its machine, its own files, and the networks that it needs.

Pure. What they have in common is that of a pod (`deploy.kubernetes.pods`): nobody's user, a root file system that
nobody writes, memory for temporary files, no capability, and no way to gain one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.compose.cluster import (
    BROKERS,
    CENSUS,
    CLIENT,
    DOOR,
    GRAFANA,
    GRAFANA_PORT,
    NODES,
    PROMETHEUS,
    PROMETHEUS_PORT,
    REGISTRY,
    SCHEMAS,
    STARTER,
    VAULT,
    Process,
    files_of,
    gateway,
    is_page,
    page_port,
    pages,
    port_of,
    processes,
)
from deploy.compose.engine import LEAVES_WITHIN_S
from deploy.compose.networks import COUNTS, DASHBOARDS, ENTRANCE, OUTSIDE, PARTS, Network
from deploy.containers.collect import USER
from deploy.containers.outfit import INSIDE
from deploy.containers.parts.inside import JAVA, KAFKA, OPENBAO
from deploy.containers.parts.inside import REGISTRY as REGISTRY_FOLDER
from deploy.handing.asking import SOCKET
from deploy.kubernetes.placing import Placed
from deploy.local import registry
from deploy.local.authority import Certificates
from deploy.local.kafka import FORMAT_HEAP_MIB, HEAP_MIB
from deploy.settings import HEALTH_HOST_VARIABLE, LOGIN_VARIABLE
from topology.loading import Topology

Service = dict[str, Any]
ROOT, IMAGES, AS = (
    "${CLUSTER_ROOT:?is written by up}",
    "${CLUSTER_IMAGES:-veilstream}",
    "${CLUSTER_USER:-65532:65532}",
)
GRAFANA_IMAGE = "${GRAFANA_IMAGE:-docker.io/grafana/grafana:12.2.1}"
ROOT_LABEL = "veilstream.root"
"""The folder that a container is of: of another one it is another cluster's, whatever it is called."""
PYTHON = ("/opt/veilstream/bin/python", "-I", "-u")
WRITER = "CLUSTER_REGISTRY_WRITER"
"""The variable that holds the public key of who registers schemas."""
DATA, LOGIN, LOGINS = Path("/data"), Path("/login"), Path("/logins")
SCRATCH = DATA / "scratch"
"""Of a part written in Java, which unpacks libraries there that it runs: nothing is run out of /tmp."""
FORMATTED, ARGUMENTS = DATA / "formatted", INSIDE / "format.arguments"
NO_NAMES = ["127.0.0.1"]
"""Whom the engine asks for names that are none of the networks': the container itself, where nobody answers. Else
it would ask the machine's name servers, which is a way out; and where those are slow, a broker that looks for one
that was killed stands still: two brokers elected no controller for over a minute.
"""
ASKED = ["timeout:1", "attempts:1"]
"""How long a name is asked for in seconds, and how often. An engine before version 25 has no answer at all where
there is none; as containers are set up, that took ten seconds.
"""
NO_PROXY = {"NO_PROXY": "*"}
"""An engine tells containers of the proxies that its configuration names. Nobody here has a way to one, and a node
of Vault that heeds them never finds the others.
"""
LOGS = {"driver": "json-file", "options": {"max-size": "10m", "max-file": "5"}}
MEMORY = {"redact": "3g"}
TEMPORARY = {"redact": "512m"}
"""Redact compiles its detectors into /tmp; nobody else writes more than a few files there."""


def services(topology: Topology, networks: Mapping[str, Network]) -> dict[str, Service]:
    """All of them, by name."""
    made: dict[str, Service] = {it: _broker(it) for it in BROKERS}
    made |= {it: _node(it) for it in NODES}
    made |= {REGISTRY: _registry(), STARTER: _starter(topology), CENSUS: _census()}
    made |= {it.service: _process(it) for it in processes(topology)}
    made |= {gateway(who): _gateway(who, topology) for who in pages(topology)}
    made |= {DOOR: _door(), PROMETHEUS: _prometheus(), GRAFANA: _grafana()}
    return {
        name: service
        | {"environment": NO_PROXY | service.get("environment", {})}
        | {"labels": _labels(name), "networks": _networks(name, networks)}
        for name, service in made.items()
    }


def _labels(service: str) -> dict[str, str]:
    """Whose it is, and which files it was started with: with other ones Compose starts it anew."""
    return {ROOT_LABEL: ROOT, "veilstream.files": f"${{{files_of(service)}:-}}"}


def _networks(service: str, networks: Mapping[str, Network]) -> dict[str, Any]:
    on = {name: it.members[service] for name, it in networks.items() if service in it.members}
    return {name: {"aliases": [alias]} if alias else {} for name, alias in on.items()}


def _service(image: str, memory: str = "512m", temporary: str = "64m") -> Service:
    """How it is, is asked as its image says, but less often: each time costs a tenth of a second of CPU, and there
    are thirty of them on one machine.
    """
    return {
        "image": image,
        "user": AS,
        "read_only": True,
        "tmpfs": [f"/tmp:size={temporary},mode=1777"],  # noqa: S108 - the container's own, in memory
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "mem_limit": memory,
        "memswap_limit": memory,
        "ulimits": {"core": 0},
        "pids_limit": 512,
        "dns": NO_NAMES,
        "dns_opt": ASKED,
        "restart": "unless-stopped",
        "stop_grace_period": f"{LEAVES_WITHIN_S}s",
        "logging": LOGS,
        "healthcheck": {"interval": "15s", "timeout": "10s", "start_period": "120s", "retries": 3},
    }


def _given(name: str, *, data: bool = False) -> list[str]:
    """Its own files, which it only reads; and where it keeps something, its own folder."""
    mounts = [f"{ROOT}/given/{name}:{INSIDE}:ro"]
    return [*mounts, f"{ROOT}/data/{name}:{DATA}"] if data else mounts


def _listens(port: int) -> Service:
    """Whether it listens, which it does when it serves. There is a shell in these images, and no client."""
    look = (
        "for f in /proc/net/tcp /proc/net/tcp6; do while read -r _ a _ s _; do"
        f' case "$$a $$s" in *":{port:04X} 0A") exit 0;; esac; done < $$f; done; exit 1'
    )
    return _check(["CMD", "/bin/sh", "-c", look])


def _check(test: list[str]) -> Service:
    return {"test": test, "interval": "10s", "timeout": "5s", "start_period": "60s", "retries": 3}


def _java(heap_mib: int, *arguments: str) -> tuple[str, ...]:
    """As a local stack's (`deploy.local.part.java`)."""
    return (
        str(JAVA / "bin" / "java"),
        f"-Xmx{heap_mib}m",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        f"-Djava.io.tmpdir={SCRATCH}",
        *arguments,
    )


def _broker(name: str) -> Service:
    """Its storage is formatted before its first start, by what `up` has left for that and takes away again."""
    logs = f"-Dlog4j2.configurationFile={INSIDE / 'log4j2.properties'}"
    names = f"-Djava.security.properties={INSIDE / 'java.security'}"
    path = (logs, names, "-cp", f"'{KAFKA}/*'")
    quick = "-XX:TieredStopAtLevel=1"  # it runs for a second, too short for the optimising compiler
    tool = " ".join(_java(FORMAT_HEAP_MIB, quick, *path, "kafka.tools.StorageTool", f"@{ARGUMENTS}"))
    server = " ".join(_java(HEAP_MIB, *path, "kafka.Kafka", str(INSIDE / "server.properties")))
    # Its output is all that it writes, what is kept of the administrator's password among it; errors go elsewhere.
    script = f"[ -e {FORMATTED} ] || {{ {tool} > /dev/null && : > {FORMATTED}; }} && exec {server}"
    return _service(f"{IMAGES}-kafka", "1g") | {
        "command": ["/bin/sh", "-c", script],
        "working_dir": str(DATA),
        "volumes": _given(name, data=True),
        "healthcheck": _listens(CLIENT),
    }


def _node(name: str) -> Service:
    bao = str(OPENBAO / "bao")
    return _service(f"{IMAGES}-vault") | {
        "command": [bao, "server", f"-config={INSIDE / 'openbao.hcl'}"],
        "environment": {"BAO_ADDR": f"https://127.0.0.1:{VAULT}", "BAO_CACERT": str(INSIDE / "tls" / "ca.pem")},
        "volumes": _given(name, data=True),
        "healthcheck": _check(["CMD", bao, "status"]),
    }


def _registry() -> Service:
    places = f"{REGISTRY_FOLDER / registry.CERTIFICATES}:{REGISTRY_FOLDER / registry.runner()}"
    writer = f"${{{WRITER}:?is written by up}}"
    settings = registry.settings("0.0.0.0", SCHEMAS, Certificates(INSIDE / "tls"), DATA, writer)  # noqa: S104 - TLS
    return _service(f"{IMAGES}-registry") | {
        "command": list(_java(registry.HEAP_MIB, *registry.java_flags(places, settings))),
        "working_dir": str(DATA),
        "volumes": _given(REGISTRY, data=True),
        "healthcheck": _listens(SCHEMAS),
    }


def _process(it: Process) -> Service:
    role = it.who.identity.role
    port = ["--port", _port(page_port(it.who))] if is_page(it.who) else []
    made = _service(IMAGES, MEMORY.get(role, "1g"), TEMPORARY.get(role, "64m"))
    made |= {"command": [role, it.who.identity.place, "--slot", str(it.number), *port]}
    made |= {"environment": _counted(it.service), "volumes": _given(it.slot)}
    if it.who.in_vault:
        made["environment"] |= {LOGIN_VARIABLE: str(LOGIN / SOCKET)}
        made["volumes"].append(f"{ROOT}/logins/{it.slot}:{LOGIN}:ro")
    return made


def _counted(service: str) -> dict[str, str]:
    return {HEALTH_HOST_VARIABLE: f"{service}-{COUNTS}"}


def _starter(topology: Topology) -> Service:
    """It sees the sockets of all, and they each their own."""
    return _python("deploy.handing.serving", "--root", str(INSIDE), "--sockets", str(LOGINS)) | {
        "environment": _counted(STARTER),
        "volumes": [
            *_given(STARTER),
            *(f"{ROOT}/logins/{it.slot}:{LOGINS / it.slot}" for it in handed(topology)),
        ],
    }


def handed(topology: Topology) -> Iterator[Process]:
    """The processes that log in to Vault."""
    yield from (it for it in processes(topology) if it.who.in_vault)


def _census() -> Service:
    return _python("deploy.compose.census", "--root", str(INSIDE)) | {
        "environment": _counted(CENSUS),
        "volumes": _given(CENSUS),
    }


def _gateway(who: Placed, topology: Topology) -> Service:
    """Passes connections on as they are: TLS ends at the page."""
    port = _port(page_port(who))
    behind = [f"{it.service}-page:{port}" for it in processes(topology) if it.who == who]
    return _passing_on({port: behind}, f"{gateway(who)}-{ENTRANCE}")


def _door() -> Service:
    """To each part, for whoever runs it: TLS ends at the part, too."""
    return _passing_on({_port(port_of(it)): [f"{name}:{port}"] for it, name, port in PARTS}, f"{DOOR}-{OUTSIDE}")


def _passing_on(doors: Mapping[str, list[str]], listening: str) -> Service:
    """By port of this machine, who is behind it."""
    arguments = [f"{listening}:{port}={','.join(behind)}" for port, behind in doors.items()]
    return _python("deploy.compose.gateway", *arguments) | {
        "ports": [f"127.0.0.1:{port}:{port}" for port in doors],
    }


def _port(variable: str) -> str:
    return f"${{{variable}:?is written by up}}"


def _python(module: str, *arguments: str) -> Service:
    return _service(IMAGES) | {"entrypoint": [*PYTHON, "-m", module], "command": list(arguments)}


def _prometheus() -> Service:
    return _service(f"{IMAGES}-prometheus") | {
        "command": [
            "/usr/bin/prometheus",
            f"--config.file={INSIDE / 'prometheus.yml'}",
            f"--storage.tsdb.path={DATA}",
            "--storage.tsdb.retention.time=15d",
            f"--web.listen-address={PROMETHEUS}-{DASHBOARDS}:{PROMETHEUS_PORT}",
        ],
        "volumes": _given(PROMETHEUS, data=True),
        "healthcheck": _listens(PROMETHEUS_PORT),
    }


def _grafana() -> Service:
    """Somebody else's image, so it starts only where it is asked for: `--profile grafana`."""
    return _service(GRAFANA_IMAGE) | {
        "healthcheck": _check(["CMD", "curl", "-fsS", f"http://127.0.0.1:{GRAFANA_PORT}/api/health"]),
        "profiles": [GRAFANA],
        "environment": {
            "GF_PATHS_DATA": "/tmp",  # noqa: S108 - the container's own, in memory: dashboards are files
            "GF_PATHS_PROVISIONING": str(INSIDE / "provisioning"),
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
            "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
            "GF_SECURITY_ADMIN_PASSWORD__FILE": str(INSIDE / "password"),
        },
        "volumes": _given(GRAFANA),
    }


def folders(topology: Topology) -> Iterable[str]:
    """The folders below the root that containers write into."""
    yield from (f"data/{it}" for it in (*BROKERS, *NODES, REGISTRY, PROMETHEUS))
    yield from (f"data/{it}/{SCRATCH.name}" for it in (*BROKERS, REGISTRY))
    yield from (f"data/{it}/logs" for it in BROKERS)
    yield from (f"data/{it}/raft" for it in NODES)
    yield from (f"logins/{it.slot}" for it in handed(topology))


def ports(topology: Topology) -> Iterator[str]:
    """The variables that hold ports of this machine."""
    yield from (port_of(it) for it in (*BROKERS, *NODES, REGISTRY, PROMETHEUS, GRAFANA))
    yield from (page_port(who) for who in pages(topology))


NOBODY = f"{USER}:{USER}"
"""Whom containers run as where root has prepared their files."""
