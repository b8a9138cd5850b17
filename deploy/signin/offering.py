"""Sign-in for an installation: what its label processes are told, and the local provider while it lasts."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from deploy.local.endpoints import VaultEndpoint
from deploy.signin import invitation
from deploy.signin.configuration import Listening, Provider, SignInConfiguration, save
from deploy.signin.door import Door
from deploy.signin.invitation import Invitation
from streams.engine.clock import SystemClock
from streams.web import oidc
from streams.web.server import is_loopback
from streams.web.signin import CALLBACK
from topology.project import Project
from vault.people import PERSON_CLAIM, PROVIDER, SCOPE, Doors, Enrolment, PeopleProvisioner
from vault.session import Credentials, Session

PASSWORD_BYTES = 12
"""96 random bits, of which OpenBao lets anyone try five in a quarter of an hour."""


class Offering:
    """An external provider where one is configured; else, for browsers of this machine, the OpenBao that is ours.
    With neither, nobody signs in with a browser.
    """

    def __init__(self, root: Path, listening: Listening, external: Provider | None) -> None:
        self._root = root
        self._listening = listening
        self._external = external
        self._door: Door | None = None

    def start(
        self,
        projects: Mapping[str, Project],
        ports: Mapping[str, int],
        vault: VaultEndpoint,
        instances: Mapping[str, Sequence[int]] = MappingProxyType({}),
    ) -> bool:
        """Write it all down before label starts; `ports` are those that browsers know, by project, `instances`
        those of the processes that share it. Whether anyone can sign in.

        Raises VaultUnavailable, AccessDenied, StackError.
        """
        providers: Mapping[str, Provider | None] = dict.fromkeys(projects, self._external)
        for project in projects:
            invitation.remove(self._root, project)
        if self._external is None and vault.audit_log is not None and is_loopback(self._listening.name):
            origins = {name: f"{self._listening.base}:{ports[name]}" for name in projects}
            providers = self._local(projects, origins, vault)
        configured = {
            name: SignInConfiguration(
                self._listening, ports[name], providers[name], tuple(instances.get(name, ()))
            )
            for name in projects
        }
        save(self._root, configured)
        return any(providers.values())

    def stop(self) -> None:
        """Close the door. Never raises."""
        if self._door is not None:
            self._door.stop()
            self._door = None

    def _local(
        self, projects: Mapping[str, Project], origins: Mapping[str, str], vault: VaultEndpoint
    ) -> dict[str, Provider | None]:
        doors = {
            name: Doors(project.persons.labeling, origins[name] + CALLBACK) for name, project in projects.items()
        }
        guests = {
            name: project.persons.annotators[0] for name, project in projects.items() if project.persons.annotators
        }
        clients, invited = _provisioned(doors, sorted(set(guests.values())), vault)
        for name, person in guests.items():
            made = invited[person]
            page = f"{origins[name]}/"
            invitation.write(self._root, name, Invitation(page, person, made.password, made.otpauth))
        tls = ssl.create_default_context(cafile=str(vault.ca_file))
        redirects = {clients[name]: one.redirect_uri for name, one in doors.items()}
        self._door = Door(vault.url, tls, redirects, SystemClock())
        entrance = self._door.start()
        return {name: _provider(vault, clients[name], entrance) for name in projects}


def _provisioned(
    doors: Mapping[str, Doors], guests: Sequence[str], vault: VaultEndpoint
) -> tuple[dict[str, str], dict[str, Enrolment]]:
    """Client ids by project, and these persons enrolled anew."""
    token = vault.token_file.read_text(encoding="utf-8").strip()
    session = Session(vault.url, vault.ca_file, Credentials(token=token))
    try:
        people = PeopleProvisioner(session)
        clients = people.apply(doors)
        return clients, {name: people.enrol(name, secrets.token_urlsafe(PASSWORD_BYTES)) for name in guests}
    finally:
        session.close()


def _provider(vault: VaultEndpoint, client_id: str, entrance: str) -> Provider:
    return Provider(
        issuer=f"{vault.url}/v1/identity/oidc/provider/{PROVIDER}",
        client_id=client_id,
        person_claim=PERSON_CLAIM,
        scope=f"{oidc.SCOPE} {SCOPE}",
        enforcing=True,
        ca_file=str(vault.ca_file),
        authorization_endpoint=entrance,
    )
