"""A root that begins empty, where a run before may have left its files: never what somebody else has put there."""

from __future__ import annotations

import shutil
from pathlib import Path

from deploy.supervise.files import make_private_folder
from deploy.supervise.lock import LOCK, RootLock
from schemas.errors import StackError


def emptied(root: Path) -> Path:
    """An empty private folder but for our mark. Raises StackError while a run goes on, and as `require_ours`."""
    with RootLock(_ours(root)):
        shutil.rmtree(root)
    return _ours(root)


def _ours(root: Path) -> Path:
    require_ours(root, LOCK)
    with RootLock(make_private_folder(root)):  # this leaves the mark, whatever ends us next
        return root


def require_ours(folder: Path, mark: Path | str) -> None:
    """Raises StackError where something lies in `folder`, and `mark`, which is ours, does not."""
    if folder.exists() and not (folder / mark).exists() and any(folder.iterdir()):
        raise StackError(
            f"{folder} holds files that are not ours and would be removed: do it yourself, or take another root."
        )
