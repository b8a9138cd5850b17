"""Sign-in for an installation: what its label processes are told, and the local provider while it lasts."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from deploy.local.endpoints import VaultEndpoint
from deploy.signin import invitation
from deploy.signin.configuration import Listening, Provider, SignInConfiguration, save
from deploy.signin.door import PATH as AUTHORIZE
from deploy.signin.door import Door
from deploy.signin.door_signing import PATH as SIGN
from deploy.signin.invitation import Invitation
from streams.engine.clock import SystemClock
from streams.web import oidc
from streams.web.server import is_loopback
from streams.web.signin import CALLBACK
from topology.identity import PLATFORM
from topology.project import Persons, Project
from vault.people import PERSON_CLAIM, PROVIDER, SCOPE, Doors, Enrolment, PeopleProvisioner
from vault.session import Credentials, Session

PASSWORD_BYTES = 12
"""96 random bits, of which OpenBao lets anyone try five in a quarter of an hour."""


class Offering:
    """An external provider where one is configured; else, for browsers of this machine, the OpenBao that is ours.
    With neither, nobody signs in with a browser.
    """

    def __init__(
        self, root: Path, listening: Listening, external: Provider | None, console: Listening | None = None
    ) -> None:
        """`console`: where that listens; label's own address where it isn't said."""
        self._root = root
        self._listening = listening
        self._console = console or listening
        self._external = external
        self._door: Door | None = None

    def start(
        self,
        projects: Mapping[str, Project],
        ports: Mapping[str, int],
        vault: VaultEndpoint,
        instances: Mapping[str, Sequence[int]] = MappingProxyType({}),
        console: int | None = None,
        rights: Mapping[str, str] = MappingProxyType({}),
    ) -> bool:
        """Write it all down before label and the console start; `ports` are those that browsers know, by project,
        `instances` those of the processes that share it, `console` the console's; `rights`: by person, what else
        they may do in Vault who have just signed in (`topology.access.signed_in_policies`). Whether anyone can
        sign in.

        Raises VaultUnavailable, AccessDenied, StackError.
        """
        pages = {name: _Page(self._listening, ports[name], project) for name, project in projects.items()}
        if console is not None:
            pages[PLATFORM] = _Page(self._console, console, None)
        providers: Mapping[str, Provider | None] = dict.fromkeys(pages, self._external)
        invitation.remove_all(self._root, projects)
        if self._external is None and vault.audit_log is not None:
            near = {name: page for name, page in pages.items() if is_loopback(page.listening.name)}
            providers = {**providers, **self._local(projects, near, vault, rights)}
        configured = {
            name: SignInConfiguration(page.listening, page.port, providers[name], tuple(instances.get(name, ())))
            for name, page in pages.items()
        }
        save(self._root, configured)
        return any(providers.values())

    def stop(self) -> None:
        """Close the door. Never raises."""
        if self._door is not None:
            self._door.stop()
            self._door = None

    def _local(
        self,
        projects: Mapping[str, Project],
        pages: Mapping[str, _Page],
        vault: VaultEndpoint,
        rights: Mapping[str, str],
    ) -> dict[str, Provider | None]:
        if not pages:
            return {}
        doors = {
            name: Doors(page.persons(projects), page.origin + CALLBACK, page.signers(projects))
            for name, page in pages.items()
        }
        guests = {
            place: (page, person) for name, page in pages.items() for place, person in page.guests(name, projects)
        }
        acting = {
            name(person): person
            for it in projects.values()
            for name, persons in ((invitation.grants_name, _for_grants), (invitation.keys_name, _for_keys))
            for person in persons(it.persons)
            if person in rights
        }
        everybody = sorted({person for _, person in guests.values()} | set(acting.values()))
        clients, invited = _provisioned(doors, everybody, vault, rights)
        for name, person in acting.items():
            made = invited[person]
            invitation.write(self._root, name, Invitation("", person, made.password, made.otpauth))
        for place, (page, person) in guests.items():
            made = invited[person]
            invitation.write(self._root, place, Invitation(f"{page.origin}/", person, made.password, made.otpauth))
        tls = ssl.create_default_context(cafile=str(vault.ca_file))
        redirects = {clients[name]: one.redirect_uri for name, one in doors.items()}
        signing = {clients[name]: page.origin for name, page in pages.items() if page.project is None}
        self._door = Door(vault.url, tls, redirects, SystemClock(), signing)
        address = self._door.start()
        return {
            name: _provider(vault, clients[name], address, signs=page.project is None)
            for name, page in pages.items()
        }


@dataclass(frozen=True, slots=True)
class _Page:
    """A page that people sign in to: label's of a project, or the console, which is of none."""

    listening: Listening
    port: int
    project: Project | None

    @property
    def origin(self) -> str:
        return f"{self.listening.base}:{self.port}"

    def persons(self, projects: Mapping[str, Project]) -> tuple[str, ...]:
        """Who may get a code for it; what they may then do is for the page's rules to say."""
        if self.project is not None:
            return self.project.persons.labeling
        return tuple(sorted({person for it in projects.values() for person in console_persons(it.persons)}))

    def signers(self, projects: Mapping[str, Project]) -> frozenset[str]:
        """Who of them may sign on the way: at the console authors, approvers and operators."""
        if self.project is not None:
            return frozenset()
        persons = [it.persons for it in projects.values()]
        return frozenset(who for it in persons for who in (*it.authors, *it.approvers, *it.operators))

    def guests(self, name: str, projects: Mapping[str, Project]) -> list[tuple[str, str]]:
        """Whom `veil up` invites, and under what name: an annotator; of each project an officer, and of
        those who sign one of each duty.
        """
        if self.project is not None:
            return [(name, person) for person in self.project.persons.annotators[:1]]
        found = {person for it in projects.values() for holders in _by_duty(it.persons) for person in holders[:1]}
        return [(invitation.console_name(person), person) for person in sorted(found)]


