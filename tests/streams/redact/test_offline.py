from __future__ import annotations

import io
import json

import pytest

from schemas.errors import ConfigError
from streams.redact.measure import main, measure, read_rows
from streams.redact.offline import Summary, redact_file
from topology.policies import Mode


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


def test_measure_reports_both_numbers_together(tmp_path, detector, capsys):
    file = tmp_path / "gold.jsonl"
    row = {"text": "we met Zsuzsanna here", "spans": [{"start": 7, "end": 16, "entity_type": "PERSON"}]}
    file.write_text(json.dumps(row) + "\n")
    quality = measure(read_rows(file), detector)
    assert (quality.leak, quality.over_redaction) == (0.0, 0.0)
    assert main([str(file)]) == 0
    assert "leak 0.00%, over-redaction 0.00%" in capsys.readouterr().out
