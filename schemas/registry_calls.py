"""What is asked of the schema registry, by HTTP: one connection, tried again where nothing was sent."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import httpx

from schemas.errors import AccessDenied, RegistryUnavailable

TIMEOUT_S = 5.0
"""A look-up on loopback takes 2–10 ms; five seconds is a registry in trouble."""
NOT_FOUND, CONFLICT = 404, 409
UNKNOWN_ID = frozenset({400, 404, 422})
"""What a registry may answer for an id that is none of its own: not found, or not even an id."""
_CONTENT = "application/vnd.schemaregistry.v1+json"
_DENIED = frozenset({401, 403})


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
                return self._ask(method, path, content)
            except httpx.ConnectError:
                # Nothing was sent. Quarkus 3.15 hangs up on who connects while it reads its certificate anew.
                return self._ask(method, path, content)
        except httpx.HTTPError as error:
            raise RegistryUnavailable(f"the schema registry does not answer ({type(error).__name__})") from None

    def _ask(self, method: str, path: str, content: dict[str, str] | None) -> httpx.Response:
        headers = {"Content-Type": _CONTENT}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token()}"
        return self._client.request(method, path, json=content, headers=headers)


def answered(answer: httpx.Response) -> Any:  # noqa: ANN401 - any JSON
    """The JSON of what went well. Raises AccessDenied, RegistryUnavailable."""
    if answer.status_code in _DENIED:
        raise AccessDenied(f"the schema registry refuses this ({answer.status_code}); only who provisions may")
    if answer.is_error:
        raise RegistryUnavailable(f"the schema registry answered {answer.status_code}")
    return answer.json()
