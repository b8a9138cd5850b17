from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.stages.roles import RELEASE_NOTHING, roles_of
from topology.loading import load_topology


@pytest.mark.parametrize(("said", "runs"), [(None, False), (True, True), (False, True)])
def test_an_opener_runs_where_texts_are_laid_out_or_taken_back(said, runs):
    project = replace(load_topology().project("demo"), open_texts=said)
    assert ("opener" in roles_of(project)) is runs


def test_who_gives_nobody_a_record_or_a_label_goes_on_however_long_it_takes():
    """Everybody else asks `control` again: content of others, or a word about it, leaves them."""
    roles = load_topology().flow.roles
    assert {"redact", "label", "decide", "join", "opener", "reveal", "replay", "notify"} & RELEASE_NOTHING == set()
    assert set(roles) > RELEASE_NOTHING == {"keeper", "contain", "seal", "shipper", "warden"}
