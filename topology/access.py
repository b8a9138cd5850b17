"""Rights in Vault, written from the flow: the policy (HCL) of each identity, and the keys there are.

Vault denies what no path allows. Operations map to capabilities so:

- datakey, encrypt, decrypt, sign, rewrap: `update` on their transit path. Never `create`, or encrypting would make
  a key.
- inspect: `read` on the key; administer: `update` on its `rotate`, `trim`, and of its `config` the minimum
  versions alone, so that no key becomes exportable or may be deleted;
- create a document: `create` on `data/`, so that what exists can't be overwritten;
- update: `update` on `data/` and on `destroy/` (the versions before); delete: `delete` on `metadata/`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from topology.flow import DocumentRight
from topology.identity import PERSON, Identity
from topology.loading import Topology
from topology.rights import (
    FolderRight,
    Rights,
    TransitRight,
    hmac_key_name,
    identities,
    key_name,
    named,
    rights,
    signed_in_rights,
)

TRANSIT = "transit"
"""Where the transit engine is mounted."""
_ENTITIES = "identity/entity/name/"
_APPROLES, _SECRETS = "auth/approle/role/", "/secret-id"
_POD_ROLES = "auth/kubernetes/role/*"
SNAPSHOT = "sys/storage/raft/snapshot"
"""All that Vault stores, as its barrier has sealed it: reading it opens nothing."""

_OWN_TOKEN = (
    ("auth/token/lookup-self", "read"),
    ("auth/token/renew-self", "update"),
    ("auth/token/revoke-self", "update"),
)
_TRANSIT_PATHS = {
    "datakey": (("datakey/plaintext/{}", "update"),),
    "encrypt": (("encrypt/{}", "update"),),
    "decrypt": (("decrypt/{}", "update"),),
    "rewrap": (("rewrap/{}", "update"),),
    "sign": (("sign/{}", "update"), ("keys/{}", "read")),  # and its public key
    "inspect": (("keys/{}", "read"),),
    "administer": tuple((f"keys/{{}}/{act}", "update") for act in ("rotate", "config", "trim")),
}
_DOCUMENT_PATHS = {
    DocumentRight.CREATE: (("data", "create"),),
    DocumentRight.READ: (("data", "read"),),
    DocumentRight.UPDATE: (("data", "update"), ("destroy", "update")),
    DocumentRight.DELETE: (("metadata", "delete"),),
    DocumentRight.LIST: (("metadata", "list"),),
}


@dataclass(frozen=True, slots=True, order=True)
class TransitKeySpec:
    """One transit key. Keys that encrypt are AES-256-GCM, derived by context; keys that sign are Ed25519."""

    name: str
    signs: bool


@dataclass(frozen=True, slots=True, order=True)
class HmacKeySpec:
    """One HMAC key, wrapped by its transit key in the project's mount."""

    project: str
    purpose: str


def mount(project: str) -> str:
    """The KV v2 mount of a project."""
    return f"veil-{project}"


def transit_keys(topology: Topology) -> list[TransitKeySpec]:
    """Every transit key there is."""
    flow = topology.flow
    names = [key_name(kind, project) for project in topology.projects for kind in flow.keys]
    names += [hmac_key_name(project, purpose) for project in topology.projects for purpose in flow.hmac]
    keys = [TransitKeySpec(name, signs=False) for name in names]
    keys += [TransitKeySpec(identity.sign_key, signs=True) for identity in signers(topology)]
    return sorted(keys)


def signers(topology: Topology) -> list[Identity]:
    """The identities that sign."""
    return [
        identity
        for identity in identities(topology)
        if TransitRight("sign", identity.sign_key) in rights(topology, identity).transit
    ]


def hmac_keys(topology: Topology) -> list[HmacKeySpec]:
    """Every HMAC key there is."""
    return sorted(HmacKeySpec(project, purpose) for project in topology.projects for purpose in topology.flow.hmac)


def entity(person: str) -> str:
    """The identity entity of a person or an app in Vault: not the bare name, other programs' may bear it."""
    return f"veil-person-{person}"


def entities(topology: Topology) -> dict[str, str]:
    """Of each person and app that logs in to Vault: the AppRole's name, and the entity that it logs in as."""
    return {
        identity.name: entity(identity.place)
        for identity in identities(topology)
        if identity.role == PERSON and _needs_vault(rights(topology, identity))
    }


def vault_policies(topology: Topology) -> dict[str, str]:
    """The policy (HCL) of each identity, by the identity's name, which is the policy's name too."""
    return {
        identity.name: vault_policy(topology, identity)
        for identity in identities(topology)
        if _needs_vault(rights(topology, identity))
    }


def vault_policy(topology: Topology, identity: Identity) -> str:
    """The policy of one identity: paths sorted, so that equal rights give equal text."""
    return _policy([*_OWN_TOKEN, *_paths(rights(topology, identity))])


