"""The Secrets of one identity.

`python -m deploy.kubernetes.given ROLE PROJECT | kubectl apply --server-side -f -`

One has the files that its pods find below `/veil`, as `outfit` gives them to a container: its own credentials,
where the parts are and by which CAs they are known, pins, project files. It opens nothing in Vault: pods log in
there by their own token. The other has its password, which Strimzi's user operator reads. Whoever has no pods, as
producers, has the second alone; of `scaler` the first is what KEDA asks Kafka by.
"""

from __future__ import annotations

import argparse
import base64
import dataclasses
import json
import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from deploy.behind import Behind
from deploy.behind import text as text_behind
from deploy.containers.outfit import INSIDE, contents
from deploy.kubernetes.cluster import PAGE_PORT, Cluster, Object
from deploy.kubernetes.kafka_objects import PASSWORD, password_secret
from deploy.kubernetes.making import text
from deploy.kubernetes.own import own_projects, require_files
from deploy.kubernetes.placing import Placed, placed
from deploy.kubernetes.pods import (
    BEHIND,
    CERTIFICATE,
    ENDPOINTS,
    OIDC_CA,
    OIDC_SECRET,
    SIGN_IN,
    VAULT_LOG,
    key,
    paths,
    secret,
)
from deploy.kubernetes.routes import inside
from deploy.kubernetes.scaling import BY, CA, SCALER, USER
from deploy.local.endpoints import load_endpoints
from deploy.persons import load_declared
from deploy.provision.credentials import CredentialFiles
from deploy.settings import DEFAULT_ROOT
from deploy.signin.configuration import Listening, Provider, SignInConfiguration, read_provider
from deploy.signin.configuration import text as signing_in
from deploy.stages.roles import SHIPPER
from deploy.surroundings import project_folders
from deploy.webhooks import SecretFiles
from schemas.errors import ConfigError, VeilError
from topology.identity import PERSON, Identity
from topology.loading import Topology

PIPE = "kubectl apply --server-side -f -"
"""Else kubectl copies all that a Secret holds into an annotation, where nobody looks for it."""
HOLDS = 1024 * 1024
"""Bytes of content, of all keys of a Secret together: Kubernetes' limit."""


def main(arguments: list[str] | None = None) -> int:
    """Print them. Exit code 2: there is no such identity or stack, or they would be printed on a terminal."""
    parser = argparse.ArgumentParser(prog="python -m deploy.kubernetes.given", description=__doc__)
    parser.add_argument("role")
    parser.add_argument("project", help="the project; `platform` for what serves all of them")
    parser.add_argument("--root", type=Path, default=Path(DEFAULT_ROOT), help="folder of the stack")
    parser.add_argument("--domain", default="veil.example", help="as given to `veil topology kubernetes`")
    options = parser.parse_args(arguments)
    if sys.stdout.isatty():
        print(f"This goes into `{PIPE}`, not on a terminal.", file=sys.stderr)  # noqa: T201 - a script's
        return 2
    identity, cluster = Identity(options.role, options.project), Cluster(options.domain)
    try:
        made = secrets(options.root.absolute(), identity, cluster, os.environ)
    except VeilError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a script's output
        return 2
    print(text(made), end="")  # noqa: T201 - a pipe
    return 0


def secrets(root: Path, identity: Identity, cluster: Cluster, environ: Mapping[str, str]) -> list[Object]:
    """The Secrets of an identity. `environ` says how people sign in, where it is a page's. Raises ConfigError."""
    if identity.role == PERSON:
        raise ConfigError(
            f"{identity.name} is no user of Strimzi's: `veil topology apply` makes and warden ends it"
        )
    topology = load_declared(root)
    require_files(root, own := own_projects(topology))
    who = next((it for it in placed(topology) if it.identity == identity), None)
    if who is not None and who.is_front:
        return [_secret(who.namespace, secret(who), _front(who, cluster))]
    password = CredentialFiles(root).load(identity).kafka_password.encode()
    made = [_secret(cluster.kafka.namespace, password_secret(identity), {PASSWORD: password})]
    if who is None:
        return [*_for_keda(root, identity, topology), *made]
    files = _files(root, who, own)
    if who.serves or who.fronted:
        files |= _page(who, cluster, environ)
    return [_secret(who.namespace, secret(who), {key(path): content for path, content in files.items()}), *made]


