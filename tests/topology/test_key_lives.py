"""How long records need a version of a key, and that no kind of key is forgotten."""

from __future__ import annotations

import pytest

from topology.key_lives import CHECK_MS, WAYS, comes_back_until, life_ms
from topology.loading import load_topology
from vault.rewrapping import stored

TOPOLOGY = load_topology()
DEMO = TOPOLOGY.project("demo")
DAY_MS = 86_400_000


def test_each_key_wraps_either_what_is_stored_or_what_records_carry():
    kinds = {place.key.removesuffix("-demo") for place in stored("demo")}
    assert {kind for kind in TOPOLOGY.flow.keys if kind in kinds} | set(WAYS) == set(TOPOLOGY.flow.keys)
    assert not kinds & set(WAYS)
    hashes = {place.key for place in stored("demo") if place.key.startswith("hmac-")}
    assert hashes == {f"hmac-demo-{purpose}" for purpose in TOPOLOGY.flow.hmac}


def test_every_topic_that_a_key_opens_by_itself_is_on_its_way():
    for name, topic in TOPOLOGY.flow.topics.items():
        if topic.folder is None:
            for kind in topic.opened_by:
                assert name in WAYS[kind], f"{kind} opens {name}"


def test_a_record_lasts_for_the_retention_of_each_topic_on_its_way_and_the_open_segment_there():
    assert life_ms(TOPOLOGY.flow, DEMO, "finds") == 90 * DAY_MS * 5 // 4 + CHECK_MS
    assert life_ms(TOPOLOGY.flow, DEMO, "quarantine") == (7 + 1) * DAY_MS * 5 // 4 + 2 * CHECK_MS
    assert life_ms(TOPOLOGY.flow, DEMO, "raw") == (1 + 1 + 7 + 1) * DAY_MS * 5 // 4 + 4 * CHECK_MS
    assert comes_back_until(DEMO, 5) == 5 + (1 + 7) * DAY_MS * 5 // 4 + 2 * CHECK_MS


@pytest.mark.parametrize("kind", ["view", "geometry", "values-a", "values-b", "hmac-demo-task", "unheard-of"])
def test_what_wraps_for_documents_has_no_such_life(kind):
    assert life_ms(TOPOLOGY.flow, DEMO, kind) is None
