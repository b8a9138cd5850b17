from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.bench.figures import Latency, Progress, lags, median, percentile, rate_after_first

SECONDS = st.floats(min_value=0, max_value=100)


def test_percentile_is_the_nearest_rank_of_textbook_values():
    values = [15.0, 20.0, 35.0, 40.0, 50.0]
    assert [percentile(values, share) for share in (0.05, 0.3, 0.4, 0.5, 1.0)] == [15, 20, 20, 35, 50]


def test_percentile_of_a_hundred_is_exact_though_shares_have_no_binary_form():
    assert [percentile(range(1, 101), share) for share in (0.0, 0.5, 0.95, 0.99)] == [1, 50, 95, 99]


@given(st.lists(SECONDS, min_size=1), st.floats(min_value=0, max_value=1))
def test_percentile_is_a_value_that_enough_do_not_exceed(values, share):
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 1.5), ([1.0], -0.1)])
def test_percentile_of_nothing_or_beyond_everything_is_refused(values, share):
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, share)


def test_latency_turns_seconds_into_milliseconds():
    latency = Latency.of([number / 1000 for number in range(1, 101)])
    assert (latency.count, latency.p50_ms, latency.p95_ms, latency.p99_ms) == (100, 50, 95, 99)


def test_rate_leaves_out_what_the_first_batch_did():
    batches = [Progress(12.0, 300), Progress(10.0, 500), Progress(11.0, 100)]
    assert rate_after_first(batches) == 200


@pytest.mark.parametrize("batches", [[], [Progress(1.0, 5)], [Progress(1.0, 5), Progress(1.0, 5)]])
def test_rate_without_a_duration_is_refused(batches):
    with pytest.raises(ValueError, match="two batches"):
        rate_after_first(batches)


def test_median_is_not_moved_by_one_disturbed_run():
    assert median([100.0, 5.0, 110.0]) == 100


def test_a_checkpoint_is_as_far_behind_as_the_oldest_entry_it_is_the_first_to_cover():
    appended = [100, 110, 120, 300, 310]
    assert lags(appended, [(2, 150), (5, 400)]) == [50, 280]
    assert lags(appended, [(5, 400)], covered=3) == [100]