def _for_keda(root: Path, identity: Identity, topology: Topology) -> list[Object]:
    """What KEDA asks Kafka by, beside the stages that it scales."""
    if identity.role != SCALER:
        return []
    namespaces = {it.namespace for it in placed(topology) if it.identity.role in BY}
    ca = load_endpoints(root / "run" / "endpoints.json").kafka.ca_file.read_bytes()
    password = CredentialFiles(root).load(identity).kafka_password.encode()
    content = {USER: identity.name.encode(), PASSWORD: password, CA: ca}
    return [_secret(namespace, identity.name, content) for namespace in sorted(namespaces)]


def _files(root: Path, who: Placed, own: Collection[str]) -> dict[str, bytes]:
    """What its pods mount of it, and no more. Raises ConfigError where something is missing that they need."""
    required, optional = paths(who, own)
    for webhook in who.webhooks:
        SecretFiles(root, who.identity.place).ensure(webhook.name)  # a pod could write none
    found = {
        path.as_posix(): content for path, content in contents(root, who.identity, project_folders(root)).items()
    }
    missing = sorted(set(required) - found.keys())
    if missing:
        raise ConfigError(f"{root}: {', '.join(missing)} is missing; run `veil topology apply`")
    mounted = {path: found[path] for path in (*required, *optional) if path in found}
    mounted[required[0]] = _without_login(mounted[required[0]])
    return mounted | _followed(who, mounted[ENDPOINTS])


def _followed(who: Placed, endpoints: bytes) -> dict[str, bytes]:
    """Where shipper's pods find Vault's log, besides where everything is."""
    if who.identity.role != SHIPPER:
        return {}
    said = json.loads(endpoints)
    said["vault"]["external_log"] = str(VAULT_LOG)
    return {ENDPOINTS: json.dumps(said, indent=1).encode()}


def _without_login(content: bytes) -> bytes:
    credentials = json.loads(content)
    if credentials["vault"]:
        credentials["vault"]["secret_id"] = None
    return json.dumps(credentials, indent=2).encode()


def provider_inside(environ: Mapping[str, str]) -> tuple[Provider | None, dict[str, bytes]]:
    """The OpenID provider that `environ` names, if any, as a container knows it, and the files that this takes.

    Raises ConfigError.
    """
    provider = read_provider(environ)
    files: dict[str, bytes] = {}
    if provider is not None and provider.ca_file:
        files[OIDC_CA] = Path(provider.ca_file).read_bytes()
        provider = dataclasses.replace(provider, ca_file=str(INSIDE / OIDC_CA))
    if provider is not None and provider.secret_file:
        files[OIDC_SECRET] = Path(provider.secret_file).read_bytes()
        provider = dataclasses.replace(provider, secret_file=str(INSIDE / OIDC_SECRET))
    return provider, files


def _front(who: Placed, cluster: Cluster) -> dict[str, bytes]:
    """How browsers reach it, and where label is: believed by the authority that its own certificate is of, too."""
    configured = SignInConfiguration(_listening(who, cluster), PAGE_PORT, None)
    behind = Behind(f"https://{inside(who.identity.place)}:{PAGE_PORT}", f"{CERTIFICATE}/ca.crt")
    files = {SIGN_IN: signing_in({who.identity.place: configured}), BEHIND: text_behind(behind)}
    return {key(path): content.encode() for path, content in files.items()}


def _listening(who: Placed, cluster: Cluster) -> Listening:
    name = cluster.page(who.identity.role, who.identity.place)
    return Listening("0.0.0.0", name, f"{CERTIFICATE}/tls.crt", f"{CERTIFICATE}/tls.key")  # noqa: S104 - TLS


def _page(who: Placed, cluster: Cluster, environ: Mapping[str, str]) -> dict[str, bytes]:
    """How its page is reached, and how people sign in there. Raises ConfigError."""
    provider, files = provider_inside(environ)
    configured = SignInConfiguration(_listening(who, cluster), PAGE_PORT, provider)
    return files | {SIGN_IN: signing_in({who.identity.place: configured}).encode()}


def _secret(namespace: str, name: str, content: Mapping[str, bytes]) -> Object:
    """Raises ConfigError where it would hold more than it can."""
    sizes = {key: len(value) for key, value in content.items()}
    if (total := sum(sizes.values())) > HOLDS:
        largest = max(sizes, key=sizes.__getitem__)
        wanted = f"shorten what it is made of, {largest} first ({sizes[largest]:,})"
        raise ConfigError(f"{namespace}/{name}: {total:,} bytes, and a Secret holds {HOLDS:,}; {wanted}")
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "Opaque",
        "data": {name: base64.b64encode(value).decode() for name, value in sorted(content.items())},
    }


if __name__ == "__main__":
    sys.exit(main())
