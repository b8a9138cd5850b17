"""What mappings in Vault cost: segments written beside bare writes of the same size.

Under the administrator's token, in this process: no stage works meanwhile. Writes go by turns, so that their ratio
is of one machine in one state.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter

from deploy.bench.figures import median
from deploy.bench.ground import PROJECT, Ground
from deploy.bench.report import Mappings
from deploy.bench.segments import Sealing, administrators_vault, contents
from deploy.local.endpoints import VaultEndpoint
from vault.documents import WRITERS, mount_of

SLOT = f"redact.{PROJECT}.8"
TASKS = 100
"""Of a segment: 44 kB in each of its larger documents."""
TURN = 25
"""Segments written in one go, product and bare by turns."""
LIMIT_S = 30.0


def measure(ground: Ground, segments: int) -> Mappings:
    """So many segments sealed and written."""
    place = ground.installation.endpoints.vault
    ground.end_all()
    rates: dict[str, list[float]] = {"sealed": [], "stored": [], "bare": []}
    turns = max(1, segments // TURN)
    with administrators_vault(ground) as vault, Bare(place) as bare:
        sealing = Sealing(vault, SLOT)
        for turn in range(turns):
            tasks = [contents() for _ in range(TURN * TASKS)]
            begun = time.monotonic()
            made = [sealing.seal(tasks[at : at + TASKS]) for at in range(0, len(tasks), TASKS)]
            rates["sealed"].append(TURN / (time.monotonic() - begun))
            begun = time.monotonic()
            vault.create_all([document for one in made for document in one.documents])
            rates["stored"].append(TURN / (time.monotonic() - begun))
            noise = [os.urandom(len(blob)) for one in made for _, blob in one.documents]
            begun = time.monotonic()
            bare.write(turn, noise)
            rates["bare"].append(TURN / (time.monotonic() - begun))
    found = Mappings(turns * TURN, *(median(rates[name]) for name in ("sealed", "stored", "bare")))
    ground.report(f"{found.stored_per_s:,.0f} segments/s, bare writes of their size {found.bare_per_s:,.0f}")
    return found


class Bare:
    """A KV v2 write without us: the same HTTP client, as many threads and connections, nothing sealed."""

    def __init__(self, place: VaultEndpoint) -> None:
        self._url = f"{place.url}/v1/{mount_of(PROJECT)}/data/bare"
        self._threads = ThreadPoolExecutor(WRITERS)
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.verify = str(place.ca_file)
        self._http.headers["X-Vault-Token"] = _token(place)
        self._http.mount("https://", HTTPAdapter(pool_connections=1, pool_maxsize=WRITERS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()
        self._http.close()

    def write(self, turn: int | str, contents: Sequence[bytes]) -> None:
        """A new document of each, below a name that was not used before. Raises what requests does."""
        paths = [f"{self._url}/{turn}/{number}" for number in range(len(contents))]
        list(self._threads.map(self._post, paths, contents))

    def _post(self, url: str, content: bytes) -> None:
        body: Any = {
            "data": {"bytes": base64.b64encode(content).decode("ascii")},
            "options": {"cas": 0},
        }
        self._http.post(url, json=body, timeout=LIMIT_S).raise_for_status()


def _token(place: VaultEndpoint) -> str:
    return place.token_file.read_text(encoding="utf-8").strip()