def console_persons(persons: Persons) -> tuple[str, ...]:
    """Who may come to the console, of one project."""
    return tuple(person for holders in _by_duty(persons) for person in holders)


def _by_duty(persons: Persons) -> tuple[tuple[str, ...], ...]:
    return persons.officers, persons.authors, persons.approvers, persons.operators


def _for_grants(persons: Persons) -> Iterator[str]:
    """Whom `veil up` invites to what commands ask a code for: one of each who have a part in grants, or erase."""
    parts = (persons.requesters, persons.grantors_a, persons.grantors_b, persons.operators, persons.approvers)
    for holders in parts:
        yield from holders[:1]


def _for_keys(persons: Persons) -> Iterator[str]:
    """Whom it invites to administer keys."""
    yield from persons.key_administrators[:1]


def _provisioned(
    doors: Mapping[str, Doors], guests: Sequence[str], vault: VaultEndpoint, rights: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, Enrolment]]:
    """Client ids by project, and these persons enrolled anew."""
    token = vault.token_file.read_text(encoding="utf-8").strip()
    session = Session(vault.url, vault.ca_file, Credentials(token=token))
    try:
        people = PeopleProvisioner(session)
        clients = people.apply(doors, rights)
        signers = frozenset[str]().union(*(one.signers for one in doors.values()))
        return clients, {
            name: people.enrol(name, secrets.token_urlsafe(PASSWORD_BYTES), signs=name in signers)
            for name in guests
        }
    finally:
        session.close()


def _provider(vault: VaultEndpoint, client_id: str, door: str, *, signs: bool) -> Provider:
    return Provider(
        issuer=f"{vault.url}/v1/identity/oidc/provider/{PROVIDER}",
        client_id=client_id,
        person_claim=PERSON_CLAIM,
        scope=f"{oidc.SCOPE} {SCOPE}",
        enforcing=True,
        ca_file=str(vault.ca_file),
        authorization_endpoint=door + AUTHORIZE,
        signing_endpoint=door + SIGN if signs else "",
    )
