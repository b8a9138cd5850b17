"""What an identity may do: its roles of the flow, spelled out in names of topics, keys and folders.

ACLs (`topology.acls`) and Vault policies (`topology.access`) are written from this, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from topology.flow import DocumentRight, Flow, Role, Scope, VaultRights
from topology.identity import PERSON, PLATFORM, Identity
from topology.loading import Topology
from topology.readers import Reader, readers


@dataclass(frozen=True, slots=True, order=True)
class TransitRight:
    """One operation with one transit key: `datakey`, `encrypt`, `decrypt`, `sign`, `rewrap`, `inspect`,
    `administer`.
    """

    operation: str
    key: str


@dataclass(frozen=True, slots=True, order=True)
class FolderRight:
    """One right on a folder of a project's mount, or on a single document in it."""

    project: str
    path: str
    right: DocumentRight


@dataclass(frozen=True, slots=True)
class Rights:
    """Everything one identity may do."""

    reads: frozenset[str]
    writes: frozenset[str]
    group: bool
    transactions: bool
    transit: frozenset[TransitRight]
    documents: frozenset[FolderRight]
    provisions: bool
    ends: frozenset[str]
    """The persons and apps whose credentials it may end."""
    wraps: bool = False
    starts: frozenset[str] = frozenset()
    """The identities for which it may have a login made, wrapped."""
    backs_up: bool = False
    """Whether it may take a snapshot of Vault's storage, and ask where each topic ends."""
    measures: frozenset[Reader] = frozenset()
    """Whose progress on which topics it may ask for."""
    checks: bool = False
    """Whether it may ask how every topic is set, where it begins and ends, and of which time its records are."""


def identities(topology: Topology) -> tuple[Identity, ...]:
    """Every identity there is: processes by project, the platform's, then persons who hold rights. Not a process
    that another serves: it logs in nowhere.
    """
    flow, projects = topology.flow, topology.projects
    found = [
        Identity(role.name, project)
        for project in sorted(projects)
        for role in flow.roles.values()
        if role.scope is Scope.PROJECT and role.served_by is None
    ]
    found += [Identity(role.name, PLATFORM) for role in flow.roles.values() if role.scope is Scope.PLATFORM]
    persons = {
        person
        for project in projects.values()
        for role in flow.roles.values()
        if role.scope is Scope.PERSON and (role.served_by is None or role.vault.sign)
        for person in project.persons.holding(role.name)
    }
    return (*found, *(Identity(PERSON, person) for person in sorted(persons)))


def held(topology: Topology, identity: Identity) -> Iterator[tuple[Role, str]]:
    """The roles an identity holds, with the project each is held in."""
    projects = sorted(topology.projects.items())
    if identity.role == PERSON:
        theirs = [role for role in topology.flow.roles.values() if role.scope is Scope.PERSON]
        for it in theirs:
            yield from ((it, name) for name, one in projects if identity.place in one.persons.holding(it.name))
    elif (role := topology.flow.roles.get(identity.role)) is not None:
        anywhere = role.scope is Scope.PLATFORM and identity.place == PLATFORM
        its_own = role.scope is Scope.PROJECT
        yield from ((role, name) for name, _ in projects if anywhere or (its_own and identity.place == name))


def rights(topology: Topology, identity: Identity) -> Rights:
    """What an identity may do in all."""
    roles = list(held(topology, identity))
    transit = {right for role, project in roles for right in _transit(topology.flow, role.vault, project)}
    if any(role.vault.sign for role, _ in roles):
        transit.add(TransitRight("sign", identity.sign_key))
    return Rights(
        reads=frozenset(_names(topology, ((role.reads, project) for role, project in roles))),
        writes=frozenset(_names(topology, ((role.writes, project) for role, project in roles))),
        group=any(role.group for role, _ in roles),
        transactions=any(role.transactions for role, _ in roles),
        transit=frozenset(transit),
        documents=frozenset(right for role, project in roles for right in _documents(role.vault, project)),
        provisions=any(role.provisions for role, _ in roles),
        ends=named(topology) if any(role.ends_credentials for role, _ in roles) else frozenset(),
        wraps=any(role.vault.wraps for role, _ in roles),
        starts=started(topology) if any(role.starts_processes for role, _ in roles) else frozenset(),
        backs_up=any(role.backs_up for role, _ in roles),
        measures=frozenset(it for role, project in roles if role.measures for it in readers(topology, project)),
        checks=any(role.checks for role, _ in roles),
    )


