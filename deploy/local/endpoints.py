"""Where Kafka, Vault and the registry are reached: ours, or others' that environment variables name."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from schemas.errors import ConfigError
from schemas.files import write_atomically
from schemas.registrar import Registrar, WriterKey
from schemas.registry import tls_context
from streams.audit.note import is_name
from vault.nodes import addresses


@dataclass(frozen=True, slots=True)
class KafkaEndpoint:
    """`denied_log` is the broker's log of refused requests, where we can read it. `copies`: of each topic, 1 where
    it says nothing, or 3.
    """

    bootstrap: str
    ca_file: Path
    admin_user: str
    admin_password_file: Path
    denied_log: Path | None = None
    copies: str | None = None

    def client_settings(self) -> dict[str, Any]:
        """Settings of an administrator's client, in librdkafka's names. Holds the password: never print it."""
        return {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": self.admin_user,
            "sasl.password": self.admin_password_file.read_text().strip(),
            "ssl.ca.location": str(self.ca_file),
        }


@dataclass(frozen=True, slots=True)
class VaultEndpoint:
    """`url`: where several nodes are, their addresses with commas (`vault.nodes`).

    The file of the audit device: of our own Vault `audit_log`; of an external one `external_log`, where we can
    read it. `pods`: for whom the tokens are made by which processes in pods log in, where they may.
    """

    url: str
    ca_file: Path
    token_file: Path
    audit_log: Path | None = None
    external_log: Path | None = None
    pods: str | None = None

    @property
    def followed_log(self) -> Path | None:
        """What the shipper follows."""
        return self.audit_log or self.external_log


@dataclass(frozen=True, slots=True)
class RegistryEndpoint:
    """Client certificate and key go together; a registry of somebody else may want none.

    What who provisions has besides, and no process: the key of `token_key_file` signs tokens that our own registry
    believes; one of somebody else may want `writer_cert_file` to be shown instead of the certificate of all.
    """

    url: str
    ca_file: Path
    cert_file: Path | None = None
    key_file: Path | None = None
    writer_cert_file: Path | None = None
    writer_key_file: Path | None = None
    token_key_file: Path | None = None

    def tls(self) -> ssl.SSLContext:
        """Shows the client certificate as it stands on disk at each connection."""
        return tls_context(self.ca_file, self.cert_file, self.key_file)

    def registrar(self) -> Registrar:
        """Of who provisions. Raises ConfigError where its secret can't be read, or is none."""
        own = (self.writer_cert_file, self.writer_key_file)
        shown = own if self.writer_cert_file else (self.cert_file, self.key_file)
        try:
            token = WriterKey.load(self.token_key_file).token if self.token_key_file else None
            return Registrar(self.url, tls_context(self.ca_file, *shown), token)
        except OSError as error:
            what = error.filename or shown[0] or self.ca_file  # OpenSSL names no file
            raise ConfigError(f"{what}: {error.strerror}; schemas are registered by it") from None


@dataclass(frozen=True, slots=True)
class Endpoints:
    """`log_name`: what the audit's logs are named by in their checkpoints, where somebody has chosen it."""

    kafka: KafkaEndpoint
    vault: VaultEndpoint
    registry: RegistryEndpoint
    log_name: str | None = None


