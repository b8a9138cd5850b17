"""What shows that a log was cut or rewritten: checkpoints kept from an earlier look, cosignatures of witnesses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from streams.audit import checkpoint, note, tiles, tree
from streams.audit.chain import Pins
from streams.audit.checkpoint import Checkpoint
from streams.audit.findings import Finding, FindingKind
from streams.audit.note import BadNote, Verifier
from streams.audit.sealed import Sealed, folder_of, verifier_of
from streams.audit.store import Store
from streams.audit.tiles import BadTile, Tile

Witnessed = dict[str, dict[str, int]]


def against_kept(
    store: Store,
    logs: Mapping[str, Sealed],
    kept: Iterable[bytes],
    pins: Pins,
    witnesses: Iterable[Verifier],
    log: str | None = None,
) -> Iterator[Finding]:
    """Findings where an export does not go on from what was kept. `logs`: its own checkpoints, by folder; `log`:
    the folder of the only one that is looked at.
    """
    by_origin = {it.checkpoint.origin: (name, it.checkpoint) for name, it in logs.items()}
    trusted = tuple(witnesses)
    for data in kept:
        try:
            seen = _seen(data, pins, trusted)
        except BadNote as error:
            yield Finding(FindingKind.CHECKPOINT, "kept", f"the checkpoint you kept proves nothing: {error}")
            continue
        if log is not None and folder_of(seen.origin) != log:
            continue
        if seen.origin not in by_origin:
            text = f"the export has no such log, but {seen.size:,} entries of it have been seen"
            yield Finding(FindingKind.TRUNCATED, seen.origin, text)
            continue
        yield from _compared(store, *by_origin[seen.origin], seen)


def by_witnesses(logs: Mapping[str, Sealed], witnesses: Iterable[Verifier]) -> tuple[Witnessed, list[Finding]]:
    """When each witness has seen each log's checkpoint, in seconds; a finding for each one that has not."""
    times: Witnessed = {name: {} for name in logs}
    findings = []
    for witness in witnesses:
        for name, sealed in logs.items():
            try:
                times[name][witness.name] = note.check_cosignature(sealed.note, witness)
            except BadNote as error:
                findings.append(Finding(FindingKind.NOT_WITNESSED, name, str(error)))
    return times, findings


def _seen(data: bytes, pins: Pins, witnesses: tuple[Verifier, ...]) -> Checkpoint:
    """The kept checkpoint, if the sealer or one of the witnesses has signed it. Raises BadNote."""
    said, found = checkpoint.parse(data)
    for witness in witnesses:
        try:
            note.check_cosignature(found, witness)
        except BadNote:
            continue
        return said
    note.check(found, verifier_of(said.origin, pins))
    return said


def _compared(store: Store, name: str, now: Checkpoint, seen: Checkpoint) -> Iterator[Finding]:
    if seen.size > now.size:
        text = f"the log ends after {now.size:,} entries, but {seen.size:,} have been seen: it was cut"
        yield Finding(FindingKind.TRUNCATED, f"{name}#{now.size}", text)
        return

    def hashes(tile: Tile) -> list[bytes]:
        one, data = tiles.lying(tile, lambda path: store.get(f"{name}/{path}")) or (tile, b"")
        return tiles.hashes(data, one.width)[: tile.width]

    try:
        proof = tree.consistency_proof(tiles.node_reader(now.size, hashes), seen.size, now.size)
        tree.check_consistency(seen.size, seen.root, now.size, now.root, proof)
    except (tree.ProofFails, BadTile):
        text = (
            f"it does not begin with the {seen.size:,} entries that have been seen: it was rewritten, or tiles are"
        )
        yield Finding(FindingKind.REWRITTEN, f"{name}#0-{max(0, seen.size - 1)}", f"{text} damaged")
