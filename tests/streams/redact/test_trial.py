from __future__ import annotations

import json

import pytest

from schemas.errors import ConfigError
from streams.redact.redactor import redact_many
from streams.redact.trial import examine, read_samples
from tests.simulation.world import CanaryDetector
from topology.policies import load_policy

SECRET = "canary77"


@pytest.fixture
def trial(tmp_path):
    """Writes samples, tries the demo policy on them: (sample, where, passed, says) each."""

    def run(*samples: dict) -> list[tuple[str, str, bool, str]]:
        file = tmp_path / "samples.jsonl"
        file.write_text("".join(json.dumps(sample) + "\n" for sample in samples))
        policy, detector = load_policy("demo"), CanaryDetector()
        checks = examine(read_samples(file), lambda records: redact_many(records, policy, detector))
        return [(check.sample, check.where, check.passed, check.says) for check in checks]

    return run


def sample(expect: dict, record: dict | None = None) -> dict:
    return {"id": "one", "record": record or {"text": f"please help {SECRET} today"}, "expect": expect}


def test_the_whole_text_that_is_expected_passes(trial):
    assert trial(sample({"text": "please help [PERSON_1] today"})) == [
        ("one", "outcome", True, "task"),
        ("one", "text", True, "as expected"),
    ]


def test_another_text_fails_and_is_shown_to_its_owner(trial):
    assert trial(sample({"text": "please help today"}))[1] == (
        "one", "text", False, "is 'please help [PERSON_1] today'"
    )  # fmt: skip


def test_pieces_that_must_be_hidden_or_shown_are_looked_for_one_by_one(trial):
    assert trial(sample({"text": {"hidden": [SECRET], "shown": ["help"]}}))[1][2]
    failed = trial(sample({"text": {"hidden": ["please", SECRET], "shown": ["today", "tomorrow"]}}))[1]
    assert failed == ("one", "text", False, "shows 'please'; lacks 'tomorrow'")


def test_a_field_that_is_not_in_the_task_has_nothing_to_show(trial):
    checks = trial(sample({"gone": {"hidden": ["x"]}, "lost": {"shown": ["x"]}, "empty": "x"}))
    assert [check[2:] for check in checks[1:]] == [
        (True, "as expected"),
        (False, "lacks 'x'"),
        (False, "is not in the task"),
    ]


@pytest.mark.parametrize(
    ("record", "outcome"), [({"text": "hello"}, "task"), ({"unnamed": "x"}, "dropped"), ({"text": {}}, "dropped")]
)
def test_the_outcome_is_checked(trial, record, outcome):
    assert trial(sample({"outcome": outcome}, record))[0][2]
    other = "task" if outcome == "dropped" else "quarantined"
    assert not trial(sample({"outcome": other}, record))[0][2]


def test_tags_of_a_sample_count(trial):
    tagged = sample({"product": {"hidden": ["kettle"]}}, {"product": "kettle"}) | {
        "tags": {"product": ["PII.PERSON"]}
    }
    assert trial(tagged)[1][2]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{" + SECRET, ":1: the line: is no JSON"),
        (json.dumps([SECRET]), ":1: the line"),
        (json.dumps({"id": "a"}), ":1: record: Field required"),
        (json.dumps({"id": "a", "record": SECRET}), ":1: record"),
        (json.dumps({"id": "a", "record": {}, "expect": {"text": {"hiden": [SECRET]}}}), ":1: expect"),
        (json.dumps({"id": "a", "record": {}, "expect": {"outcome": SECRET}}), "outcome is one of: task, dropped"),
        (
            json.dumps({"id": "a", "record": {}, "more": SECRET}),
            ":1: the line: has a key that is none of: id, record",
        ),
        (json.dumps({"id": "a", "record": {}, SECRET: 1}), ":1: the line: has a key that is none of"),
    ],
)
def test_a_bad_line_is_named_and_never_quoted(tmp_path, line, said):
    file = tmp_path / "samples.jsonl"
    file.write_text(line + "\n")
    with pytest.raises(ConfigError) as refused:
        read_samples(file)
    assert said in str(refused.value)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x1c"])
def test_a_line_ends_where_json_lines_end_and_not_at_marks_within_a_text(tmp_path, mark):
    file = tmp_path / "samples.jsonl"
    line = json.dumps(sample({}, {"text": f"a{mark}b"}), ensure_ascii=mark < " ")
    file.write_bytes(f"{line}\r\n{line}\n\n".encode())
    assert len(read_samples(file)) == 2


def test_a_missing_file_says_what_samples_are(tmp_path):
    with pytest.raises(ConfigError, match="JSON Lines"):
        read_samples(tmp_path / "none.jsonl")


def test_samples_and_checks_print_nothing_of_a_record(tmp_path):
    file = tmp_path / "samples.jsonl"
    file.write_text(json.dumps(sample({"text": SECRET})))
    (read,) = read_samples(file)
    assert SECRET not in repr(read)
