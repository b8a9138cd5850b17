from __future__ import annotations

import json

import pytest

from deploy.finds import STAND_INS, OpenedFind, as_line, nested, samples, stand_in
from streams.label.finds import Fragment
from streams.redact.trial import read_samples

FIND = OpenedFind("lease-1", "personal_data", "ab", 5, (Fragment("notes[0].text", "call xxx.xx@99 now", 5, 14),))


def test_a_find_becomes_a_sample_that_policy_test_reads(tmp_path):
    file = tmp_path / "samples.jsonl"
    file.write_text("".join(as_line(sample) + "\n" for sample in samples(FIND, "")), encoding="utf-8")
    (sample,) = read_samples(file)
    made = json.loads(as_line(next(samples(FIND, ""))))
    text = made["record"]["notes"][0]["text"]
    hidden = made["expect"]["notes[0].text"]["hidden"][0]
    assert sample.id == "lease-1/0"
    assert text == f"call {hidden} now"
    assert (len(hidden), hidden[3], hidden[6], hidden[7:].isdigit()) == (9, ".", "@", True)


def test_what_stands_in_is_the_same_each_time_and_another_for_each_find():
    assert stand_in("Xxxx 99", "", "a") == stand_in("Xxxx 99", "", "a")
    assert stand_in("Xxxxxxxx 99", "", "a") != stand_in("Xxxxxxxx 99", "", "b")


@pytest.mark.parametrize("kind", sorted(STAND_INS))
def test_something_real_looking_stands_in_where_a_kind_is_named(kind):
    made = stand_in("xxxx", kind, "seed")
    assert made == stand_in("xxxx", kind, "seed")
    assert len(made) > 3


@pytest.mark.parametrize(
    ("path", "record"),
    [
        ("text", {"text": "t"}),
        ("customer.note", {"customer": {"note": "t"}}),
        ("notes[3].text", {"notes": [{"text": "t"}]}),
        ("rows[1][2]", {"rows": [["t"]]}),
        ('["odd key"]', {'["odd key"]': "t"}),
    ],
)
def test_a_record_is_built_for_the_path_of_a_field(path, record):
    assert nested(path, "t") == record


def test_a_find_that_does_not_open_makes_no_sample():
    assert list(samples(OpenedFind("l", "secret", "ab", 5, ()), "")) == []
