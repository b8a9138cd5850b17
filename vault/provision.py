"""Sets Vault up from a plan of plain values: engines, keys, policies, AppRoles. Idempotent; removes nothing.

Every step first looks, then acts only where something differs, so `differences` and `apply` share their code
and a second `apply` does nothing. It never knows the flow: `deploy.provision` brings the plan.

What differs in a way that can't be repaired in place (a key of another type, an exportable key) is a ConfigError.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from schemas.errors import ConfigError, VaultUnavailable
from vault import handing, keyed_hash, people, pods, starting
from vault.approles import MOUNT as APPROLES
from vault.client import VaultClient
from vault.documents import mount_of
from vault.entities import approle_of
from vault.paths import Paths
from vault.session import Answer, Rejected, Session

TOKEN_PERIOD_S = 3600
"""A process renews its token; one that was killed leaves a token that ends within the hour."""
AUDITED_IN_CLEAR = ("context",)
"""Vault's audit log hashes request fields; the context of each decrypt has to be matched with our own audit."""
MOUNT_ATTEMPTS = 50
MOUNT_WAIT_S = 0.1
"""A new KV v2 mount may answer 400 until it has set itself up, some 100 ms; five seconds is one that failed."""
_BUILT_IN_POLICIES = frozenset({"root", "default", "response-wrapping"})


@dataclass(frozen=True, slots=True)
class TransitKey:
    """A transit key: `ed25519` to sign, or `aes256-gcm96` to encrypt, derived by context."""

    name: str
    type: str
    derived: bool


@dataclass(frozen=True, slots=True)
class HmacKey:
    """The HMAC key of one project and purpose, wrapped by its transit key in the project's mount."""

    project: str
    purpose: str


@dataclass(frozen=True, slots=True)
class VaultPlan:
    """How Vault should be. `policies` are HCL by name; each name gets an AppRole with just that policy; those in
    `entities` log in as this identity entity.
    """

    keys: tuple[TransitKey, ...]
    projects: tuple[str, ...]
    policies: Mapping[str, str]
    hmac: tuple[HmacKey, ...]
    entities: Mapping[str, str]
    handed: frozenset[str] = frozenset()
    """The AppRoles whose secret ids are handed over at each start (`vault.handing`)."""
    pods: Mapping[str, pods.PodAccount] = field(default_factory=dict)
    """By policy, the service account that may log in with it (`vault.pods`)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: which part of the platform, what to do (`create`, `update`), with what, and why."""

    part: str
    action: str
    name: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.action} {self.part} {self.name}" + (f" ({self.detail})" if self.detail else "")


@dataclass(frozen=True, slots=True)
class VaultDifference:
    """What to change, and what is there without being declared (left alone)."""

    changes: tuple[Change, ...] = ()
    undeclared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Step:
    change: Change
    act: Callable[[], object]


