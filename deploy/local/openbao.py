"""The local vault: OpenBao on raft storage, unsealing itself, with an audit file declared in its configuration."""

from __future__ import annotations

import os
import secrets
import ssl

import httpx

from deploy.local.authority import VAULT, Certificates
from deploy.local.endpoints import VaultEndpoint
from deploy.local.layout import Layout
from deploy.local.part import Command, plain_environment
from deploy.local.ports import Ports
from deploy.local.runner import Programs
from schemas.errors import StackError
from schemas.files import write_atomically

SEAL_KEY_BYTES = 32
SEAL_KEY, RECOVERY_KEY = "vault-seal-key", "vault-recovery-key"
AUDIT_LOG = "vault-audit.jsonl"
PROBE_TIMEOUT_S = 1.0
INIT_TIMEOUT_S = 30.0  # 1.8 s measured; it starts raft and seals its keys
UNINITIALISED = 501  # what sys/health answers


class OpenBao:
    """Implements Part."""

    name = "vault"
    ready_within_s = 120.0

    def __init__(self, layout: Layout, programs: Programs, ports: Ports, certificates: Certificates) -> None:
        self._layout = layout
        self._programs = programs
        self._ports = ports
        self._certificates = certificates
        self._folder = layout.data("vault")
        self._config = self._folder / "openbao.hcl"
        self._seal_key = layout.secrets / SEAL_KEY
        self._tls: ssl.SSLContext | None = None

    @property
    def endpoint(self) -> VaultEndpoint:
        return VaultEndpoint(
            url=f"https://127.0.0.1:{self._ports.vault}",
            ca_file=self._certificates.ca,
            token_file=self._layout.secrets / "vault-root-token",
            audit_log=self._layout.logs / AUDIT_LOG,
        )

    def command(self) -> Command:
        argv = (str(self._programs.openbao), "server", f"-config={self._config}")
        environment = {**plain_environment(), "HOME": str(self._folder), "TMPDIR": str(self._layout.scratch)}
        return Command(argv, environment, self._folder)

    def prepare(self) -> None:
        (self._folder / "raft").mkdir(mode=0o700, exist_ok=True)
        if not self._seal_key.exists():
            if (self._folder / "raft" / "vault.db").exists():
                raise StackError(
                    f"{self._seal_key} is missing, and what Vault holds here opens by nothing else; put it back."
                )
            write_atomically(self._seal_key, secrets.token_bytes(SEAL_KEY_BYTES))
        write_atomically(self._config, self._configuration())

    def ready(self) -> bool:
        """True when unsealed and active; the first time, initialises it."""
        try:
            status = self._ask("GET", "sys/health", PROBE_TIMEOUT_S).status_code
            if status == UNINITIALISED:
                self._initialise()
        except httpx.HTTPError:
            return False
        if status == httpx.codes.OK and not self.endpoint.token_file.exists():
            raise StackError(
                f"The vault holds data but its token file {self.endpoint.token_file} is gone; "
                f"put it back, or remove {self._layout.root} to start anew."
            )
        return status == httpx.codes.OK

    def _initialise(self) -> None:
        """Keep the first token, with which provisioning creates every other identity, and the recovery key."""
        answer = self._ask("PUT", "sys/init", INIT_TIMEOUT_S, {"recovery_shares": 1, "recovery_threshold": 1})
        if answer.status_code != httpx.codes.OK:
            raise StackError(f"The vault refused to be initialised; see {self._layout.log(self.name)}.")
        made = answer.json()
        write_atomically(self._layout.secrets / RECOVERY_KEY, made["recovery_keys_base64"][0])
        write_atomically(self.endpoint.token_file, made["root_token"])

    def _ask(self, method: str, path: str, timeout_s: float, body: object = None) -> httpx.Response:
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=str(self._certificates.ca))
        with httpx.Client(verify=self._tls, timeout=timeout_s, trust_env=False) as client:
            return client.request(method, f"{self.endpoint.url}/v1/{path}", json=body)

    def _configuration(self) -> str:
        """HCL of the server.

        Audit devices can only be declared here, the API refuses them; performance_multiplier 1 makes the single
        node its own leader in 1 s instead of 5. The audit file is named from the vault's own folder, where it is
        started: a vault keeps the name for ever, and what is restored into another root must find the same one.
        """
        ports, certificates = self._ports, self._certificates
        audit_log = os.path.relpath(self._layout.logs / AUDIT_LOG, self._folder)
        return f"""
api_addr     = "https://127.0.0.1:{ports.vault}"
cluster_addr = "https://127.0.0.1:{ports.vault_cluster}"
log_level    = "warn"
ui           = false

storage "raft" {{
  path                   = "{self._folder / "raft"}"
  node_id                = "local"
  performance_multiplier = 1
}}

listener "tcp" {{
  address         = "127.0.0.1:{ports.vault}"
  cluster_address = "127.0.0.1:{ports.vault_cluster}"
  tls_cert_file   = "{certificates.certificate(VAULT)}"
  tls_key_file    = "{certificates.key(VAULT)}"
  tls_min_version = "tls13"
}}

seal "static" {{
  current_key_id = "local-1"
  current_key    = "file://{self._seal_key}"
}}

audit "file" "main" {{
  options {{
    file_path = "{audit_log}"
    mode      = "0600"
  }}
}}
"""
