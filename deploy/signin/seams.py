"""From a project's sign-in configuration to what its label process is given."""

from __future__ import annotations

import ssl
from pathlib import Path

from deploy.signin.configuration import Provider, SignInConfiguration
from deploy.surroundings import Surroundings
from schemas.control import Freezable
from schemas.errors import ConfigError
from streams.label.settings import LabelSettings
from streams.label.signin import SignInSeams
from streams.web.oidc import ProviderRules
from streams.web.provider import OidcProvider, ProviderSettings


def signin_seams(around: Surroundings, configured: SignInConfiguration, settings: LabelSettings) -> SignInSeams:
    """Raises ConfigError for a file that can't be read."""
    provider, project, book = configured.provider, around.project, around.book
    return SignInSeams(
        origin=configured.origin,
        provider=OidcProvider(provider_settings(provider), settings.signin) if provider else None,
        frozen=lambda: bool(book.frozen_by(project, Freezable.LABEL)),
        sessions=settings.sessions,
        settings=settings.signin,
    )


def provider_settings(provider: Provider) -> ProviderSettings:
    """With what is in files. Raises ConfigError."""
    rules = ProviderRules(
        provider.issuer,
        provider.client_id,
        provider.person_claim,
        provider.acr,
        provider.amr,
        provider.enforcing,
        provider.device_claim,
    )
    try:
        secret = Path(provider.secret_file).read_text(encoding="utf-8").strip() if provider.secret_file else ""
        tls = ssl.create_default_context(cafile=provider.ca_file or None)
    except (OSError, ValueError):
        raise ConfigError(
            "the OpenID provider's secret or CA can't be read; see VEIL_OIDC_CLIENT_SECRET_FILE and VEIL_OIDC_CA"
        ) from None
    return ProviderSettings(rules, tls, provider.scope, secret, provider.authorization_endpoint)
