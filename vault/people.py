"""People who sign in with Vault as their OpenID provider: password, second factor, who may enter which project.

What is made, all under names of our own:

| what | why |
|---|---|
| auth method `veil-people` (userpass), locked for a while after wrong passwords | a password |
| TOTP method `veil` (RFC 6238) and its enforcement on `veil-people` | no token without the second factor |
| policy `veil-signin` | a person's token may ask for a code of our provider, for one minute, and nothing else |
| policy `veil-sign-<person>` | the same token of somebody who signs may sign with that person's key alone |
| policy `veil-rights-<person>` | the same token may do what the flow lets somebody do who has just signed in |
| an entity for each person, an assignment for each project | a code only for who labels in the project |
| OIDC key, scope, provider `veil`, a public client for each project | PKCE is enforced; the scope says who it is |
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from schemas.errors import VaultUnavailable
from schemas.hidden import Hidden
from vault.entities import entity_of
from vault.paths import Paths
from vault.session import Session

MOUNT = "veil-people"
METHOD = "veil"
PROVIDER = "veil"
SCOPE = "veil"
POLICY = "veil-signin"
PERSON_CLAIM = "veil_person"
"""Holds the name that a person logs in with, which is the name the project knows them by."""
TOKEN_S = 60
"""Of a person's token: from the second factor to the code takes milliseconds."""
ID_TOKEN_S = 300
"""Of an ID token: it is read once, when it arrives."""
LOCKOUT = {"lockout_threshold": "5", "lockout_duration": "15m", "lockout_counter_reset_duration": "15m"}
"""Five wrong passwords close an account for a quarter of an hour."""
TOTP = {
    "issuer": "Veilstream",
    "period": 30,
    "digits": 6,
    "algorithm": "SHA1",  # what every authenticator app can; the code lives 30 s
    "key_size": 20,  # RFC 4226 §4 R6 recommends 160 bits
    "skew": 1,
    "max_validation_attempts": 5,
}
_AUTHORIZE = f"identity/oidc/provider/{PROVIDER}/authorize"
_SIGNS = """path "transit/sign/sign-{person}" {{
  capabilities = ["update"]
}}
path "auth/token/revoke-self" {{
  capabilities = ["update"]
}}
"""
_OVER = """path "auth/token/revoke-self" {
  capabilities = ["update"]
}
"""
"""Whoever has done what they came for ends their token; and a policy has to say something."""
_NO_RIGHTS: Mapping[str, str] = MappingProxyType({})
_RULES = f'path "{_AUTHORIZE}" {{\n  capabilities = ["read", "update"]\n}}\n'


@dataclass(frozen=True, slots=True)
class Doors:
    """One project: who may enter, and where a browser comes back to with a code."""

    persons: tuple[str, ...]
    redirect_uri: str
    signers: frozenset[str] = frozenset()
    """Who of them may sign with their own key on the way."""


@dataclass(frozen=True, slots=True, repr=False)
class Enrolment(Hidden):
    """How one person signs in from now on. `otpauth`: the second factor's secret, as authenticators take it."""

    person: str
    password: str
    otpauth: str


