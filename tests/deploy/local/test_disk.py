from __future__ import annotations

import errno
from pathlib import Path

import pytest

from deploy.local.disk import explained, require_space
from schemas.errors import StackError


def test_too_little_room_is_said_before_the_start(tmp_path: Path):
    require_space(tmp_path, 1)
    with pytest.raises(StackError, match=r"Only \d+ MiB are free on the disk of .* are needed"):
        require_space(tmp_path, 1 << 62)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_called_that(tmp_path: Path, code: int):
    with pytest.raises(StackError, match=r"The disk of .* is full; free some space"), explained(tmp_path):
        raise OSError(code, "No space left on device")


def test_other_trouble_with_files_names_the_file(tmp_path: Path):
    with pytest.raises(StackError, match=r"can't be used: .*missing"), explained(tmp_path):
        (tmp_path / "missing").read_text()
