"""Every limit of what browsers and programs call over HTTP, with its reason. Times as their names say."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Limits of connections, whatever is said on them."""

    places: int = 500
    """At once, whoever is in the middle of a handshake among them. Who comes then takes the place of somebody who
    lets the server wait (`places.py`)."""
    headers_s: float = 10.0
    """From taking a connection, TLS included, until the headers of its first request are whole; of a later request
    from its first byte. Who connects beforehand and asks later than this connects again."""
    body_s: float = 20.0
    """From then until the body is whole: twice `body_timeout_s`, so that who reads it has said by then what was
    wrong. Where nobody reads it, it ends all the same."""
    idle_s: int = 30
    """Between an answer and the next request. Fronts and label's processes keep their connections to each other
    for 20 s: so it is they who end them, and no call is sent to where nobody listens any more."""
    untaken_s: float = 30.0
    """A client that takes nothing of its answer for so long is gone."""


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Limits of a server."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 lets the system choose; `WebServer.url` says what it chose."""
    body_bytes: int = 64 * 1024
    """A thousand spans as JSON. Counted while streaming, whatever Content-Length claims."""
    header_bytes: int = 16 * 1024
    """A bearer token is under 1 kB; browsers send a few more."""
    body_timeout_s: float = 10.0
    """A client that sends 64 kB more slowly than this is let go."""
    json_depth: int = 8
    """A result is four levels deep."""
    json_nodes: int = 20_000
    """Five nodes a span, and room to spare."""
    target_chars: int = 4_096
    """Path and query of a request: a provider's answer to a sign-in is under 2,000."""
    connections: ConnectionSettings = field(default_factory=ConnectionSettings)
    retry_after_s: int = 1
    """What `Retry-After` says with each 503."""


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """Limits of browsers' sessions."""

    idle_ms: int = 900_000
    """Without a task taken, held by heartbeat or answered for a quarter of an hour the session ends. The page
    sends heartbeats only for who is there, and one when the time of a lease is over."""
    life_ms: int = 14_400_000
    """Four hours, half a shift: then sign in anew, with the second factor."""
    kept: int = 1_000
    """People signed in at once: twice the connections."""
    endings_kept: int = 4_000
    """Ended sessions whose reason is remembered, so that a browser can be told: a day's."""
    sweep_s: float = 1.0
    """How often idle, expired, revoked and frozen sessions are looked for."""


@dataclass(frozen=True, slots=True)
class SignInSettings:
    """Limits of signing in."""

    begun_ms: int = 600_000
    """From `GET /signin` to the provider's answer: time to find a telephone."""
    begun_kept: int = 1_000
    """Sign-ins under way at once; of more, one is forgotten of where most were begun. 700 bytes each."""
    per_address_minute: int = 30
    """Sign-ins begun, and answers taken, from one address; of IPv6 from one network of 64 bits."""
    per_address_burst: int = 10
    """So many of them at once. A team behind one address signs in within a minute or two."""
    per_person_minute: int = 6
    """Sign-ins of one person that the provider has vouched for."""
    per_person_burst: int = 6
    """So many of them at once."""
    leeway_s: int = 30
    """How far the provider's clock may run ahead or behind."""
    id_token_age_s: int = 600
    """An ID token issued longer ago is not the answer to a sign-in that has just ended."""
