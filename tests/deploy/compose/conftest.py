"""The packaged project, and one of somebody's own in which grants are requested and texts lie in clear."""

from __future__ import annotations

import dataclasses

import pytest

from topology.loading import Topology, load_topology


@pytest.fixture(scope="session")
def topology() -> Topology:
    declared = load_topology()
    demo = declared.projects["demo"]
    persons = dataclasses.replace(demo.persons, requesters=("rita",), grantors_a=("abel",), grantors_b=("berta",))
    letters = dataclasses.replace(demo, name="letters", partitions=8, persons=persons, open_texts=True)
    return dataclasses.replace(declared, projects={"demo": demo, "letters": letters})
