"""From a project's sign-in configuration to what its label process is given."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

from deploy.signin.configuration import Provider, SignInConfiguration
from deploy.signin.current_persons import CurrentPersons
from deploy.surroundings import Surroundings, project_folders
from schemas.control import Freezable
from schemas.errors import ConfigError
from streams.label.oidc import ProviderRules
from streams.label.provider import OidcProvider, ProviderSettings
from streams.label.settings import LabelSettings
from streams.label.signin import SignInSeams
from topology.loading import load_topology
from topology.project import Persons


def signin_seams(around: Surroundings, configured: SignInConfiguration, settings: LabelSettings) -> SignInSeams:
    """Raises ConfigError for a file that can't be read."""
    provider, project, book = configured.provider, around.project, around.book
    declared = around.topology.project(project).persons
    return SignInSeams(
        origin=configured.origin,
        provider=OidcProvider(_settings(provider), settings.signin) if provider else None,
        persons=persons_of(around.root, project, declared),
        frozen=lambda: bool(book.frozen_by(project, Freezable.LABEL)),
        sessions=settings.sessions,
        settings=settings.signin,
    )


def persons_of(root: Path, project: str, declared: Persons) -> Callable[[], Persons | None]:
    """Of the user's own files where these are read with the project. Where they don't know it, as declared at the
    start: it is of elsewhere. Raises ConfigError for a file that can't be read.
    """

    def load() -> Persons:
        return load_topology(extra_projects=project_folders(root)).project(project).persons

    folders = project_folders(root)
    if not folders or project not in load_topology(extra_projects=folders).projects:
        return lambda: declared
    return CurrentPersons(lambda: project_folders(root), load)


def _settings(provider: Provider) -> ProviderSettings:
    rules = ProviderRules(
        provider.issuer, provider.client_id, provider.person_claim, provider.acr, provider.amr, provider.enforcing
    )
    try:
        secret = Path(provider.secret_file).read_text(encoding="utf-8").strip() if provider.secret_file else ""
        tls = ssl.create_default_context(cafile=provider.ca_file or None)
    except (OSError, ValueError):
        raise ConfigError(
            "the OpenID provider's secret or CA can't be read; see VEIL_OIDC_CLIENT_SECRET_FILE and VEIL_OIDC_CA"
        ) from None
    return ProviderSettings(rules, tls, provider.scope, secret, provider.authorization_endpoint)
