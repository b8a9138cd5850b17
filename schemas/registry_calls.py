"""What is asked of the schema registry, by HTTP, and once more where that changes nothing."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from typing import TypeVar

import httpx

from schemas.errors import RegistryUnavailable

T = TypeVar("T")

TIMEOUT_S = 5.0
"""A look-up on loopback takes 2–10 ms; five seconds is a registry in trouble, or one on a machine where twenty
processes have just begun.
"""
CHANGES_S = 30.0
"""What changes something is sent once, by who provisions and is in no hurry: on two cores where a Kubernetes and
all of its pods had just begun, a registry took longer than five seconds.
"""
PAUSES_S = (0.0, 0.5)
"""Before each further attempt to connect. Quarkus 3.15 hangs up on who connects while it reads its certificate
anew, and on a busy machine on who comes again at once.
"""
NOT_FOUND, CONFLICT, UNPROCESSABLE = 404, 409, 422
UNKNOWN_ID = frozenset({400, 404, 422})
"""What a registry may answer for an id that is none of its own: not found, or not even an id."""
_CONTENT = "application/vnd.schemaregistry.v1+json"
READS = "GET"
UNAUTHENTICATED = 401
DENIED = frozenset({UNAUTHENTICATED, 403})


class RegistryCalls:
    """Thread-safe. `token`: what is shown beside the certificate of `verify`, made anew for each call."""

    def __init__(
        self, url: str, verify: ssl.SSLContext | bool = True, token: Callable[[], str] | None = None
    ) -> None:
        self._client = httpx.Client(base_url=url.rstrip("/"), verify=verify, timeout=TIMEOUT_S, trust_env=False)
        self._token = token

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(self, method: str, path: str, content: dict[str, str] | None = None) -> httpx.Response:
        """Whatever it answers. Raises RegistryUnavailable where it doesn't."""
        try:
            try:
                return self._connected(method, path, content)
            except httpx.ReadTimeout:
                if method != READS:
                    raise
                return self._connected(method, path, content)
        except httpx.HTTPError as error:
            raise RegistryUnavailable(f"the schema registry does not answer ({type(error).__name__})") from None

    def _connected(self, method: str, path: str, content: dict[str, str] | None) -> httpx.Response:
        """Asked again where nothing was sent, after a moment."""
        for pause in PAUSES_S:
            try:
                return self._ask(method, path, content)
            except httpx.ConnectError:
                time.sleep(pause)
        return self._ask(method, path, content)

    def _ask(self, method: str, path: str, content: dict[str, str] | None) -> httpx.Response:
        headers = {"Content-Type": _CONTENT}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token()}"
        limits = httpx.Timeout(TIMEOUT_S, read=TIMEOUT_S if method == READS else CHANGES_S)
        return self._client.request(method, path, json=content, headers=headers, timeout=limits)


def answered(answer: httpx.Response, kind: type[T]) -> T:
    """The JSON of what went well, an object or a list. Raises RegistryUnavailable.

    Also where it is refused: what a process may read, it may read for good, so somebody is at work there.
    """
    if answer.status_code in DENIED:
        raise RegistryUnavailable(
            f"the schema registry refuses to be read ({answer.status_code}); check VEIL_REGISTRY_CERT"
        )
    if not answer.is_success:
        raise RegistryUnavailable(f"the schema registry answered {answer.status_code}")
    try:
        found = answer.json()
    except ValueError:
        found = None
    return _of(kind, found)


def part(found: object, name: str, kind: type[T]) -> T:
    """What an object says under a name. Raises RegistryUnavailable where it says nothing of that kind."""
    return _of(kind, _of(dict, found).get(name))


def _of(kind: type[T], found: object) -> T:
    if not isinstance(found, kind):
        raise RegistryUnavailable("the schema registry answered something else than a schema registry does")
    return found
