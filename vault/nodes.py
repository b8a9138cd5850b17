"""The nodes of one Vault, and which of them is asked: the active one.

A node that stands by may answer what it has not heard the end of. OpenBao's do since 2.5, unless its
configuration says `disable_standby_reads = true`: of 100 documents written at the active node and read at another
right after it, 99 were not there (2.7.2, three nodes of one machine). And when the active node dies, the others
don't know of the last that it took until one of them leads. Here a document that is missing has been erased: so
only a node that led before and after it was asked is believed that something is not there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hvac
import requests
from requests.adapters import HTTPAdapter

from vault.dated import Dated

CONNECT_TIMEOUT_S = 2.0
"""Loopback and data-centre connections take milliseconds; two seconds is a lost SYN and its retry."""
READ_TIMEOUT_S = 5.0
"""The slowest call measured (a 249-key batch, cold) took 40 ms; raft elections take 1–3 s."""
POOLED_CONNECTIONS = 16
"""Connections kept open: label's eight workers and the writers of `create_all`."""
LOOK_S = 1.0
"""How often a node that answers is asked whether it still is the active one: 2 ms."""
PROBE_TIMEOUT_S = 2.0
"""A node that takes longer to say how it is, is not the one to ask."""

_ACTIVE = 200
"""`sys/health` of the active node; 429, 472 and 473 are said by those that stand by, 503 by a sealed one."""


def addresses(url: str) -> tuple[str, ...]:
    """Those of the nodes, from a list with commas; one may be a balancer's before nodes that don't read by
    themselves.
    """
    return tuple(one for part in url.split(",") if (one := part.strip().rstrip("/")))


class Nodes:
    """A client for each address, with the same connections and token. Thread-safe.

    With one address that one is asked, whatever it is. With several, the active node is: looked for at the first
    call, when one fails, and when one no longer leads.
    """

    def __init__(self, url: str, ca: Path | str | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._addresses = addresses(url)
        self.http = _pooled(ca, len(self._addresses))
        self.dated = Dated(monotonic)
        self.http.hooks["response"].append(self.dated.hear)
        timeouts: Any = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)  # requests' form, which hvac's stubs don't know
        self._clients = [
            hvac.Client(url=one, session=self.http, timeout=timeouts, allow_redirects=False)
            for one in self._addresses
        ]
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._at = 0
        self._look_at = float("-inf")

    @property
    def current(self) -> hvac.Client:
        """Who is asked now."""
        return self._clients[self._at]

    @property
    def only(self) -> hvac.Client | None:
        """The client where there is one address."""
        return self._clients[0] if len(self._clients) == 1 else None

    @property
    def address(self) -> str:
        """Where that one is."""
        return self._addresses[self._at]

    def use(self, token: str) -> None:
        """By this token, at every node."""
        for client in self._clients:
            client.token = token

    def follow(self) -> None:
        """Before a call: if it is time to look, look whether the node that is asked leads, and else for one that
        does. Where none does, nothing changes.
        """
        if len(self._clients) == 1:
            return
        with self._lock:
            if self._monotonic() >= self._look_at:
                self._look()

    def failed(self, client: hvac.Client) -> None:
        """It has not answered, or not as it should: ask the one that leads, or, where none does yet, the next."""
        if len(self._clients) == 1:
            return
        with self._lock:
            if client is self._clients[self._at]:  # else another thread has moved on
                self._at = (self._at + 1) % len(self._clients)
                self._look()

    def leads(self, client: hvac.Client) -> bool:
        """Whether it is the active one; with one address, whoever answers there counts as it."""
        return len(self._clients) == 1 or self._active(self._clients.index(client))

    def close(self) -> None:
        """Close the pooled connections."""
        self.http.close()

    def _look(self) -> None:
        count = len(self._clients)
        order = [(self._at + step) % count for step in range(count)]
        self._at = next((at for at in order if self._active(at)), self._at)
        self._look_at = self._monotonic() + LOOK_S

    def _active(self, at: int) -> bool:
        url = f"{self._addresses[at]}/v1/sys/health"
        try:
            answer = self.http.get(url, timeout=(CONNECT_TIMEOUT_S, PROBE_TIMEOUT_S), allow_redirects=False)
        except requests.RequestException:
            return False
        return answer.status_code == _ACTIVE


def active_address(url: str, ca: Path | str | None) -> str:
    """The address to ask at now, for who brings a client of their own. Blocks; raises nothing."""
    nodes = Nodes(url, ca)
    try:
        nodes.follow()
        return nodes.address
    finally:
        nodes.close()


def _pooled(ca: Path | str | None, hosts: int) -> requests.Session:
    session = requests.Session()
    # Proxies and CA bundles from the environment must not decide where keys travel; and reading them
    # costs a quarter of a small call.
    session.trust_env = False
    session.verify = str(ca) if ca else True
    session.hooks["response"].append(_refuse_redirect)
    session.mount("https://", HTTPAdapter(pool_connections=hosts, pool_maxsize=POOLED_CONNECTIONS))
    return session


def _refuse_redirect(answer: requests.Response, **_: object) -> None:
    """A node that stands by and can't pass a request on answers 307 and the address of the active one, which hvac
    takes for success: a write would seem done. Nor is it followed: keys travel to addresses we were given only.
    """
    if answer.is_redirect:
        raise requests.TooManyRedirects("the node points to another one", response=answer)
