"""Verifying a backup by restoring it: into a stack that lives for that alone, whose folder is removed again."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from deploy.acting import act
from deploy.backup.age import AgeEnvelope, passing_pair
from deploy.backup.contents import BACKUP
from deploy.backup.restoring import Restored, Wanted, restore
from deploy.backup.secrets import OldSecrets
from deploy.backup.taking import Made, take
from deploy.progress import Report
from deploy.provision.parts import pins_path
from deploy.supervise.files import make_private_folder
from deploy.supervise.lock import root_owner
from deploy.surroundings import surroundings
from schemas.audit import Event, EventType
from schemas.resources import project_resource
from topology.identity import PLATFORM
from topology.pins import load_pins

VERIFYING = "verifying-"
LEFT_S = 3600.0
"""A verification takes minutes; what is older and is nobody's was left by one that was killed."""


def _sweep(root: Path) -> None:
    """It would keep what is erased from now on."""
    for folder in root.glob(f"{VERIFYING}*"):
        if root_owner(folder) is None and time.time() - folder.stat().st_mtime > LEFT_S:
            shutil.rmtree(folder, ignore_errors=True)


def verify(wanted: Wanted, root: Path, report: Report) -> Restored:
    """Restore into a folder below `root`, look, and leave nothing of it. Raises as `restore`."""
    _sweep(root)
    folder = make_private_folder(root.absolute()) / f"{VERIFYING}{secrets.token_hex(4)}"
    try:
        return restore(wanted, folder, report, to_go_on=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def say_verified(root: Path, restored: Restored) -> None:
    """Put the result on the audit of the stack that runs in `root`. Raises as `act`."""
    outcome = "success" if restored.holds else "failed"
    details = {
        "manifest": restored.digest,
        "checks": str(len(restored.checks)),
        "failed": str(restored.failed),
    }
    with closing(surroundings(root, BACKUP, PLATFORM)) as around:
        act(around, [], [Event(EventType.BACKUP_VERIFIED, project_resource(PLATFORM), outcome, details=details)])


def take_and_verify(
    root: Path, folder: Path, recipients: Sequence[str], own: OldSecrets, report: Report
) -> tuple[Made, Restored]:
    """Make a backup, and restore it by a key that is drawn for this and never leaves memory: whose it is for has
    theirs elsewhere. Both are on the audit.
    """
    passing, opener = passing_pair()
    made = take(root, folder, AgeEnvelope(recipients, (passing,)), report)
    wanted = Wanted(folder, opener, load_pins(pins_path(root)), own)
    restored = verify(wanted, root, report)
    say_verified(root, restored)
    return made, restored