VAULT = "vault"
# field of the endpoint → environment variable; the first one switches the part to "external"
KAFKA_VARIABLES = {
    "bootstrap": "VEIL_KAFKA_BOOTSTRAP",
    "ca_file": "VEIL_KAFKA_CA",
    "admin_user": "VEIL_KAFKA_ADMIN_USER",
    "admin_password_file": "VEIL_KAFKA_ADMIN_PASSWORD_FILE",
}
VAULT_VARIABLES = {"url": "VEIL_VAULT_ADDR", "ca_file": "VEIL_VAULT_CA", "token_file": "VEIL_VAULT_TOKEN_FILE"}
REGISTRY_VARIABLES = {"url": "VEIL_REGISTRY_URL", "ca_file": "VEIL_REGISTRY_CA"}
REGISTRY_CLIENT_VARIABLES = {"cert_file": "VEIL_REGISTRY_CERT", "key_file": "VEIL_REGISTRY_KEY"}
REGISTRY_WRITER_VARIABLES = {
    "writer_cert_file": "VEIL_REGISTRY_WRITER_CERT",
    "writer_key_file": "VEIL_REGISTRY_WRITER_KEY",
}
REGISTRY_TOKEN_VARIABLES = {"token_key_file": "VEIL_REGISTRY_TOKEN_KEY"}
PODS_VARIABLE = "VEIL_VAULT_PODS"
COPIES_VARIABLE, COPIES = "VEIL_KAFKA_COPIES", ("1", "3")
KAFKA_LOG_VARIABLE, VAULT_LOG_VARIABLE = "VEIL_KAFKA_DENIED_LOG", "VEIL_VAULT_AUDIT_LOG"
LOG_NAME_VARIABLE, LOG_NAME = "VEIL_LOG_NAME", "log_name"


@dataclass(frozen=True, slots=True)
class External:
    """Parts that somebody else runs; None means: ours to start. `log_name` as in `Endpoints`."""

    kafka: KafkaEndpoint | None = None
    vault: VaultEndpoint | None = None
    registry: RegistryEndpoint | None = None
    log_name: str | None = None


def read_external(environ: Mapping[str, str]) -> External:
    """What the environment configures. Raises ConfigError naming the variable that is missing or wrong."""
    kafka = _read("kafka", KAFKA_VARIABLES, environ)
    kafka |= _read_log("denied_log", KAFKA_LOG_VARIABLE, KAFKA_VARIABLES["bootstrap"], environ)
    kafka |= _read_copies(environ)
    vault = _read(VAULT, VAULT_VARIABLES, environ)
    vault |= _read_log("external_log", VAULT_LOG_VARIABLE, VAULT_VARIABLES["url"], environ)
    vault |= _read_pods(environ)
    registry = _read_registry(environ)
    return External(
        kafka=KafkaEndpoint(**kafka) if kafka else None,
        vault=VaultEndpoint(**vault) if vault else None,
        registry=RegistryEndpoint(**registry) if registry else None,
        log_name=_log_name(environ),
    )


def save_endpoints(path: Path, endpoints: Endpoints) -> None:
    """Write them for other processes of the same user; paths of secrets only, no secret."""
    write_atomically(path, text(endpoints))


def text(endpoints: Endpoints) -> str:
    """What `load_endpoints` reads."""
    return json.dumps(_plain(endpoints), indent=1)


def load_endpoints(path: Path) -> Endpoints:
    """Endpoints of a stack that another process started. Raises ConfigError when there is none."""
    try:
        parts = json.loads(path.read_text())
    except FileNotFoundError:
        raise ConfigError(f"No stack has been started here ({path} is missing); run `veil up` first.") from None
    return Endpoints(
        kafka=KafkaEndpoint(**_typed(parts["kafka"])),
        vault=VaultEndpoint(**_typed(parts["vault"])),
        registry=RegistryEndpoint(**_typed(parts["registry"])),
        log_name=parts.get(LOG_NAME),
    )


def _log_name(environ: Mapping[str, str]) -> str | None:
    name = environ.get(LOG_NAME_VARIABLE) or None
    if name is not None and not is_name(name):
        raise ConfigError(f"{LOG_NAME_VARIABLE}: a log's name has no spaces, plus signs or control characters.")
    return name