class PeopleProvisioner:
    """Under a session that may write identities, auth methods and policies. Idempotent; blocks; one thread.

    All methods raise VaultUnavailable, AccessDenied.
    """

    def __init__(self, session: Session) -> None:
        self._paths = Paths(session)

    def apply(self, projects: Mapping[str, Doors], rights: Mapping[str, str] = _NO_RIGHTS) -> dict[str, str]:
        """Make all of it for these projects; the client id of each. `rights`: by person, what else they may do by
        the token that their second factor gives (HCL); nobody else keeps any that they had.
        """
        self._paths.write(f"sys/policies/acl/{POLICY}", {"policy": _RULES})
        accessor = self._mounted()
        self._enforced(accessor)
        persons = sorted({person for doors in projects.values() for person in doors.persons} | set(rights))
        entities = {person: self._entity(person, accessor) for person in persons}
        for person in sorted(frozenset[str]().union(*(doors.signers for doors in projects.values()))):
            self._paths.write(f"sys/policies/acl/{_signing(person)}", {"policy": _SIGNS.format(person=person)})
        self._allow(rights)
        self._paths.write(f"identity/oidc/scope/{SCOPE}", {"template": _template(accessor)})
        self._paths.write(f"identity/oidc/key/{PROVIDER}", {"algorithm": "EdDSA"})
        clients = {name: self._client(name, doors, entities) for name, doors in sorted(projects.items())}
        self._opened(clients.values())
        return clients

    def enrol(self, person: str, password: str, *, signs: bool = False) -> Enrolment:
        """Give a person this password and a new second factor; what they had before opens nothing any more.
        `signs`: their token may sign with their key. It may do what `apply` was given as theirs, now and later.

        Their entity must be there (`apply`).
        """
        entity, method = self._entity_id(person), self._method_id()
        policies = [POLICY, _rights(person), *([_signing(person)] if signs else [])]
        self._paths.write(f"auth/{MOUNT}/users/{person}", _user(password, policies))
        whose = {"method_id": method, "entity_id": entity}
        self._paths.write("identity/mfa/method/totp/admin-destroy", whose)
        made = self._paths.write("identity/mfa/method/totp/admin-generate", whose)
        otpauth = str(_data(made, "a second factor")["url"])
        return Enrolment(person, password, otpauth.replace(f":{entity}?", f":{person}?"))  # what an app will show

    def _allow(self, rights: Mapping[str, str]) -> None:
        had = {name for name in self._paths.list("sys/policies/acl") if name.startswith(_rights(""))}
        wanted = {_rights(person): hcl for person, hcl in rights.items()}
        for name in sorted(had | set(wanted)):
            self._paths.write(f"sys/policies/acl/{name}", {"policy": _OVER + wanted.get(name, "")})

    def _mounted(self) -> str:
        """The accessor of the auth method."""
        if f"{MOUNT}/" not in (self._paths.read("sys/auth") or {}):
            self._paths.write(f"sys/auth/{MOUNT}", {"type": "userpass"})
            self._paths.write(f"sys/auth/{MOUNT}/tune", {"user_lockout_config": LOCKOUT})
        return str((self._paths.read("sys/auth") or {})[f"{MOUNT}/"]["accessor"])

    def _enforced(self, accessor: str) -> None:
        """A method is only found again by the enforcement that names it."""
        path = f"identity/mfa/login-enforcement/{METHOD}"
        if self._paths.read(path) is None:
            made = self._paths.write("identity/mfa/method/totp", {**TOTP, "method_name": METHOD})
            method = str(_data(made, "a second factor's method")["method_id"])
            self._paths.write(path, {"mfa_method_ids": [method], "auth_method_accessors": [accessor]})

    def _method_id(self) -> str:
        found = self._paths.read(f"identity/mfa/login-enforcement/{METHOD}")
        if found is None or not found["mfa_method_ids"]:
            raise VaultUnavailable(f"Vault enforces no second factor on {MOUNT}; provision people first")
        return str(found["mfa_method_ids"][0])

    def _entity(self, person: str, accessor: str) -> str:
        name = entity_of(person)
        if self._paths.read(f"identity/entity/name/{name}") is None:
            self._paths.write("identity/entity", {"name": name})
        entity = self._entity_id(person)
        alias = {"name": person, "canonical_id": entity, "mount_accessor": accessor}
        self._paths.write("identity/entity-alias", alias)
        return entity

    def _entity_id(self, person: str) -> str:
        found = self._paths.read(f"identity/entity/name/{entity_of(person)}")
        if found is None:
            raise VaultUnavailable(
                f"Vault has no entity of {person}; they annotate in no project that was provisioned"
            )
        return str(found["id"])

    def _client(self, project: str, doors: Doors, entities: Mapping[str, str]) -> str:
        name = f"veil-{project}"
        allowed = [entities[person] for person in doors.persons]
        self._paths.write(f"identity/oidc/assignment/{name}", {"entity_ids": allowed})
        body = {
            "key": PROVIDER,
            "client_type": "public",
            "redirect_uris": [doors.redirect_uri],
            "assignments": [name],
            "id_token_ttl": ID_TOKEN_S,
            "access_token_ttl": ID_TOKEN_S,
        }
        self._paths.write(f"identity/oidc/client/{name}", body)
        made = self._paths.read(f"identity/oidc/client/{name}")
        if made is None:
            raise VaultUnavailable(f"Vault did not keep the OpenID client {name}")
        return str(made["client_id"])

    def _opened(self, clients: Iterable[str]) -> None:
        """Key and provider serve these clients and no other."""
        allowed = {"allowed_client_ids": list(clients)}
        self._paths.write(f"identity/oidc/key/{PROVIDER}", {"algorithm": "EdDSA", **allowed})
        self._paths.write(f"identity/oidc/provider/{PROVIDER}", {"scopes_supported": [SCOPE], **allowed})


def _template(accessor: str) -> str:
    return json.dumps({PERSON_CLAIM: "@"}).replace('"@"', f"{{{{identity.entity.aliases.{accessor}.name}}}}")


def _signing(person: str) -> str:
    return f"veil-sign-{person}"


def _rights(person: str) -> str:
    return f"veil-rights-{person}"


def _user(password: str, policies: list[str]) -> dict[str, Any]:
    return {
        "password": password,
        "token_policies": policies,
        "token_no_default_policy": True,
        "token_ttl": TOKEN_S,
        "token_max_ttl": TOKEN_S,
    }


def _data(answer: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    found = answer.get("data")
    if not isinstance(found, dict):
        raise VaultUnavailable(f"Vault did not make {what}")
    return found
