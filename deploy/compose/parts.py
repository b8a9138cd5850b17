"""What each part of the cluster is told: a broker its settings, a node of Vault its configuration. Pure.

They are those of a local stack (`deploy.local`), with three of each, so with copies of everything.
"""

from __future__ import annotations

from deploy.compose.cluster import BROKERS, CLIENT, CONTROLLER, INTERNAL, NODES, OPERATOR, RAFT, VAULT
from deploy.compose.networks import OPERATORS, QUORUM, RAFT_NETWORK
from deploy.compose.services import DATA
from deploy.containers.outfit import INSIDE
from deploy.local import authority
from deploy.local.authority import BROKER, REGISTRY, REGISTRY_CLIENT, SERVER, Certificates, Wanted
from deploy.local.kafka import rules, security
from topology.topics import Environment

TLS = INSIDE / "tls"
SEAL_KEY = "seal.key"
LOOPBACK = "127.0.0.1"
REPLICA_LAG_MS = 10_000
"""How long a broker that no longer fetches counts as in sync, 30 s by default: so long nobody may know of a record
but the two others, and so long a restart must not take for a broker that is slow.
"""


NAMES = {
    "networkaddress.cache.ttl": "5",
    "networkaddress.cache.stale.ttl": "600",
    "networkaddress.cache.negative.ttl": "0",
}
"""Of Java: a container that is started again may have another address, and while it is down its name has none.
Then the one before is good enough (nobody answers there either), and one thread looks anew every five seconds;
without it all threads did, each for as long as the engine takes to know nothing, and brokers fell out of sync.
"""


def certificates(pages: dict[str, tuple[str, ...]]) -> dict[str, Wanted]:
    """Everything that is shown, by the name of its files: each part and page its own. `pages`: names of each.

    All brokers act as one: who has such a certificate is a broker (`deploy.local.kafka.security`).
    """
    wanted = {it: Wanted((SERVER, authority.CLIENT), (it, f"{it}-{QUORUM}"), BROKER) for it in BROKERS}
    wanted |= {it: Wanted((SERVER,), (it, f"{it}-{RAFT_NETWORK}")) for it in NODES}
    wanted |= {REGISTRY: Wanted((SERVER,), ("registry",)), REGISTRY_CLIENT: Wanted((authority.CLIENT,))}
    return wanted | {name: Wanted((SERVER,), names) for name, names in pages.items()}


def broker(name: str, operator_port: int) -> dict[str, str]:
    """Settings of one. `operator_port`: at which this machine reaches it.

    Each listener is on the network that it is for: brokers' own on that of the brokers, the operators' on theirs.
    """
    own, voters = f"{name}-{QUORUM}", enumerate(BROKERS, start=1)
    listeners = {
        "CLIENT": ("0.0.0.0", CLIENT),  # noqa: S104 - on the network of each environment; by password and rules
        "OPERATOR": (f"{name}-{OPERATORS}", OPERATOR),
        "INTERNAL": (own, INTERNAL),
        "CONTROLLER": (own, CONTROLLER),
    }
    advertised = {
        "CLIENT": (name, CLIENT),
        "OPERATOR": (LOOPBACK, operator_port),
        "INTERNAL": (own, INTERNAL),
    }
    return {
        "process.roles": "broker,controller",
        "node.id": str(BROKERS.index(name) + 1),
        "controller.quorum.voters": ",".join(f"{id_}@{it}-{QUORUM}:{CONTROLLER}" for id_, it in voters),
        "listeners": _listed(listeners),
        "advertised.listeners": _listed(advertised),
        "listener.security.protocol.map": "CLIENT:SASL_SSL,OPERATOR:SASL_SSL,INTERNAL:SSL,CONTROLLER:SSL",
        "inter.broker.listener.name": "INTERNAL",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(DATA / "log"),
        "replica.lag.time.max.ms": str(REPLICA_LAG_MS),
        **security(Certificates(TLS).bundle(name), Certificates(TLS).ca, ("client", "operator")),
        **rules(Environment.PRODUCTION),
    }


def _listed(listeners: dict[str, tuple[str, int]]) -> str:
    return ",".join(f"{name}://{host}:{port}" for name, (host, port) in listeners.items())


def node(name: str) -> str:
    """The configuration of one node of Vault.

    It reads nothing by itself while another leads (`vault.nodes`). Its audit device is declared here, since the
    API refuses one; all nodes name the same file, each its own.
    """
    joins = "".join(
        f"""
  retry_join {{
    leader_api_addr     = "https://{other}-{RAFT_NETWORK}:{VAULT}"
    leader_ca_cert_file = "{Certificates(TLS).ca}"
  }}"""
        for other in NODES
        if other != name
    )
    return f"""
api_addr              = "https://{name}:{VAULT}"
cluster_addr          = "https://{name}-{RAFT_NETWORK}:{RAFT}"
log_level             = "warn"
ui                    = false
disable_standby_reads = true

storage "raft" {{
  path                   = "{DATA / "raft"}"
  node_id                = "{name}"
  performance_multiplier = 1{joins}
}}

listener "tcp" {{
  address         = "0.0.0.0:{VAULT}"
  cluster_address = "{name}-{RAFT_NETWORK}:{RAFT}"
  tls_cert_file   = "{Certificates(TLS).certificate(name)}"
  tls_key_file    = "{Certificates(TLS).key(name)}"
  tls_min_version = "tls13"
}}

seal "static" {{
  current_key_id = "cluster-1"
  current_key    = "file://{INSIDE / SEAL_KEY}"
}}

audit "file" "main" {{
  options {{
    file_path = "{DATA / "audit.jsonl"}"
    mode      = "0600"
  }}
}}
"""
