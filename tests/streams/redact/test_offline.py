from __future__ import annotations

import io
import json

import pytest

from schemas.errors import ConfigError
from streams.redact import offline
from streams.redact.detect.find import Searched
from streams.redact.offline import BATCH_LINES, Summary, load_keys, redact_file
from topology.policies import Mode, parse_policy


@pytest.fixture
def run(tmp_path, text_policy, detector):
    def redact(data: bytes):
        source = tmp_path / "in.jsonl"
        source.write_bytes(data)
        out = io.StringIO()
        summary = redact_file(source, text_policy, Mode.FAST, out, detector)
        return [json.loads(line) for line in out.getvalue().splitlines()], summary

    return redact


def test_good_line_keeps_the_fixed_contract(run):
    lines, summary = run(b'{"id": "r1", "text": "Mail me at anna@example.com today", "other": "x"}\n')
    assert lines == [
        {
            "id": "r1",
            "record": {"text": "Mail me at [EMAIL_ADDRESS_1] today"},
            "spans": [
                {
                    "field": "text",
                    "start": 11,
                    "end": 27,
                    "entity_type": "EMAIL_ADDRESS",
                    "replacement": "[EMAIL_ADDRESS_1]",
                }
            ],
        }
    ]
    assert summary == Summary(lines=1, redacted=1, failed=0)


@pytest.mark.parametrize("limit", ["", "risk: {quarantine_above: 0.9}\n"])
def test_the_risk_of_each_record_is_told_on_demand_whether_the_policy_has_a_limit_or_none(tmp_path, limit):
    source, out = tmp_path / "in.jsonl", io.StringIO()
    source.write_text(
        '{"id": 1, "text": "see you", "age": 41}\n{"id": 2, "text": "so we walk by the river", "age": 104}\n'
    )
    head = "name: p\nversion: 1\nowner: someone\nreview_by: 2030-01-01\n"
    body = f"{head}fields: {{text: detect, age: {{category: AGE, action: generalize, to: age-to-89}}}}\n{limit}"
    redact_file(source, parse_policy(body, "p"), None, out, risk=True)
    first, second = (json.loads(line)["risk"] for line in out.getvalue().splitlines())
    assert 0 < first < second < 1


def test_bad_lines_are_reported_and_the_rest_is_done(run):
    data = b"\n".join(
        [
            b'{"id": 1, "text": "fine"}',
            b"{no json: Quackenbush",
            b'{"id": 3, "text": "\xff"}',
            b'{"id": 4, "text": "a\x00b"}',
            b'{"id": 5, "text": ' + b"[" * 100_000 + b"}",
            b'{"text": "fine"}',
            b'{"id": "", "text": "fine"}',
            b'{"id": ["Quackenbush"], "text": "fine"}',
            b'{"id": 1, "text": "fine"}',
            b'{"id": 9, "other": "Quackenbush"}',
            b'{"id": 10, "text": "' + b"x" * 10_000_000 + b'"}',
            b"   ",
            b'{"id": 11, "text": "fine"}',
            b'{"id": 12, "id": 13}',
            b"[1]",
        ]
    )
    lines, summary = run(data)
    assert [(line["id"], line["error"]) for line in lines if "error" in line] == [
        (None, "bad_json (line 2)"),
        (None, "bad_utf8 (line 3)"),
        (None, "nul_byte (line 4)"),
        (None, "too_deep (line 5)"),
        (None, "missing_id (line 6)"),
        (None, "missing_id (line 7)"),
        (None, "bad_id (line 8)"),
        (1, "duplicate_id (line 9)"),
        (9, "nothing_left (line 10)"),
        (None, "too_large (line 11)"),
        (None, "duplicate_key (line 14)"),
        (None, "not_an_object (line 15)"),
    ]
    assert [line["id"] for line in lines if "record" in line] == [1, 11]
    assert summary == Summary(lines=14, redacted=2, failed=12)
    assert "Quackenbush" not in json.dumps(lines)


def test_windows_line_ends_and_a_missing_last_one_are_fine(run):
    lines, _ = run(b'{"id": 1, "text": "fine"}\r\n\r\n{"id": 2, "text": "fine"}')
    assert [line["id"] for line in lines] == [1, 2]


def test_offsets_are_code_points_of_the_input_field(run):
    text = "\U0001f600 e\u0301 שלום anna@example.com"
    [line], _ = run(json.dumps({"id": 1, "text": text}).encode() + b"\n")
    last = line["spans"][-1]
    assert text[last["start"] : last["end"]] == "anna@example.com"


