"""What hours of records are judged by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.bench.figures import Latency, Progress
from deploy.bench.steady import HOUR_S, Sizes, Soak, Window, waited

MIB = 2**20
EACH, PER_SECOND = 100_000, 500.0
HOUR = int(PER_SECOND * HOUR_S) // EACH
"""How many windows of EACH records."""


def sizes(records, *, keeper=200.0, redact=0.0, disk=3_000.0, kept=10**9):
    """When each record has made keeper, redact and the disk larger, of which `kept` at most are there."""
    resident = {
        "keeper.bench.0": 100 * MIB + int(min(records, kept) * keeper),
        "redact.bench.0": 300 * MIB + int(records * redact),
    }
    return Sizes({**resident, "kafka": 400 * MIB}, int(min(records, kept) * disk + records * 300))


def window(number, *, p95=100.0, **said):
    """The one after so many times EACH records."""
    return Window(number * EACH, Latency(10, p95, p95, p95), sizes(number * EACH, **said))


def soak(*windows, reconciled=True):
    return Soak(windows[-1].records, PER_SECOND, HOUR_S, sizes(0), windows, reconciled)


def lasting(**said):
    """Two hours and more, of which each record is there for one, but for what is `said` of the last window."""
    until = {"kept": HOUR * EACH}
    numbers = [HOUR * it // 2 for it in range(1, 6)]
    return soak(*(window(it, **until) for it in numbers), window(3 * HOUR, **(until | said)))


def missed(one):
    return [target.name.partition(",")[0] for target in one.targets() if not target.met]


def test_what_stays_as_it_is_misses_nothing():
    assert missed(soak(*map(window, range(1, 7)))) == []


@pytest.mark.parametrize(
    ("last", "named"),
    [
        (window(3, p95=151), "p95"),
        (window(3, keeper=600), "memory of keeper"),
        (window(3, redact=200), "any other process grew by"),
        (window(3, disk=4_000), "disk of a record"),
    ],
)
def test_what_grows_is_named(last, named):
    assert missed(soak(window(1), window(2), last)) == [named]


def test_where_as_much_ends_as_begins_nothing_but_what_stays_may_grow():
    assert lasting().lasting
    assert not soak(*map(window, range(1, 7))).lasting
    assert missed(lasting()) == []


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"disk": 3_400}, ["disk"]),
        ({"keeper": 240}, ["keeper grew in the last third by"]),
        ({"redact": 20}, ["any other process grew by"]),
        ({"kept": 10**9}, ["disk", "memory of keeper", "keeper grew in the last third by"]),
    ],
)
def test_what_grows_there_is_named(said, named):
    assert missed(lasting(**said)) == named


def test_an_audit_that_does_not_add_up_is_named():
    assert missed(soak(*map(window, (1, 2, 3)), reconciled=False)) == ["reconciled"]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30), st.floats(0, 5))
def test_a_batch_has_waited_since_its_last_record_was_published(sizes, late):
    published = [Progress(float(second), 10 * (second + 1)) for second in range(200)]
    released, done = [], 0
    for size in sizes:
        done += size
        released.append(Progress((done - 1) // 10 + late, size))
    assert waited(published, released) == [pytest.approx(late)] * len(sizes)
