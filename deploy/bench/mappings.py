"""What mappings in Vault cost: segments written beside bare writes of the same size, geometries opened as join
does it, and what a reveal asks of Vault once the second approver has signed.

Under the administrator's token, in this process: no stage works meanwhile. Writes go by turns, so that their ratio
is of one machine in one state.
"""

from __future__ import annotations

import base64
import itertools
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Self

import psutil
import requests
from requests.adapters import HTTPAdapter

from deploy.bench.figures import Latency, median
from deploy.bench.ground import PROJECT, Ground
from deploy.bench.report import Mappings
from deploy.local.endpoints import VaultEndpoint
from schemas.errors import StackError
from schemas.grants import GrantPurpose, GrantReason, GrantRequest
from schemas.hidden import SecretBytes
from vault.client import VaultClient
from vault.data_keys import DataKeys
from vault.documents import WRITERS, mount_of
from vault.granted import Handing, collect_shares, halves_of, hand_entry, open_values, release_share
from vault.segments.document import Layer, LayerDocument, path_of, unpack
from vault.segments.halves import GROUPS, SlotHalves
from vault.segments.opening import KEPT_DOCUMENTS, Geometries
from vault.segments.sealing import Segment, SegmentSealer, TaskContents
from vault.wrapping import unwrap

SLOT = f"redact.{PROJECT}.8"
REQUESTER = "bench-requester"
TASKS, CONTENT_BYTES = 100, 380
"""Of a segment: 44 kB in each of its larger documents."""
TURN = 25
"""Segments written in one go, product and bare by turns."""
HOUR_MS = 3_600_000
LIMIT_S = 30.0


def measure(ground: Ground, segments: int, reveals: int) -> Mappings:
    """So many segments written, all their geometries opened, and so many values revealed."""
    place = ground.installation.endpoints.vault
    ground.end_all()
    with VaultClient.from_token(place.url, place.ca_file, _token(place), PROJECT) as vault:
        written, rates = _written(vault, place, segments)
        opened, growth = _opened(vault, written)
        revealed = _revealed(vault, place, written, reveals)
    stored, bare = rates["stored"], rates["bare"]
    ground.report(f"{stored:,.0f} segments/s, bare writes of their size {bare:,.0f}; {opened:,.0f} geometries/s")
    return Mappings(len(written), rates["sealed"], stored, bare, opened, growth, revealed)


def _written(vault: VaultClient, place: VaultEndpoint, segments: int) -> tuple[list[Segment], dict[str, float]]:
    """The segments; how many a second are sealed, are stored, and where bytes as many are just written."""
    sealer = SegmentSealer(DataKeys(vault), SlotHalves(vault, PROJECT, SLOT), PROJECT, SLOT)
    names = (f"{SLOT}/1/{number}" for number in itertools.count())
    written: list[Segment] = []
    rates: dict[str, list[float]] = {"sealed": [], "stored": [], "bare": []}
    with _Bare(place) as bare:
        for turn in range(max(1, segments // TURN)):
            tasks = [_contents() for _ in range(TURN * TASKS)]
            begun = time.monotonic()
            made = [_segment(sealer, names, tasks[at : at + TASKS]) for at in range(0, len(tasks), TASKS)]
            rates["sealed"].append(TURN / (time.monotonic() - begun))
            begun = time.monotonic()
            vault.create_all([document for one in made for document in one.documents])
            rates["stored"].append(TURN / (time.monotonic() - begun))
            sizes = [len(blob) for one in made for _, blob in one.documents]
            begun = time.monotonic()
            bare.write(turn, sizes)
            rates["bare"].append(TURN / (time.monotonic() - begun))
            written += made
    return written, {name: median(found) for name, found in rates.items()}


class _Bare:
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

    def write(self, turn: int, sizes: Sequence[int]) -> None:
        """A new document of each size. Raises what requests does."""
        paths = [f"{self._url}/{turn}/{number}" for number in range(len(sizes))]
        list(self._threads.map(self._post, paths, sizes))

    def _post(self, url: str, size: int) -> None:
        content: Any = {
            "data": {"bytes": base64.b64encode(os.urandom(size)).decode("ascii")},
            "options": {"cas": 0},
        }
        self._http.post(url, json=content, timeout=LIMIT_S).raise_for_status()


def _segment(sealer: SegmentSealer, names: Iterator[str], tasks: Sequence[TaskContents]) -> Segment:
    (made,) = sealer.seal(tasks, lambda: next(names), _now()).segments
    return made


def _contents() -> TaskContents:
    fill = os.urandom(CONTENT_BYTES)
    return TaskContents(secrets.token_hex(16), SecretBytes(os.urandom(32)), fill, fill)


def _opened(vault: VaultClient, written: Sequence[Segment]) -> tuple[float, int]:
    """Geometries a second, each segment read once; and by how many bytes the process grew after as many segments
    as are kept had been read.
    """
    geometries, process, full = Geometries(vault, PROJECT), psutil.Process(), 0
    begun, count = time.monotonic(), 0
    for number, segment in enumerate(written):
        if number == min(KEPT_DOCUMENTS, len(written) // 2):
            full = process.memory_info().rss
        for task in segment.task_ids:
            geometries.geometry(segment.segment_id, task)
            count += 1
    rate = count / (time.monotonic() - begun)
    return rate, process.memory_info().rss - full


def _revealed(vault: VaultClient, place: VaultEndpoint, written: Sequence[Segment], reveals: int) -> Latency:
    """From the moment that the second share lies there: reveal reads and hands over the entry, the requester takes
    shares and entry and opens it.
    """
    once, took = partial(unwrap, place.url, place.ca_file), []
    for number in range(reveals):
        segment = written[number % len(written)]
        handing = _handing(segment.task_ids[number % TASKS])
        path = path_of(Layer.VALUES, segment.segment_id)
        halves = halves_of(_values(vault, path))
        for group, half in zip(GROUPS, halves, strict=True):
            release_share(vault, handing, group, half, _now())
        begun = time.monotonic()
        sealed = _values(vault, path).entries[handing.request.task_id]
        hand_entry(vault, handing, segment.segment_id, sealed, _now())
        open_values(vault, once, handing, collect_shares(vault, once, handing))
        took.append(time.monotonic() - begun)
    return Latency.of(took)


def _handing(task_id: str) -> Handing:
    since = _now()
    wanted = GrantRequest(
        REQUESTER, task_id, GrantPurpose.REHEARSAL, GrantReason.REHEARSAL, since, since + HOUR_MS
    )
    return Handing(PROJECT, secrets.token_hex(32), wanted)


def _values(vault: VaultClient, path: str) -> LayerDocument:
    found = vault.read(path)
    if found is None:
        raise StackError(f"{path} was written and is not there")
    return unpack(found.blob)


def _token(place: VaultEndpoint) -> str:
    return place.token_file.read_text(encoding="utf-8").strip()


def _now() -> int:
    return time.time_ns() // 1_000_000
