from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.capacity.limits import Of, limits, times
from deploy.capacity.load import Load, Machines, Replicas
from deploy.capacity.measured import load, measured, ours
from deploy.capacity.needs import needs
from deploy.capacity.numbers import in_bytes, in_short
from deploy.capacity.page import PAGE, with_tables
from deploy.capacity.reckoning import reckon
from schemas.errors import ConfigError
from topology.loading import load_topology

FLOW = load_topology().flow
OURS = ours()
LOADS = st.builds(
    Load,
    records=st.floats(1e3, 1e11),
    labels_each=st.integers(1, 5),
    peak=st.floats(1, 24),
    open_days=st.floats(0.01, 30),
)
NEVER_LESS = (
    *("projects", "installations", "redact", "partitions", "broker_cores", "broker_disk_bytes", "brokers"),
    *("broker_network_bytes_per_s", "vault_cores", "vault_disk_bytes", "vault_nodes", "process_cores", "money"),
)


def test_the_page_tells_what_follows_from_its_measurements():
    page = PAGE.read_text(encoding="utf-8")
    assert with_tables(page, OURS, FLOW) == page


@given(LOADS)
def test_what_is_used_of_a_limit_is_linear_and_the_nearest_limit_is_first(one):
    twice = replace(one, records=2 * one.records)
    found, more = limits(one, OURS, Machines()), limits(twice, OURS, Machines())
    assert [it.uses for it in found] == sorted((it.uses for it in found), reverse=True)
    assert {it.name: pytest.approx(2 * it.uses) for it in found} == {it.name: it.uses for it in more}


@given(LOADS)
def test_shared_by_so_many_no_limit_is_passed(one):
    found = limits(one, OURS, Machines())
    for of in Of:
        shares = times(found, of)
        assert max(it.uses for it in found if it.of is of) <= shares
        assert shares == 1 or max(it.uses for it in found if it.of is of) > shares - 1


@given(LOADS)
def test_ten_times_the_records_never_take_less(one):
    less = needs(one, OURS, FLOW, Machines(), Replicas())
    more = needs(replace(one, records=10 * one.records), OURS, FLOW, Machines(), Replicas())
    assert [name for name in NEVER_LESS if getattr(more, name) < getattr(less, name)] == []


@given(LOADS)
def test_each_project_has_a_partition_for_every_redact_process_it_needs(one):
    found = needs(one, OURS, FLOW, Machines(), Replicas())
    assert found.partitions >= max(found.redact, found.projects)
    assert found.partitions % found.projects == 0


@given(st.floats(0, 1e6))
def test_a_label_costs_between_what_it_costs_among_few_and_among_many(rate):
    few, many = (sum(cost.cpu_ms.values()) for _, cost in (OURS.few, OURS.many))
    cost = sum(OURS.label_at(rate).cpu_ms.values())
    assert min(few, many) * 0.999 <= cost <= max(few, many) * 1.001


@pytest.mark.parametrize("part", ["costs", "vault", "join"])
def test_a_report_that_lacks_a_part_is_refused_with_how_to_make_it(part):
    report = json.loads(files("deploy.capacity").joinpath("measured.json").read_text(encoding="utf-8"))
    del report[part]
    with pytest.raises(ConfigError, match=rf"no {part}\. It is made by: veil bench "):
        measured(report)


@pytest.mark.parametrize("content", ["", "[]", "no json", '{"costs": {}, "vault": {}, "join": {}}'])
def test_what_is_no_report_is_refused(tmp_path, content):
    (tmp_path / "report.json").write_text(content)
    with pytest.raises(ConfigError):
        load(tmp_path / "report.json")


@pytest.mark.parametrize(
    "one",
    [
        Load(records=0),
        Load(records=10, labels_each=0),
        Load(records=10, peak=0.5),
        Load(records=10, open_days=0),
        Load(records=float("nan")),
        Load(records=float("inf")),
    ],
)
def test_what_can_not_come_is_refused(one):
    with pytest.raises(ConfigError):
        reckon(one, OURS, FLOW)


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0"), (0.25, "0.2"), (3, "3"), (9.96, "10.0"), (1234, "1,234"), (2.5e6, "2.5 million")],
)
def test_numbers_are_short(number, said):
    assert in_short(number) == said


@pytest.mark.parametrize(("size", "said"), [(12, "12 B"), (1500, "1.5 kB"), (2.25e12, "2.2 TB")])
def test_sizes_are_short(size, said):
    assert in_bytes(size) == said