def test_missing_file_is_one_sentence(tmp_path, text_policy, detector):
    with pytest.raises(ConfigError, match="No such file"):
        redact_file(tmp_path / "none", text_policy, None, io.StringIO(), detector)


TOKENS = """
name: tokens
version: 1
owner: someone
review_by: 2030-01-01
fields: {who: {category: PERSON, action: token, scope: project}, text: {category: PERSON, action: surrogate}}
"""


@pytest.fixture
def run_tokens(tmp_path, detector):
    def redact(keys=None, count=3):
        source = tmp_path / "in.jsonl"
        rows = [
            json.dumps({"id": number, "who": "Zebulon", "text": "Anna Quackenbush"}) for number in range(count)
        ]
        source.write_text("\n".join(rows))
        out = io.StringIO()
        redact_file(source, parse_policy(TOKENS, "p"), None, out, detector, keys)
        return [json.loads(line)["record"] for line in out.getvalue().splitlines()]

    return redact


def test_tokens_are_the_same_within_a_run_and_others_in_the_next(run_tokens):
    one, two = run_tokens(), run_tokens()
    assert len({record["who"] for record in one}) == 1
    assert one[0]["who"] != two[0]["who"]


def test_with_a_key_file_every_run_gives_the_same(run_tokens, tmp_path):
    key = tmp_path / "key"
    key.write_bytes(bytes(range(32)))
    assert run_tokens(load_keys(key)) == run_tokens(load_keys(key))


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 5000])
def test_a_key_file_that_is_no_key_is_refused(tmp_path, content):
    key = tmp_path / "key"
    key.write_bytes(content)
    with pytest.raises(ConfigError, match="32 to 4096 bytes"):
        load_keys(key)
    with pytest.raises(ConfigError, match="No such file"):
        load_keys(tmp_path / "none")


def test_lines_of_many_batches_stay_in_order(run_tokens, run):
    assert len(run_tokens(count=2 * BATCH_LINES + 1)) == 2 * BATCH_LINES + 1
    bad_at = {BATCH_LINES - 1, BATCH_LINES, 2 * BATCH_LINES}
    rows = [
        "{" if n in bad_at else json.dumps({"id": n, "text": f"n {n % 10}"}) for n in range(2 * BATCH_LINES + 2)
    ]
    lines, summary = run("\n".join(rows).encode())
    assert [line["id"] for line in lines] == [None if n in bad_at else n for n in range(2 * BATCH_LINES + 2)]
    assert summary.failed == 3


class Failing:
    """Fails on a text that says so, with that text in its error, as a fault of ours could."""

    version = data_hash = "failing"

    def is_everyday(self, _word: str) -> bool:
        return False

    is_common = is_everyday

    def search(self, texts):
        for text in texts:
            if "Quackenbush" in text:
                raise ZeroDivisionError(text)
        return [Searched([], 0.0) for _ in texts]


def test_a_record_that_our_code_fails_on_costs_no_other_its_line(tmp_path, text_policy):
    source, out = tmp_path / "in.jsonl", io.StringIO()
    texts = ["a", "Quackenbush", "b", "Quackenbush", "c"]
    source.write_text("\n".join([*(json.dumps({"id": n, "text": t}) for n, t in enumerate(texts)), "{"]))
    assert redact_file(source, text_policy, None, out, Failing()) == Summary(lines=6, redacted=3, failed=3)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line.get("error", line.get("record")) for line in lines] == [
        {"text": "a"},
        "internal_error (line 2)",
        {"text": "b"},
        "internal_error (line 4)",
        {"text": "c"},
        "bad_json (line 6)",
    ]
    assert "Quackenbush" not in out.getvalue()


def test_what_is_wrong_with_the_policy_is_said_and_not_taken_for_a_bad_line(tmp_path, text_policy):
    class Misconfigured(Failing):
        def search(self, texts):
            raise ConfigError("no model")

    source = tmp_path / "in.jsonl"
    source.write_text('{"id": 1, "text": "x"}\n')
    with pytest.raises(ConfigError, match="no model"):
        redact_file(source, text_policy, None, io.StringIO(), Misconfigured())


def test_the_mode_given_is_the_mode_that_searches(tmp_path, text_policy, monkeypatch):
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": 1, "text": "x"}\n')
    asked = []

    def building(policy):
        asked.append(policy.detection.mode)
        raise ConfigError("enough")

    monkeypatch.setattr(offline, "build_detector", building)
    with pytest.raises(ConfigError, match="enough"):
        redact_file(source, text_policy, Mode.FAST, io.StringIO())
    assert asked == [Mode.FAST]
