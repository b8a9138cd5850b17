"""What a run before has left is removed, and nothing that somebody else has put there."""

from __future__ import annotations

import pytest

from deploy.supervise.emptied import emptied, require_ours
from deploy.supervise.lock import RootLock
from schemas.errors import StackError


def test_the_run_before_is_removed_also_where_it_ended_at_once(tmp_path):
    root = tmp_path / "drill"
    for _ in range(3):
        assert emptied(root) == root
        assert [it.name for it in root.iterdir()] == ["run"]
        assert root.stat().st_mode & 0o777 == 0o700
        (root / "projects").mkdir()


def test_a_folder_that_is_empty_may_be_used(tmp_path):
    assert emptied(tmp_path) == tmp_path


def test_what_is_somebody_else_s_is_left_alone(tmp_path):
    (tmp_path / "drill").mkdir()
    (tmp_path / "drill" / "thesis.txt").write_text("three years")
    with pytest.raises(StackError, match="not ours"):
        emptied(tmp_path / "drill")
    with pytest.raises(StackError, match="not ours"):
        require_ours(tmp_path / "drill", "index.json")
    assert (tmp_path / "drill" / "thesis.txt").read_text() == "three years"


def test_a_run_that_goes_on_is_left_alone(tmp_path):
    root = emptied(tmp_path / "drill")
    with RootLock(root), pytest.raises(StackError, match="in use"):
        emptied(root)