def signed_in_policies(topology: Topology) -> dict[str, str]:
    """By person, the policy of a token that they have for a minute after password and second factor, beside what
    everybody's is good for; of those alone who have any such right. It is not to be renewed.
    """
    found = {person: signed_in_rights(topology, person) for person in sorted(named(topology))}
    return {person: _policy(_paths(allowed)) for person, allowed in found.items() if _needs_vault(allowed)}


def _policy(paths: Iterable[tuple[str, str]]) -> str:
    capabilities: defaultdict[str, set[str]] = defaultdict(set)
    for path, capability in paths:
        capabilities[path].add(capability)
    return "\n".join(_stanza(path, capabilities) for path in sorted(capabilities))


def _needs_vault(allowed: Rights) -> bool:
    used = allowed.transit or allowed.documents or allowed.provisions or allowed.ends
    return bool(used or allowed.wraps or allowed.starts or allowed.backs_up)


def _paths(allowed: Rights) -> Iterator[tuple[str, str]]:
    for right in allowed.transit:
        for path, capability in _TRANSIT_PATHS[right.operation]:
            yield f"{TRANSIT}/{path.format(right.key)}", capability
        if right.operation == "sign" and allowed.provisions:
            # The narrower path counts: whoever makes all keys could else not make their own.
            yield from ((f"{TRANSIT}/keys/{right.key}", each) for each in ("create", "update"))
    for document in allowed.documents:
        yield from _document_paths(document)
    if allowed.provisions:
        yield from _provisioning_paths()
    if allowed.wraps:
        yield "sys/wrapping/wrap", "update"
    if allowed.backs_up:
        yield SNAPSHOT, "read"
    for who in allowed.ends:
        yield from _ending_paths(who)
    for name in allowed.starts:
        yield f"{_APPROLES}{name}{_SECRETS}", "update"


def _document_paths(document: FolderRight) -> Iterator[tuple[str, str]]:
    for part, capability in _DOCUMENT_PATHS[document.right]:
        yield f"{mount(document.project)}/{part}/{document.path}", capability


def _ending_paths(who: str) -> Iterator[tuple[str, str]]:
    """An entity may be disabled and enabled (`_only_disables`), and its AppRole's secret ids, which are listed by
    accessors that open nothing, destroyed. None can be made, no policy attached.
    """
    yield f"{_ENTITIES}{entity(who)}", "read"
    yield f"{_ENTITIES}{entity(who)}", "update"
    role = f"auth/approle/role/{Identity(PERSON, who).name}"
    yield f"{role}/secret-id", "list"
    yield f"{role}/secret-id-accessor/destroy", "update"


def _provisioning_paths() -> Iterator[tuple[str, str]]:
    """Enough to apply the topology, of projects to come too; no decrypt, no sign but its own, no mapping.

    Whoever writes policies can write itself a better one: Vault's audit log shows that.
    """
    for capability in ("create", "read", "update"):
        # Of keys `+` and not `*`: they are made and looked at here, and rotated and configured by others.
        for path in (f"{TRANSIT}/keys/+", "sys/policies/acl/*", "auth/approle/role/*", "sys/mounts/*", "+/config"):
            yield path, capability
        yield _POD_ROLES, capability
    for path, capability in (("identity/entity", "update"), ("identity/entity-alias", "update")):
        yield path, capability
    yield "identity/entity/name/*", "read"
    for capability in ("read", "list"):
        yield _POD_ROLES.removesuffix("/*"), capability
        for path in ("sys/mounts", "sys/auth", "sys/policies/acl", "auth/approle/role", "auth/approle/role/*"):
            yield path, capability
    yield f"{TRANSIT}/datakey/plaintext/hmac-*", "update"
    for capability in ("create", "read"):
        yield "+/data/hmac/+", capability


def _stanza(path: str, capabilities: Mapping[str, set[str]]) -> str:
    listed = ", ".join(f'"{capability}"' for capability in sorted(capabilities[path]))
    return f'path "{path}" {{\n  capabilities = [{listed}]\n{_limits(path, capabilities[path])}}}\n'


def _limits(path: str, capabilities: set[str]) -> str:
    """Whoever could write the rest of an entity could attach any policy to it, and whoever could write the rest of
    a key's configuration could take it along, or delete it. A secret id is handed over wrapped or not at all.
    """
    if path.startswith(_ENTITIES) and not path.endswith("*"):
        return '  allowed_parameters = { "disabled" = [true, false] }\n'
    if path.startswith(f"{TRANSIT}/keys/") and path.endswith("/config"):
        return '  allowed_parameters = { "min_decryption_version" = [], "min_encryption_version" = [] }\n'
    return '  min_wrapping_ttl = "1s"\n' if _is_handed_over(path) and "update" in capabilities else ""


def _is_handed_over(path: str) -> bool:
    """Whoever may have a secret id made gets a token that unwraps to it once, never the secret id."""
    return path.startswith(_APPROLES) and path.endswith(_SECRETS) and "*" not in path
