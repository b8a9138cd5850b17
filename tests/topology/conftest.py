"""What the permission matrices share: the topology with two projects, applied, and what flow.yaml declares.

`Declared` reads flow.yaml by itself, on purpose: the generators under test would agree with their own mistakes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import pytest
import yaml

from deploy.provision.command import apply_topology
from deploy.provision.parts import connected
from topology.loading import load_topology

PROJECTS = Path(__file__).parent / "projects"
NAMES = ("alpha", "beta")
PERSON_LISTS = {
    "author": "authors",
    "approver": "approvers",
    "operator": "operators",
    "app": "apps",
    "requester": "requesters",
    "grantor-a": "a",
    "grantor-b": "b",
    "key-administrator": "key_administrators",
}


@dataclass
class Declared:
    """One identity's rights as flow.yaml spells them."""

    name: str
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    group: bool = False
    transactions: bool = False
    provisions: bool = False
    ends: bool = False
    wraps: bool = False
    starts: bool = False
    backs_up: bool = False
    measures: set[str] = field(default_factory=set)
    """Groups whose progress it may ask for."""
    checks: bool = False
    transit: set[tuple[str, str]] = field(default_factory=set)
    documents: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def sign_key(self) -> str:
        return "sign-" + self.name.removeprefix("person.")

    @property
    def in_vault(self) -> bool:
        return bool(self.transit or self.documents)

    def hold(self, role: dict, project: str, topics: dict) -> None:
        def named(kind: str) -> str:
            return kind if topics[kind].get("scope") == "platform" else f"{kind}.{project}"

        state = [role["state"]] if "state" in role else []
        self.reads |= {named(kind) for kind in role.get("reads", []) + state}
        self.writes |= {named(kind) for kind in role.get("writes", []) + state}
        self.group |= role.get("group", False)
        self.transactions |= role.get("transactions", False)
        self.provisions |= role.get("provisions", False)
        self.ends |= role.get("ends_credentials", False)
        self.starts |= role.get("starts_processes", False)
        self.backs_up |= role.get("backs_up", False)
        self.checks |= role.get("checks", False)
        self.hold_in_vault(role.get("vault", {}), project)

    def hold_in_vault(self, vault: dict, project: str) -> None:
        self.wraps |= vault.get("wraps", False)
        for operation in ("datakey", "encrypt", "decrypt"):
            self.transit |= {(operation, f"{kind}-{project}") for kind in vault.get(operation, [])}
        for purpose in vault.get("hmac", []):
            self.transit.add(("decrypt", f"hmac-{project}-{purpose}"))
            self.documents.add((project, f"hmac/{purpose}", "read"))
        for key in [f"{kind}-{project}" for kind in vault.get("rewrap", [])]:
            self.transit |= {("rewrap", key), ("inspect", key)}
        for purpose in vault.get("rewrap_hmac", []):
            self.transit |= {("rewrap", f"hmac-{project}-{purpose}"), ("inspect", f"hmac-{project}-{purpose}")}
            self.documents |= {(project, f"hmac/{purpose}", right) for right in ("read", "update")}
        for operation in [it for it in ("inspect", "administer") if vault.get(it)]:
            self.transit |= {(operation, key) for key in wrapping_keys(project)}
        for folder, rights in vault.get("documents", {}).items():
            self.documents |= {(project, folder, right) for right in rights}
        if vault.get("sign"):
            self.transit.add(("sign", self.sign_key))


def flow_file() -> dict:
    return yaml.safe_load(resources.files("topology").joinpath("flow.yaml").read_text("utf-8"))


def wrapping_keys(project: str) -> list[str]:
    flow = flow_file()
    purposes = [f"hmac-{project}-{purpose}" for purpose in flow["hmac"]]
    return [f"{kind}-{project}" for kind in flow["keys"]] + purposes


def all_declared() -> dict[str, Declared]:
    flow, found = flow_file(), {}
    for project in NAMES:
        file = yaml.safe_load((PROJECTS / f"{project}.yaml").read_text())
        groups = file["persons"].get("grant_approvers", {})
        persons = file["persons"] | groups | {"apps": list(file.get("apps", {}))}
        for name, role in flow["roles"].items():
            if "served_by" in role and "vault" not in role:
                continue
            scope = role.get("scope", "project")
            holders = {
                "project": [f"{name}.{project}"],
                "platform": [f"{name}.platform"],
                "person": [f"person.{person}" for person in persons.get(PERSON_LISTS.get(name, ""), [])],
            }[scope]
            for holder in holders:
                mine = found.setdefault(holder, Declared(holder))
                mine.hold(role, project, flow["topics"])
                mine.measures |= measured(flow, project) if role.get("measures") else set()
    return found


def measured(flow: dict, project: str) -> set[str]:
    """The groups of a project's stages that read something of it in order which expires."""
    expiring = {
        kind
        for kind, it in flow["topics"].items()
        if "retention_ms" in it and it.get("scope") != "platform" and not it.get("by_place")
    }
    return {
        f"{name}.{project}"
        for name, role in flow["roles"].items()
        if role.get("scope", "project") == "project" and "state" in role and expiring & set(role.get("reads", []))
    }


def all_signed_in() -> dict[str, Declared]:
    """What each person may do beside that after password and second factor; `own` folders as `folder/person`."""
    found = {}
    for project in NAMES:
        persons = yaml.safe_load((PROJECTS / f"{project}.yaml").read_text())["persons"]
        for name, role in flow_file()["roles"].items():
            vault = role.get("signed_in", {})
            holders = (persons | persons.get("grant_approvers", {})).get(PERSON_LISTS.get(name, ""), [])
            for person in holders if vault else ():
                mine = found.setdefault(person, Declared(f"person.{person}"))
                mine.hold_in_vault(vault, project)
                for folder, rights in vault.get("own", {}).items():
                    mine.documents |= {(project, f"{folder}/{person}", right) for right in rights}
    return found


def all_topics() -> list[str]:
    kinds = flow_file()["topics"].items()
    platform = [kind for kind, entry in kinds if entry.get("scope") == "platform"]
    return platform + [f"{kind}.{project}" for kind, _ in kinds if kind not in platform for project in NAMES]


DECLARED = all_declared()


@pytest.fixture(params=sorted(DECLARED))
def declared(request) -> Declared:
    """Each identity in turn."""
    return DECLARED[request.param]


@pytest.fixture(scope="session")
def everyone() -> dict[str, Declared]:
    return DECLARED


@pytest.fixture(scope="session")
def topic_names() -> list[str]:
    return all_topics()


@pytest.fixture(scope="session")
def two_projects():
    """The packaged topology with alpha and beta: `demo` stays, other tests use it on the same stack."""
    return load_topology(extra_projects=[PROJECTS])


@pytest.fixture(scope="session")
def applied(stack, two_projects):
    """The stack, after `veil topology apply`."""
    with connected(stack.endpoints, stack.root) as parts:
        apply_topology(two_projects, parts)
    return stack
