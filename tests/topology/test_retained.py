"""What a broker has and holds against what the topology orders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.loading import load_topology
from topology.retained import LASTING, Extent, Fault, topic_place
from topology.topics import CLEANER_MS, TopicSpec, kept_ms, topics

SPECS = {spec.name: spec for spec in topics(load_topology())}
NOW = 1_700_000_000_000
DELETING = sorted(name for name, spec in SPECS.items() if "retention.ms" in spec.config)
RAW = SPECS["raw.demo"]


def extent(age_ms: int, count: int = 10) -> Extent:
    return Extent(5, 5 + count, NOW - age_ms)


EMPTY = Extent(7, 7, 0)


def test_the_limit_is_retention_and_the_segment_that_a_record_is_in_and_the_brokers_time() -> None:
    assert kept_ms(RAW) == 86_400_000 + 86_400_000 // 4 + CLEANER_MS


@given(st.sampled_from(DELETING), st.lists(st.none() | st.integers(0, 500 * 86_400_000), max_size=4))
def test_a_topic_is_overdue_exactly_where_a_partition_begins_before_its_limit(
    name: str, ages: list[int | None]
) -> None:
    spec = SPECS[name]
    found = topic_place(
        spec, spec.config, {n: EMPTY if age is None else extent(age) for n, age in enumerate(ages)}, NOW
    )
    late = [n for n, age in enumerate(ages) if age is not None and age > kept_ms(spec)]
    assert (found.fault is Fault.OVERDUE) == bool(late)
    assert all(str(n) in found.why for n in late)
    held = [age for age in ages if age is not None]
    assert found.held == 10 * len(held)
    assert found.oldest == (NOW - max(held) if held else 0)
    assert found.ends == (found.oldest + kept_ms(spec) if held else 0)


@given(st.sampled_from(sorted(SPECS)), st.integers(0, 5_000 * 86_400_000))
def test_a_compacted_topic_is_never_overdue_by_its_age(name: str, age: int) -> None:
    spec = SPECS[name]
    if "retention.ms" not in spec.config:
        found = topic_place(spec, spec.config, {0: extent(age)}, NOW)
        assert (found.fault, found.ends, found.oldest) == (None, 0, NOW - age)


@pytest.mark.parametrize("name", LASTING)
def test_each_setting_on_which_it_depends_how_long_records_stay_is_compared(name: str) -> None:
    ordering = [spec for spec in SPECS.values() if name in spec.config]
    assert ordering
    for spec in ordering:
        changed = topic_place(spec, {**spec.config, name: "1"}, {}, NOW)
        assert (changed.fault, changed.why) == (Fault.UNLIKE, f"{name} is 1 instead of {spec.config[name]}")
        missing = {key: value for key, value in spec.config.items() if key != name}
        assert topic_place(spec, missing, {}, NOW).fault is Fault.UNLIKE


@given(st.dictionaries(st.sampled_from(["retention.bytes", "flush.ms", "max.message.bytes"]), st.just("1")))
def test_other_settings_are_not_its_business(other: dict[str, str]) -> None:
    assert topic_place(RAW, {**RAW.config, **other}, {}, NOW).fault is None


def test_a_topic_that_is_not_there_is_a_fault_and_an_empty_one_is_none() -> None:
    assert topic_place(RAW, None, {}, NOW).fault is Fault.UNLIKE
    assert topic_place(RAW, RAW.config, {0: EMPTY}, NOW).fault is None


def test_what_is_overdue_because_the_broker_keeps_it_longer_is_told_with_the_reason() -> None:
    longer = {**RAW.config, "retention.ms": "999999999999"}
    found = topic_place(RAW, longer, {0: extent(1), 3: extent(kept_ms(RAW) + 1)}, NOW)
    assert found.fault is Fault.OVERDUE
    assert found.why == "partition 3 begins too early; retention.ms is 999999999999 instead of 86400000"


@pytest.mark.parametrize("spec", [RAW], ids=["raw"])
def test_the_limit_itself_is_in_time(spec: TopicSpec) -> None:
    assert topic_place(spec, spec.config, {0: extent(kept_ms(spec))}, NOW).fault is None
    assert topic_place(spec, spec.config, {0: extent(kept_ms(spec) + 1)}, NOW).fault is Fault.OVERDUE