def handed(topology: Topology) -> frozenset[str]:
    """The identities that log in to Vault by what they are handed at each start; on no disk lies anything."""
    return frozenset(
        identity.name
        for identity in identities(topology)
        if identity.role != PERSON and _is_handed(topology.flow.roles[identity.role])
    )


def started(topology: Topology) -> frozenset[str]:
    """Of them those that the starter starts. What an administrator has to start is not among them."""
    roles = topology.flow.roles
    above = {name for name, role in roles.items() if role.provisions or role.starts_processes}
    return frozenset(name for name in handed(topology) if Identity.parse(name).role not in above)


def _is_handed(role: Role) -> bool:
    return not role.keeps_secret and (role.provisions or role.vault != VaultRights())


def signed_in_rights(topology: Topology, person: str) -> Rights:
    """What a person may do in Vault by a token that their password and second factor gave, beside signing in."""
    identity = Identity(PERSON, person)
    roles = [
        (role.signed_in, project) for role, project in held(topology, identity) if role.signed_in != VaultRights()
    ]
    documents = {right for vault, project in roles for right in _documents(vault, project)}
    documents |= {
        FolderRight(project, f"{folder}/{person}/*", right)
        for vault, project in roles
        for folder, allowed in vault.own.items()
        for right in allowed
    }
    return Rights(
        reads=frozenset(),
        writes=frozenset(),
        group=False,
        transactions=False,
        transit=frozenset(right for vault, project in roles for right in _transit(topology.flow, vault, project)),
        documents=frozenset(documents),
        provisions=False,
        ends=frozenset(),
        wraps=any(vault.wraps for vault, _ in roles),
    )


def named(topology: Topology) -> frozenset[str]:
    """Everybody whom a project names: its persons and its apps."""
    return frozenset(who for project in topology.projects.values() for who in project.persons.everybody)


def _names(topology: Topology, kinds: Iterable[tuple[tuple[str, ...], str]]) -> Iterator[str]:
    return (topology.flow.topics[name].topic(project) for names, project in kinds for name in names)


def wrapping_keys(flow: Flow, project: str) -> tuple[str, ...]:
    """Every transit key of a project that wraps: all of its keys but those that sign."""
    purposes = (hmac_key_name(project, purpose) for purpose in flow.hmac)
    return (*(key_name(kind, project) for kind in flow.keys), *purposes)


def _transit(flow: Flow, vault: VaultRights, project: str) -> Iterator[TransitRight]:
    rewrapped = [key_name(kind, project) for kind in vault.rewrap]
    rewrapped += [hmac_key_name(project, purpose) for purpose in vault.rewrap_hmac]
    yield from (TransitRight(operation, key) for key in rewrapped for operation in ("rewrap", "inspect"))
    for held, operation in ((vault.inspect, "inspect"), (vault.administer, "administer")):
        yield from (TransitRight(operation, key) for key in wrapping_keys(flow, project) if held)
    for operation in ("datakey", "encrypt", "decrypt"):
        yield from (TransitRight(operation, key_name(kind, project)) for kind in getattr(vault, operation))
    yield from (TransitRight("decrypt", hmac_key_name(project, purpose)) for purpose in vault.hmac)


def _documents(vault: VaultRights, project: str) -> Iterator[FolderRight]:
    for folder, allowed in vault.documents.items():
        yield from (FolderRight(project, f"{folder}/*", right) for right in allowed)
    yield from (FolderRight(project, f"hmac/{purpose}", DocumentRight.READ) for purpose in vault.hmac)
    for right in (DocumentRight.READ, DocumentRight.UPDATE):
        yield from (FolderRight(project, f"hmac/{purpose}", right) for purpose in vault.rewrap_hmac)


def key_name(kind: str, project: str) -> str:
    """The transit key of a kind: `view-demo`."""
    return f"{kind}-{project}"


def hmac_key_name(project: str, purpose: str) -> str:
    """The transit key that wraps an HMAC key: `hmac-demo-record`."""
    return f"hmac-{project}-{purpose}"
