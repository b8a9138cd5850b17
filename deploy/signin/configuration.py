"""How label and the console are reached and who vouches for people: from the environment, and handed on in a file.

Processes get no environment of ours, so `veil up` writes what it means for a project to `<root>/run/signin.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from schemas.errors import ConfigError
from schemas.files import write_atomically
from streams.web.server import is_loopback
from streams.web.shown_certificate import PemFiles

FILE = "signin.json"
LOOPBACK = "127.0.0.1"
ISSUER, CLIENT, SECRET = "VEIL_OIDC_ISSUER", "VEIL_OIDC_CLIENT_ID", "VEIL_OIDC_CLIENT_SECRET_FILE"
CA, SCOPE, CLAIM = "VEIL_OIDC_CA", "VEIL_OIDC_SCOPE", "VEIL_OIDC_PERSON_CLAIM"
DEVICE = "VEIL_OIDC_DEVICE_CLAIM"
ACR, AMR = "VEIL_OIDC_ACR", "VEIL_OIDC_AMR"
LABEL = "VEIL_LABEL_HOST", "VEIL_LABEL_NAME", "VEIL_LABEL_CERT", "VEIL_LABEL_KEY"
CONSOLE = "VEIL_CONSOLE_HOST", "VEIL_CONSOLE_NAME", "VEIL_CONSOLE_CERT", "VEIL_CONSOLE_KEY"
"""Of each page: where it listens, what browsers call it, certificate and key."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a page listens and what browsers call it. With certificate and key (PEM files) it speaks TLS."""

    host: str = LOOPBACK
    name: str = LOOPBACK
    certificate: str = ""
    key: str = ""

    @property
    def base(self) -> str:
        """Scheme and host, to be followed by `:<port>`."""
        shown = f"[{self.name}]" if ":" in self.name else self.name
        return f"{'https' if self.certificate else 'http'}://{shown}"

    @property
    def pem_files(self) -> PemFiles:
        """Of one with a certificate."""
        return PemFiles(Path(self.certificate), Path(self.key))


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider: `streams.web.provider.ProviderSettings` with files for what is secret or long."""

    issuer: str
    client_id: str
    person_claim: str
    scope: str = "openid"
    acr: str = ""
    amr: str = ""
    enforcing: bool = False
    ca_file: str = ""
    secret_file: str = ""
    authorization_endpoint: str = ""
    device_claim: str = ""
    signing_endpoint: str = ""
    """Where people sign with a second factor of that moment; empty where this provider has no such place."""


@dataclass(frozen=True, slots=True)
class SignInConfiguration:
    """What one project's label processes need to know. No provider: nobody signs in with a browser. `instances`:
    the port of each process, where several share the one that browsers know.
    """

    listening: Listening
    port: int
    provider: Provider | None
    instances: tuple[int, ...] = ()

    @property
    def origin(self) -> str:
        """As browsers see it."""
        return f"{self.listening.base}:{self.port}"


def read_listening(environ: Mapping[str, str], page: tuple[str, str, str, str] = LABEL) -> Listening:
    """Where label, or the console, is to listen. Raises ConfigError: beyond this machine only over TLS."""
    name_of_host, name_of_name, of_certificate, of_key = page
    host = environ.get(name_of_host) or LOOPBACK
    certificate, key = environ.get(of_certificate, ""), environ.get(of_key, "")
    if bool(certificate) != bool(key):
        raise ConfigError(f"{of_certificate} and {of_key} go together; set both or neither")
    if not certificate and not is_loopback(host):
        raise ConfigError(
            f"{name_of_host} is {host}, which others can reach: the page and its sessions need TLS there. "
            f"Set {of_certificate} and {of_key}, or leave {name_of_host} at {LOOPBACK}"
        )
    files = {of_certificate: certificate, of_key: key} if certificate else {}
    found = {name: _file(name, value) for name, value in files.items()}
    return Listening(host, environ.get(name_of_name) or host, found.get(of_certificate, ""), found.get(of_key, ""))


def read_provider(environ: Mapping[str, str]) -> Provider | None:
    """The external provider, if one is configured. Raises ConfigError naming the variable that is wrong."""
    issuer = environ.get(ISSUER, "")
    others = [name for name in (CLIENT, SECRET, CA, SCOPE, CLAIM, DEVICE, ACR, AMR) if environ.get(name)]
    if not issuer:
        if others:
            raise ConfigError(f"{others[0]} is set but {ISSUER} is not; set both or neither")
        return None
    if not issuer.startswith("https://"):
        raise ConfigError(f"{ISSUER} has to begin with https://")
    for name in (CLIENT, CLAIM):
        if not environ.get(name):
            raise ConfigError(f"{ISSUER} names an OpenID provider, so {name} must be set too")
    if not (environ.get(ACR) or environ.get(AMR)):
        raise ConfigError(
            f"a second factor is required: set {ACR} to the `acr` that the provider shows for one, or {AMR} to "
            "the method in its `amr`"
        )
    return Provider(
        issuer=issuer,
        client_id=environ[CLIENT],
        person_claim=environ[CLAIM],
        scope=environ.get(SCOPE) or "openid",
        acr=environ.get(ACR, ""),
        amr=environ.get(AMR, ""),
        ca_file=_file(CA, environ[CA]) if environ.get(CA) else "",
        secret_file=_file(SECRET, environ[SECRET]) if environ.get(SECRET) else "",
        device_claim=environ.get(DEVICE, ""),
    )


def save(root: Path, projects: Mapping[str, SignInConfiguration]) -> None:
    """Hand it on to the label processes of `root`; paths of secrets only, no secret."""
    write_atomically(root / "run" / FILE, text(projects))


def text(projects: Mapping[str, SignInConfiguration]) -> str:
    """What `load` reads."""
    return json.dumps({name: asdict(one) for name, one in projects.items()}, indent=1)


def load(root: Path, project: str) -> SignInConfiguration | None:
    """What `save` wrote for a project, or None. Raises ConfigError for a damaged file."""
    path = root / "run" / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8")).get(project)
        return _configuration(found) if found is not None else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise ConfigError(f"{path} is damaged; start `veil up` anew, which writes it") from None


def _configuration(content: Mapping[str, Any]) -> SignInConfiguration:
    provider = content["provider"]
    return SignInConfiguration(
        Listening(**content["listening"]),
        int(content["port"]),
        Provider(**provider) if provider else None,
        tuple(map(int, content["instances"])),
    )


def _file(name: str, value: str) -> str:
    if not Path(value).is_file():
        raise ConfigError(f"{name} names {value}, which is no file")
    return str(Path(value).absolute())
