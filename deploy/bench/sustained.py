"""Ten thousand placeholders a second for a while, and how much of what Vault can write that takes, by each store.

Sealed and written as redact does it, in this process and at that rate; no stage works meanwhile. Right after, bare
writes of documents of the same sizes, as many as Vault takes: the share is of one machine in one state.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from contextlib import closing

from deploy.bench.ground import PROJECT, Ground
from deploy.bench.mappings import Bare
from deploy.bench.report import Sustained
from deploy.bench.segments import Sealing, administrators_vault, contents, topics_of
from schemas.geometry import FieldGeometry, Span
from schemas.geometry_codec import Geometry, encode_geometry
from schemas.records import RawReference
from topology.project import SegmentStore
from vault.client import VaultClient
from vault.segments.sealing import Segment, TaskContents

ASKED_PER_S = 10_500
"""Placeholders: a twentieth more than was promised."""
OF_A_TASK = 4
"""Placeholders."""
TASKS = 250
"""Of a segment: redact takes at most 500 records at once."""
SLOTS = {SegmentStore.VAULT: f"redact.{PROJECT}.4", SegmentStore.TOPICS: f"redact.{PROJECT}.5"}
FIELD, LENGTH = "body", 240


def measure(ground: Ground, seconds: float) -> tuple[Sustained, ...]:
    """Each store in turn, for so many seconds."""
    ground.end_all()
    place = ground.installation.endpoints.vault
    found = []
    with administrators_vault(ground) as vault, Bare(place) as bare, closing(topics_of(ground)) as topics:
        for store, slot in SLOTS.items():
            sealing = Sealing(vault, slot, topics if store is SegmentStore.TOPICS else None)
            took, written = _written(vault, sealing, seconds)
            blobs = [blob for one in written for _, blob in one.documents]
            begun = time.monotonic()
            bare.write(f"sustained-{store}", [os.urandom(len(blob)) for blob in blobs])
            free = len(blobs) / (time.monotonic() - begun)
            found.append(_sustained(store, written, took, blobs, free))
            ground.report(f"{store}: {found[-1].share:.1%} of what Vault can write")
    return tuple(found)


def _sustained(
    store: SegmentStore, written: Sequence[Segment], took: float, blobs: Sequence[bytes], free: float
) -> Sustained:
    return Sustained(
        store.value,
        len(written) * TASKS * OF_A_TASK / took,
        len(blobs) / took,
        free,
        sum(map(len, blobs)) / took,
    )


def _written(vault: VaultClient, sealing: Sealing, seconds: float) -> tuple[float, list[Segment]]:
    """Segments at the pace that is asked for, or as fast as it goes."""
    every, made = OF_A_TASK * TASKS / ASKED_PER_S, list[Segment]()
    tasks = [_task(number) for number in range(TASKS)]
    begun = time.monotonic()
    while (now := time.monotonic() - begun) < seconds:
        if (early := len(made) * every - now) > 0:
            threading.Event().wait(early)
        made.append(sealing.seal(tasks))
        vault.create_all(made[-1].documents)
    return time.monotonic() - begun, made


def _task(number: int) -> TaskContents:
    """As of a letter in which four values were found."""
    spans = tuple(
        Span(FIELD, at, at + 12, at, at + 10, "PERSON", f"PERSON_{at}", "placeholder") for at in range(20, 180, 40)
    )
    raw = RawReference(f"raw.{PROJECT}", 0, number, 1)
    geometry = encode_geometry(Geometry(raw, (FieldGeometry(FIELD, LENGTH, LENGTH, spans),)))
    values = {f"[PERSON_{at}]": f"somebody {at} of {number}" for at in range(1, OF_A_TASK + 1)}
    return contents(geometry, json.dumps(values).encode())
