"""Asks the owner of the queue whether it is there."""

from __future__ import annotations

from http import HTTPStatus

import httpx

from schemas.states import OwnerState
from streams.label.front_door import PROBE
from streams.label.link_certificate import LINK, trusting
from streams.label.owner import Probe


class Prober:
    """Keeps a connection to one owner at a time. Not thread-safe."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._owner: OwnerState | None = None
        self._client: httpx.Client | None = None

    def probe(self, owner: OwnerState) -> Probe:
        """What comes of it, after twice `limit_s` seconds at most.

        A connection that was kept may have had to give way to others meanwhile (`streams.web.places`), which says
        nothing of the owner: it is asked once more, on another (RFC 9112, 9.3.1).
        """
        for _ in range(2):
            try:
                return _meaning(self._client_of(owner).get(PROBE, extensions={"sni_hostname": LINK}), owner)
            except httpx.TimeoutException:
                return Probe.SILENT
            except httpx.ConnectError:
                return Probe.GONE
            except httpx.HTTPError:  # it closed the connection, or talks nonsense
                self.close()
        return Probe.SILENT

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _client_of(self, owner: OwnerState) -> httpx.Client:
        if self._client is None or owner != self._owner:
            self.close()
            tls = trusting(owner.certificate)
            self._client = httpx.Client(base_url=owner.url, verify=tls, timeout=self._limit_s, trust_env=False)
            self._owner = owner
        return self._client


def _meaning(answer: httpx.Response, owner: OwnerState) -> Probe:
    if answer.status_code != HTTPStatus.OK:
        return Probe.BUSY
    try:
        said = answer.json()["instance"]
    except (ValueError, KeyError, TypeError):
        return Probe.GONE
    return Probe.ANSWERS if said == owner.instance else Probe.GONE
