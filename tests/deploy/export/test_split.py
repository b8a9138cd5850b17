from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.export.parts import ALL, parted
from deploy.export.split import Split, groups_of, read_split
from schemas.errors import ConfigError
from schemas.records import SegmentEntry, SegmentIndex

THREE = read_split("train=0.8,dev=0.1,test=0.1")
HALVES = read_split("a=0.5,b=0.5")
SUBJECTS = st.lists(st.integers(0, 12).map(lambda it: bytes([it])), max_size=3, unique=True)
HISTORIES = st.lists(SUBJECTS, max_size=40)


def segment(number: int, *subjects: bytes) -> SegmentIndex:
    """A segment with one task, the `number`-th that came."""
    entry = SegmentEntry(f"{number:032x}", tuple(subjects))
    return SegmentIndex(f"redact.p.0/1/{number}", "redact.p.0", 1, number, "b", number, 10**9, (entry,))


def history(subjects: list[list[bytes]]) -> list[SegmentIndex]:
    return [segment(number, *those) for number, those in enumerate(subjects)]


def parts_of(segments: list[SegmentIndex], split: Split = HALVES) -> dict[str, str]:
    return {task: split.part(name) for task, name in groups_of(segments).now.items()}


@given(HISTORIES)
def test_no_subject_is_in_two_parts(subjects):
    segments = history(subjects)
    parts, where = parts_of(segments), dict[bytes, set[str]]()
    for one in segments:
        for subject in one.entries[0].subjects:
            where.setdefault(subject, set()).add(parts[one.entries[0].task_id])
    assert all(len(found) == 1 for found in where.values())


@given(HISTORIES, st.randoms())
def test_the_order_in_which_segments_are_read_changes_nothing(subjects, random):
    shuffled = history(subjects)
    random.shuffle(shuffled)
    assert groups_of(shuffled) == groups_of(history(subjects))


@given(HISTORIES, HISTORIES)
def test_what_comes_later_moves_nothing_where_it_joins_nobody_and_else_what_moved_is_counted(subjects, later):
    """A task comes to where it is in the export of the history up to it."""
    every = [*subjects, *later]
    before, after = parts_of(history(subjects)), groups_of(history(every))
    now = {task: HALVES.part(name) for task, name in after.now.items()}
    if not any(len(it) > 1 for it in every):
        assert before.items() <= now.items()
    came_to = [parts_of(history(every[: number + 1]))[f"{number:032x}"] for number in range(len(every))]
    moved = sum(now[f"{number:032x}"] != part for number, part in enumerate(came_to))
    assert after.moved(HALVES, now) == moved


@given(HISTORIES)
def test_where_records_speak_of_one_person_each_nothing_ever_moves_whatever_is_removed(subjects):
    segments = history([those[:1] for those in subjects])
    whole = parts_of(segments)
    assert parts_of(segments[1::2]).items() <= whole.items()
    assert groups_of(segments).moved(HALVES, whole) == 0


@given(st.integers(0, 12), st.integers(0, 12))
def test_a_record_that_joins_two_people_leaves_the_earlier_ones_where_they_are(one, other):
    first, second = bytes([one]), bytes([other])
    apart = [segment(0, first), segment(1, second)]
    together = [*apart, segment(2, first, second)]
    before, now = parts_of(apart), parts_of(together)
    assert len(set(now.values())) == 1
    assert now[f"{0:032x}"] == before[f"{0:032x}"]
    assert groups_of(together).moved(HALVES, now) == sum(now[task] != before[task] for task in before)


def test_many_subjects_are_shared_out_as_asked():
    parts = parts_of([segment(number, f"s{number}".encode()) for number in range(4_000)], THREE)
    shares = {name: list(parts.values()).count(name) / 4_000 for name in THREE.names}
    assert shares == pytest.approx({"train": 0.8, "dev": 0.1, "test": 0.1}, abs=0.02)


def test_the_part_of_a_name_is_this_one_for_ever():
    names = [b"subject/one", b"subject/two", b"task/" + b"0" * 32, b"subject/five", b"subject/six", b"subject/ten"]
    assert [HALVES.part(name) for name in names] == ["b", "a", "a", "a", "a", "a"]


def test_a_task_without_an_index_is_left_out_and_counted():
    found = parted(["x", f"{0:032x}"], str, HALVES, groups_of([segment(0)]))
    assert (sum(found.counts.values()), found.unknown) == (1, 1)
    assert len(found.filled) == 1, "a part without a task gets no file"
    assert parted(["x"], str, None, groups_of([])).parts == {ALL: ["x"]}


def test_an_export_of_nothing_says_so_and_why():
    parted(["x"], str, None, groups_of([])).require_some()
    with pytest.raises(ConfigError, match=r"nothing to export \(1 are left out"):
        parted(["x"], str, HALVES, groups_of([])).require_some()


def test_a_chain_of_ten_thousand_is_one_group():
    links = [segment(number, b"%d" % number, b"%d" % (number + 1)) for number in range(10_000)]
    assert len(set(groups_of(links).now.values())) == 1


def test_shares_are_exact():
    assert dict(THREE.parts) == {"train": Decimal("0.8"), "dev": Decimal("0.1"), "test": Decimal("0.1")}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "train",
        "train=1",
        "train=0.5,dev=0.4",
        "train=0.5,train=0.5",
        "Train=0.5,dev=0.5",
        "all=0.5,dev=0.5",
        "train=0.5,../x=0.5",
        "train=nan,dev=0.5",
        "train=-0.5,dev=1.5",
        "train=0.5,dev=x",
        "a=Infinity,b=0.5",
    ],
)
def test_a_split_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match="--split"):
        read_split(text)
