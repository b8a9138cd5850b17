"""A HashiCorp Vault that the tests start for themselves, where somebody has one (`VEIL_TEST_VAULT`: its program).

Set up as its operators do, not as our own OpenBao: sealed by a key share, unsealed and given its audit log by
calls. For Veilstream it is an external one.
"""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from deploy.local.authority import VAULT, Certificates, ensure_certificates
from deploy.local.endpoints import VaultEndpoint
from deploy.local.part import plain_environment
from deploy.supervise.files import make_private_folder
from deploy.supervise.spawn import NURSERY, Child
from schemas.files import write_atomically
from tests.support.pipeline import free_port
from tests.support.waiting import wait_for

VARIABLE = "VEIL_TEST_VAULT"
START_S = 60.0
STOP_S = 20.0
ANSWER_S = 30.0


def may_be_changed(vault: VaultEndpoint) -> bool:
    """Whether the vault is there for the tests alone: our own, or one that they have started."""
    return vault.audit_log is not None or bool(os.environ.get(VARIABLE))


class ForeignVault:
    """One node on raft storage, ended with the block that it is made for."""

    def __init__(self, program: Path, root: Path) -> None:
        self._program = program
        self._root = make_private_folder(root)
        self._port, self._cluster_port = free_port(), free_port()
        self._log = root / "vault.log"
        self._child: Child | None = None
        self._http: httpx.Client | None = None

    def environ(self) -> dict[str, str]:
        """How an installation is told of it."""
        return {
            "VEIL_VAULT_ADDR": self._url,
            "VEIL_VAULT_CA": str(self._certificates.ca),
            "VEIL_VAULT_TOKEN_FILE": str(self._token_file),
            "VEIL_VAULT_AUDIT_LOG": str(self._root / "audit.jsonl"),
        }

    def __enter__(self) -> Self:
        made = ensure_certificates(
            make_private_folder(self._root / "tls"), self._root / "ca.key", datetime.now(UTC)
        )
        config = self._root / "vault.hcl"
        (self._root / "raft").mkdir(mode=0o700)
        write_atomically(config, self._configuration(made))
        argv = (str(self._program), "server", f"-config={config}")
        environment = {**plain_environment(), "HOME": str(self._root)}
        self._child = NURSERY.spawn(argv, environment, self._log, self._root)
        self._http = httpx.Client(
            base_url=f"{self._url}/v1/",
            verify=ssl.create_default_context(cafile=str(made.ca)),
            timeout=ANSWER_S,
            trust_env=False,
        )
        try:
            wait_for(self._answers, f"Vault answers; {self._log} says why not", START_S)
            self._set_up()
        except BaseException:  # Ctrl-C too: nothing may be left running
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def _url(self) -> str:
        return f"https://127.0.0.1:{self._port}"

    @property
    def _certificates(self) -> Certificates:
        return Certificates(self._root / "tls")

    @property
    def _token_file(self) -> Path:
        return self._root / "root-token"

    def _set_up(self) -> None:
        made = self._put("sys/init", {"secret_shares": 1, "secret_threshold": 1})
        write_atomically(self._token_file, made["root_token"])
        self._put("sys/unseal", {"key": made["keys_base64"][0]})
        assert self._http is not None
        self._http.headers["X-Vault-Token"] = made["root_token"]
        wait_for(lambda: self._status() == httpx.codes.OK, "Vault is its own leader", START_S)
        options = {"file_path": str(self._root / "audit.jsonl"), "mode": "0600"}
        self._put("sys/audit/main", {"type": "file", "options": options})

    def _answers(self) -> bool:
        try:
            return self._status() > 0
        except httpx.HTTPError:
            return False

    def _status(self) -> int:
        assert self._http is not None
        return self._http.get("sys/health").status_code

    def _put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        assert self._http is not None
        answer = self._http.put(path, json=body)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    def _end(self) -> None:
        if self._http is not None:
            self._http.close()
        if self._child is not None:
            self._child.terminate()
            self._child.wait(STOP_S)

    def _configuration(self, made: Certificates) -> str:
        return f"""
api_addr      = "{self._url}"
cluster_addr  = "https://127.0.0.1:{self._cluster_port}"
disable_mlock = true
log_level     = "warn"

storage "raft" {{
  path                   = "{self._root / "raft"}"
  node_id                = "foreign"
  performance_multiplier = 1
}}

listener "tcp" {{
  address         = "127.0.0.1:{self._port}"
  cluster_address = "127.0.0.1:{self._cluster_port}"
  tls_cert_file   = "{made.certificate(VAULT)}"
  tls_key_file    = "{made.key(VAULT)}"
  tls_min_version = "tls13"
}}
"""