def _read(part: str, variables: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, Any]:
    """The endpoint's fields; empty when the variable that switches it on is not set."""
    switch, *others = variables.values()
    if not environ.get(switch):
        for other in others:
            if environ.get(other):
                raise ConfigError(f"{other} is set but {switch} is not; set both or neither for the {part}.")
        return {}
    for other in others:
        if not environ.get(other):
            raise ConfigError(f"{switch} names an external {part}, so {other} must be set too.")
    if part == VAULT and not _are_addresses(environ[switch]):
        raise ConfigError(f"{switch} is `https://…`, or several of them with commas between.")
    found = _here(_typed({field: environ[name] for field, name in variables.items()}))
    for field, value in found.items():
        if isinstance(value, Path) and not value.is_file():
            raise ConfigError(f"{variables[field]} names {value}, which is no file.")
    return found


def _read_registry(environ: Mapping[str, str]) -> dict[str, Any]:
    """What is shown there may be set or not; a certificate goes with its key."""
    found = _read("registry", REGISTRY_VARIABLES, environ)
    for variables in (REGISTRY_CLIENT_VARIABLES, REGISTRY_WRITER_VARIABLES, REGISTRY_TOKEN_VARIABLES):
        named = [name for name in variables.values() if environ.get(name)]
        if named and not found:
            raise ConfigError(f"{named[0]} is set but {REGISTRY_VARIABLES['url']} is not; our own has its own.")
        if named:
            found |= _read("registry", variables, environ)
    return found


def _are_addresses(text: str) -> bool:
    found = addresses(text)
    return bool(found) and all(one.startswith("https://") for one in found)


def _read_log(field: str, variable: str, switch: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """The path of an external part's log. Its folder has to be there; the file may just be rotated."""
    text = environ.get(variable)
    if not text:
        return {}
    if not environ.get(switch):
        raise ConfigError(f"{variable} is set but {switch} is not; where our own part writes its log is known.")
    if not Path(text).parent.is_dir():
        raise ConfigError(f"{variable} names {text}, in a folder that is not there.")
    return _here({field: Path(text)})


def _here(found: Mapping[str, Any]) -> dict[str, Any]:
    """Files as the shell that names them means them: processes run elsewhere, and so do later commands."""
    return {name: value.absolute() if isinstance(value, Path) else value for name, value in found.items()}


def _read_copies(environ: Mapping[str, str]) -> dict[str, Any]:
    copies = environ.get(COPIES_VARIABLE)
    if not copies:
        return {}
    if not environ.get(KAFKA_VARIABLES["bootstrap"]):
        raise ConfigError(
            f"{COPIES_VARIABLE} is set but {KAFKA_VARIABLES['bootstrap']} is not; our own has one broker."
        )
    if copies not in COPIES:
        raise ConfigError(f"{COPIES_VARIABLE} is {' or '.join(COPIES)}.")
    return {"copies": copies}


def _read_pods(environ: Mapping[str, str]) -> dict[str, Any]:
    audience = environ.get(PODS_VARIABLE)
    if audience and not environ.get(VAULT_VARIABLES["url"]):
        raise ConfigError(
            f"{PODS_VARIABLE} is set but {VAULT_VARIABLES['url']} is not; pods log in to that Vault."
        )
    return {"pods": audience} if audience else {}


def _typed(texts: Mapping[str, str | None]) -> dict[str, Any]:
    """Fields named `…_file` or `…_log` are paths. None: so programs of before wrote what isn't said."""
    return {
        name: Path(text) if text is not None and name.endswith(("_file", "_log")) else text
        for name, text in texts.items()
    }


def _plain(endpoints: Endpoints) -> dict[str, dict[str, str] | str | None]:
    return {
        "kafka": _fields(endpoints.kafka),
        "vault": _fields(endpoints.vault),
        "registry": _fields(endpoints.registry),
        LOG_NAME: endpoints.log_name,
    }


def _fields(endpoint: KafkaEndpoint | VaultEndpoint | RegistryEndpoint) -> dict[str, str]:
    """What is said, and nothing of what isn't: programs of before know no field that was added since."""
    found = {field.name: getattr(endpoint, field.name) for field in fields(endpoint)}
    return {name: str(value) for name, value in found.items() if value is not None}
