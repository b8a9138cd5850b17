"""Names whose passwords Kafka may not know."""

from __future__ import annotations

import pytest

from deploy.provision.unsettled import Unsettled
from schemas.errors import ConfigError


def test_what_was_begun_stands_until_it_is_settled_and_then_there_is_no_file(tmp_path):
    Unsettled(tmp_path).add(["redact.demo", "join.demo"])
    Unsettled(tmp_path).add(["join.demo", "label.demo"])
    assert Unsettled(tmp_path).names() == {"redact.demo", "join.demo", "label.demo"}
    Unsettled(tmp_path).settle(["redact.demo", "join.demo"])
    assert Unsettled(tmp_path).names() == {"label.demo"}, "somebody else's are left"
    Unsettled(tmp_path).settle(["label.demo", "keeper.demo"])
    assert Unsettled(tmp_path).names() == frozenset()
    assert list((tmp_path / "topology").iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", '{"users": 3}', "\x00"])
def test_a_damaged_file_says_what_to_do(tmp_path, content):
    Unsettled(tmp_path).add(["redact.demo"])
    (file,) = (tmp_path / "topology").iterdir()
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"unsettled\.json: damaged; delete it"):
        Unsettled(tmp_path).names()