class Provisioner:
    """Provisions under a session that may: root's, or the provisioner's. Blocks; one thread at a time.

    All methods raise VaultUnavailable, AccessDenied, and ConfigError as said above.
    """

    def __init__(self, session: Session, wait: Callable[[float], None] = time.sleep) -> None:
        self._session = session
        self._paths = Paths(session)
        self._wait = wait

    def differences(self, plan: VaultPlan) -> VaultDifference:
        """What `apply` would do. Changes nothing."""
        return VaultDifference(tuple(step.change for step in self._steps(plan)), self._undeclared(plan))

    def apply(self, plan: VaultPlan) -> VaultDifference:
        """Do what differs, in order; each step looks when its turn comes."""
        done = []
        for step in self._steps(plan):
            step.act()
            done.append(step.change)
        return VaultDifference(tuple(done), self._undeclared(plan))

    def prepare(self, plan: VaultPlan, name: str) -> tuple[Change, ...]:
        """What an administrator alone can do, so that the identity `name` can do the rest: its policy, and that
        there are AppRoles.
        """
        own = replace(plan, policies={name: plan.policies[name]})
        done = []
        for step in (*self._policies(own), *self._auth_method()):
            step.act()
            done.append(step.change)
        return tuple(done)

    def public_keys(self, names: Sequence[str]) -> dict[str, bytes]:
        """The 32-byte Ed25519 public key of each of these transit keys that exists."""
        found = ((name, self._paths.read(f"transit/keys/{name}")) for name in names)
        return {name: _latest_public_key(key) for name, key in found if key is not None}

    def _steps(self, plan: VaultPlan) -> Iterator[_Step]:
        yield from self._policies(plan)
        yield from self._engines(plan)
        yield from self._keys(plan)
        yield from self._roles(plan)
        yield from self._pods(plan)
        yield from self._entities(plan)
        yield from self._hmac(plan)

    def _engines(self, plan: VaultPlan) -> Iterator[_Step]:
        mounts = self._paths.read("sys/mounts") or {}
        audited = {"audit_non_hmac_request_keys": list(AUDITED_IN_CLEAR)}
        if "transit/" not in mounts:
            body = {"type": "transit", "config": audited}
            yield _Step(
                Change("engine", "create", "transit"), partial(self._paths.write, "sys/mounts/transit", body)
            )
        elif set(AUDITED_IN_CLEAR) - set(_audited(mounts["transit/"])):
            change = Change("engine", "update", "transit", "audit the context in clear")
            yield _Step(change, partial(self._paths.write, "sys/mounts/transit/tune", audited))
        for mount in map(mount_of, plan.projects):
            if f"{mount}/" not in mounts:
                yield _Step(Change("engine", "create", mount), partial(self._mount_documents, mount))
            elif (mounts[f"{mount}/"].get("options") or {}).get("version") != "2":
                raise ConfigError(f"Vault's mount {mount} is no KV v2 engine; another program uses this name")
        yield from self._auth_method()

    def _auth_method(self) -> Iterator[_Step]:
        if "approle/" not in (self._paths.read("sys/auth") or {}):
            enable = partial(self._paths.write, "sys/auth/approle", {"type": "approle"})
            yield _Step(Change("auth method", "create", "approle"), enable)

    def _mount_documents(self, mount: str) -> None:
        self._paths.write(f"sys/mounts/{mount}", {"type": "kv", "options": {"version": "2"}})
        for _ in range(MOUNT_ATTEMPTS):
            try:
                self._session.call(
                    f"configure {mount}",
                    lambda client: client.write_data(f"{mount}/config", data={"cas_required": True}),
                )
            except Rejected:
                self._wait(MOUNT_WAIT_S)
            else:
                return
        raise VaultUnavailable(f"Vault's new mount {mount} does not get ready")

    def _keys(self, plan: VaultPlan) -> Iterator[_Step]:
        for key in plan.keys:
            path = f"transit/keys/{key.name}"
            found = self._paths.read(path)
            if found is None:
                body = {"type": key.type, "derived": key.derived, "exportable": False}
                yield _Step(Change("transit key", "create", key.name), partial(self._paths.write, path, body))
            elif (found["type"], found["derived"], found["exportable"]) != (key.type, key.derived, False):
                raise ConfigError(
                    f"Vault's transit key {key.name} has another type, is not derived, or can be exported; "
                    "it was not made by Veilstream: rename or delete it"
                )

    def _policies(self, plan: VaultPlan) -> Iterator[_Step]:
        for name, hcl in sorted(plan.policies.items()):
            path = f"sys/policies/acl/{name}"
            found = self._paths.read(path)
            if found is None or found["policy"] != hcl:
                change = Change("vault policy", "create" if found is None else "update", name)
                yield _Step(change, partial(self._paths.write, path, {"policy": hcl}))

    def _roles(self, plan: VaultPlan) -> Iterator[_Step]:
        for name in sorted(plan.policies):
            path, wanted = f"{APPROLES}/{name}", _role(name, handed=name in plan.handed)
            found = self._paths.read(path)
            if found is None or any(found.get(setting) != value for setting, value in wanted.items()):
                change = Change("vault role", "create" if found is None else "update", name)
                yield _Step(change, partial(self._paths.write, path, wanted))

    def _pods(self, plan: VaultPlan) -> Iterator[_Step]:
        if plan.pods and f"{pods.MOUNT}/" not in (self._paths.read("sys/auth") or {}):
            raise ConfigError(
                f"Vault has no auth method {pods.MOUNT}, by which pods log in; who runs it enables it and names"
                " the API server (deploy/kubernetes/README.md)"
            )
        for name, account in sorted(plan.pods.items()):
            path, wanted = f"{pods.ROLES}/{name}", pods.role(name, account)
            found = self._paths.read(path)
            if found is None or any(found.get(setting) != value for setting, value in wanted.items()):
                change = Change("pod login", "create" if found is None else "update", name)
                yield _Step(change, partial(self._paths.write, path, wanted))

    def _entities(self, plan: VaultPlan) -> Iterator[_Step]:
        """Before anybody logs in: Vault would make an entity of its own, that nobody could find by a name."""
        for role, entity in sorted(plan.entities.items()):
            if approle_of(self._paths.read(f"identity/entity/name/{entity}")) is None:
                yield _Step(Change("vault entity", "create", entity), partial(self._make_entity, role, entity))

    def _make_entity(self, role: str, entity: str) -> None:
        path = f"identity/entity/name/{entity}"
        if self._paths.read(path) is None:  # else it may be disabled, or a person's who has a password too
            self._paths.write("identity/entity", {"name": entity})
        found, role_id = self._paths.read(path), self._paths.read(f"{APPROLES}/{role}/role-id")
        mount = (self._paths.read("sys/auth") or {}).get("approle/")
        if found is None or role_id is None or mount is None:
            raise VaultUnavailable(f"Vault did not keep the entity {entity}, or the AppRole {role}")
        alias = {"name": role_id["role_id"], "canonical_id": found["id"], "mount_accessor": mount["accessor"]}
        self._paths.write("identity/entity-alias", alias)

    def _hmac(self, plan: VaultPlan) -> Iterator[_Step]:
        mounts = self._paths.read("sys/mounts") or {}
        for project in plan.projects:
            vault = VaultClient(self._session, project)
            unmounted = f"{mount_of(project)}/" not in mounts  # so while a plan is only drawn up
            for purpose in (key.purpose for key in plan.hmac if key.project == project):
                if unmounted or vault.read(keyed_hash.path_of(purpose)) is None:
                    change = Change("hmac key", "create", f"{project}/{purpose}")
                    yield _Step(change, partial(keyed_hash.create, vault, project, purpose))
            vault.stop_writers()

    def _undeclared(self, plan: VaultPlan) -> tuple[str, ...]:
        declared = {*plan.policies, *_BUILT_IN_POLICIES, people.POLICY}
        there = self._paths.list("sys/policies/acl") - declared
        extra = {("vault policy", name) for name in there if not self._is_starting(name)}
        extra |= {("vault role", name) for name in self._paths.list(APPROLES) - declared}
        extra |= {("pod login", name) for name in self._paths.list(pods.ROLES) - plan.pods.keys()}
        return tuple(f"{part} {name}" for part, name in sorted(extra))

    def _is_starting(self, name: str) -> bool:
        """Whether it is the policy of the token that the starter begins with, in no plan, and says just that."""
        if name != starting.policy_name(starting.STARTER):
            return False
        found = self._paths.read(f"sys/policies/acl/{name}")
        return found is not None and found["policy"] == starting.policy(starting.STARTER)


def _role(name: str, *, handed: bool) -> dict[str, Any]:
    return {
        "token_policies": [name],
        "token_no_default_policy": True,
        "token_period": handing.TOKEN_S if handed else TOKEN_PERIOD_S,
        "secret_id_num_uses": 1 if handed else 0,
        "secret_id_ttl": handing.HANDED_S if handed else 0,
        "bind_secret_id": True,
    }


def _audited(mount: Mapping[str, Any]) -> Sequence[str]:
    return (mount.get("config") or {}).get("audit_non_hmac_request_keys") or ()


def _latest_public_key(key: Answer) -> bytes:
    return base64.b64decode(key["keys"][str(key["latest_version"])]["public_key"])
