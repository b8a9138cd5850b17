from __future__ import annotations

import random
import socket
from dataclasses import astuple
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.ports import HIGHEST, LOWEST, OF_PART, Ports, choose, is_free, keep, require_free
from schemas.errors import StackError

some_ports = st.lists(st.integers(LOWEST, HIGHEST), min_size=20, max_size=60)


@given(some_ports, st.sets(st.integers(LOWEST, HIGHEST)))
def test_chosen_ports_are_distinct_and_free(candidates: list[int], taken: set[int]):
    usable = set(candidates) - taken
    if len(usable) < 6:
        with pytest.raises(StackError, match="free ports"):
            choose(candidates, lambda port: port not in taken)
        return
    chosen = astuple(choose(candidates, lambda port: port not in taken))
    assert len(set(chosen)) == 6
    assert set(chosen) <= usable


def test_ports_are_kept_from_the_first_start_on(tmp_path: Path):
    path = tmp_path / "ports.json"
    first = keep(path, random.Random(1))
    assert keep(path, random.Random(2)) == first


@pytest.mark.parametrize("content", ["", "{}", '{"kafka": 1}', "[]"])
def test_a_damaged_file_is_named(tmp_path: Path, content: str):
    path = tmp_path / "ports.json"
    path.write_text(content)
    with pytest.raises(StackError, match=r"ports\.json is damaged"):
        keep(path, random.Random(1))


def test_a_kept_port_that_somebody_took_is_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(StackError, match=f"Port {port} on 127.0.0.1, kept for registry"):
            require_free(Ports(1, 2, 3, 4, 5, port), "registry")


def test_every_port_belongs_to_one_part():
    names = [name for part in OF_PART.values() for name in part]
    assert sorted(names) == sorted(Ports.__dataclass_fields__)
