from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from schemas.metrics import SUPPRESSED_BELOW, Cell, Figure, Metric
from streams.console.plots import FEW, GAP, HOUR_MS, PLOTS, drawn

SINCE = 1_000 * HOUR_MS
POLICIES = ("", "a" * 64, "b" * 64)


def metrics():
    cells = st.dictionaries(st.sampled_from([cell.value for cell in Cell]), st.integers(SUPPRESSED_BELOW, 10**6))
    figures = st.dictionaries(st.sampled_from([figure.value for figure in Figure]), st.floats(0, 1e6))
    return st.dictionaries(
        st.tuples(st.sampled_from(POLICIES), st.integers(0, 9)), st.tuples(cells, figures), max_size=20
    ).map(lambda found: [window(hour, *content, policy=policy) for (policy, hour), content in found.items()])


def window(hour, cells=None, figures=None, policy=POLICIES[1]):
    since = SINCE + hour * HOUR_MS
    return Metric("demo", policy, policy[:1], since, since + HOUR_MS, cells or {}, figures or {})


def told(found, hours=10, limits=None):
    return drawn(found, HOUR_MS, SINCE, SINCE + hours * HOUR_MS, limits or {})


def line(content, plot, curve, policy=POLICIES[1]):
    (found,) = (it for it in content["plots"] if it["id"] == plot)
    return {it["name"]: it["points"] for it in found["curves"]}[curve][policy]


@given(metrics())
def test_every_line_has_a_point_a_window_and_everything_is_json(found):
    content = told(found)
    assert [it["id"] for it in content["plots"]] == [plot.id for plot in PLOTS]
    for plot in content["plots"]:
        for curve in plot["curves"]:
            for points in curve["points"].values():
                assert len(points) == len(content["windows"]) == 10
                assert all(isinstance(one, int | float) or one in (FEW, GAP) for one in points)
    json.dumps(content, allow_nan=False)


@given(metrics())
def test_a_number_is_drawn_only_from_published_parts(found):
    """Whatever is hidden stays so: a point follows from cells and figures of its own window and policy alone."""
    by_place = {(it.policy, it.since): it for it in found}
    content = told(found)
    curves = {plot.id: {curve.name: curve.at for curve in plot.curves} for plot in PLOTS}
    for plot in content["plots"]:
        for curve in plot["curves"]:
            for policy, points in curve["points"].items():
                for since, point in zip(content["windows"], points, strict=True):
                    own = by_place.get((policy, since))
                    assert point == (GAP if own is None else curves[plot["id"]][curve["name"]](own))


def test_a_window_without_a_record_is_a_gap_and_one_without_the_count_few():
    found = [window(0, {"denials": 12}), window(2, {"views": 10}), window(3, {"denials": 11})]
    assert line(told(found, 4), "denials", "denied") == [12, GAP, FEW, 11]


def test_a_share_needs_all_its_parts():
    found = [
        window(0, {"fields_redacted": 30, "fields_untouched": 10}),
        window(1, {"fields_redacted": 30}),
        window(2, {"fields_untouched": 10}),
    ]
    assert line(told(found, 3), "redacted", "fields") == [0.75, FEW, FEW]


def test_policies_come_newest_first_with_their_limits_and_the_project_last():
    found = [window(0, {"tasks": 10}), window(5, {"tasks": 10}, policy=POLICIES[2]), window(9, policy="")]
    content = told(found, limits={POLICIES[2]: 0.02})
    assert [(it["hash"][:1], it["limit"]) for it in content["policies"]] == [("b", 0.02), ("a", None), ("", None)]


def test_windows_of_another_length_or_time_are_left_out():
    minute = Metric("demo", "", "", SINCE, SINCE + 60_000, {"views": 10})
    content = told([minute, window(11, {"views": 10})])
    assert content["policies"] == []
