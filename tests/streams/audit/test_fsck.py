"""Tessera's checker (`go install github.com/transparency-dev/tessera/cmd/fsck@latest`) accepts what we export."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from streams.audit.entries import origin
from streams.audit.sealed import verifier_of
from streams.audit.store import Directory
from streams.audit.tiles import CHECKPOINT
from streams.engine.messages import TopicPartition
from tests.streams.audit.memory_audit import LOG, PINS, PREFIXES, MemoryAudit

FSCK = shutil.which("fsck", path=str(Path.home() / "go" / "bin")) or shutil.which("tessera-fsck")
needs_fsck = pytest.mark.skipif(FSCK is None, reason="Tessera's fsck is not installed (in ~/go/bin)")
PLACE = TopicPartition("audit.demo", 0)
FRAME = b"\x00" + next(iter(PREFIXES)).to_bytes(4, "big")


def checked(folder: Path) -> str:
    key = folder.with_name("log.pub")
    key.write_text(verifier_of(origin(LOG, *_place()), PINS).text())
    command = [str(FSCK), f"--storage_url=file://{folder}/", f"--public_key={key}", "--ui=false", "-v=1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stderr


def _place() -> tuple[str, int]:
    return PLACE.topic, PLACE.partition


@needs_fsck
@pytest.mark.parametrize("size", [1, 300, 66_000])
def test_tesseras_fsck_accepts_an_export_unchanged(tmp_path, size):
    audit = MemoryAudit()
    audit.add(*_place(), *(FRAME + b"%d" % number for number in range(size)))
    audit.export(Directory(tmp_path), audit.checkpoints({PLACE: size - size // 3}))
    audit.export(Directory(tmp_path))
    folder = tmp_path / "audit.demo-0"
    assert f"\n{size}\n" in (folder / CHECKPOINT).read_text()
    said = checked(folder)
    assert f"log of size {size}" in said
    ranges = said.partition("Completed ranges:")[2]
    assert f"EntryBdl: \n[0, {(size - 1) // 256 + 1}):OK" in ranges
    assert not {"failed", "Invalid", "Unchecked", "Fetched"} & set(re.findall(r"\w+", ranges)), said
