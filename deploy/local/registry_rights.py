"""Who may ask our registry for what, in its own settings. Pure.

What is not listed is refused to everybody, whoever asks: deleting, administration, import and export, the console,
other APIs. Who shows a client certificate reads; who also shows a token of who provisions (`schemas.registrar`)
registers. Two checks know that: Quarkus by method and path, and behind it Apicurio by what a method is for.

Since the pinned version Quarkus has mended how it cuts parameters off paths (its pull requests 53930 and 56860).
The tests look for a way past the first check by such paths.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.registrar import AUDIENCE, ISSUER, WRITER


@dataclass(frozen=True, slots=True)
class Right:
    """`path`: and everything below it."""

    method: str
    path: str


CONFLUENT_API = "/apis/ccompat/v7"
READING = (
    Right("GET", f"{CONFLUENT_API}/schemas"),
    Right("GET", f"{CONFLUENT_API}/subjects"),
    # Apicurio 2.6 has nothing there: so told, Confluent's deserializers go on; where they are refused, they end.
    Right("GET", f"{CONFLUENT_API}/associations"),
    Right("GET", "/apis/registry/v2/ids"),  # what Apicurio's own deserializers and Kafka Connect's converter ask
)
REGISTERING = (Right("POST", f"{CONFLUENT_API}/subjects"), Right("PUT", f"{CONFLUENT_API}/config"))
_PERMISSION = "quarkus.http.auth.permission"
_BASIC = "app.authn.basic-auth-client-credentials.enabled"


def settings(public_key: str) -> dict[str, str]:
    """`public_key`: of who provisions (`WriterKey.public`)."""
    return _believed(public_key) | _permitted() | _by_role() | _fixed()


def _believed(public_key: str) -> dict[str, str]:
    """Whose tokens: one key's, so that no provider of OpenID is asked."""
    return {
        "registry.auth.enabled": "true",
        "quarkus.oidc.auth-server-url": "",
        "quarkus.oidc.public-key": public_key,
        "quarkus.oidc.token.issuer": ISSUER,
        "quarkus.oidc.token.audience": AUDIENCE,
        "quarkus.oidc.token.signature-algorithm": "RS256",
        "quarkus.oidc.roles.role-claim-path": "groups",
        # Apicurio has it at DEBUG, where it writes tokens that it refuses.
        'quarkus.log.category."io.quarkus.oidc.runtime.OidcProvider".level': "WARN",
    }


def _permitted() -> dict[str, str]:
    """Quarkus knows a path by its longest match, and there refuses every method that is not named."""
    found = {f"{_PERMISSION}.rest.paths": "/*", f"{_PERMISSION}.rest.policy": "deny"}
    found["quarkus.http.auth.policy.provisions.roles-allowed"] = WRITER
    for policy, rights in (("permit", READING), ("provisions", REGISTERING)):
        for number, right in enumerate(rights):
            name = f"{_PERMISSION}.{policy}-{number}"
            found |= {
                f"{name}.methods": right.method,
                f"{name}.paths": f"{right.path}/*",
                f"{name}.policy": policy,
            }
    return found


def _by_role() -> dict[str, str]:
    return {
        "registry.auth.role-based-authorization": "true",
        "registry.auth.role-source": "token",
        "registry.auth.anonymous-read-access.enabled": "true",  # anonymous: with a certificate, without a token
    }


def _fixed() -> dict[str, str]:
    """These settings go before those in Apicurio's database (450), which an administrator could change by API.

    Version 2.6.13 looks there whether passwords count as tokens, at a moment when it can't, and so answered 500 to
    everybody whom Quarkus has to tell apart: what is said here, under both names that it has, is not looked up.
    """
    return {"config_ordinal": "1000", _BASIC: "false", f"%prod.{_BASIC}": "false"}
