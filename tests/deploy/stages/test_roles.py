from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.stages.roles import roles_of
from topology.loading import load_topology


@pytest.mark.parametrize(("said", "runs"), [(None, False), (True, True), (False, True)])
def test_an_opener_runs_where_texts_are_laid_out_or_taken_back(said, runs):
    project = replace(load_topology().project("demo"), open_texts=said)
    assert ("opener" in roles_of(project)) is runs
