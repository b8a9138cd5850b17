from __future__ import annotations

import json

import pytest

from deploy.export import forms
from deploy.export.forms import What
from deploy.export.json_lines import json_lines
from deploy.export.latest import latest
from deploy.export.parquet import parquet
from deploy.export.rows import joined_row
from schemas.codec import Codec, FixedIds
from schemas.errors import ConfigError
from schemas.export_order import ExportForm
from schemas.records import FieldDigest, JoinedLabel, JoinedSpan, RawReference, SupportedChoice, VerdictStatus
from streams.engine.messages import Message
from tests.support.hugging_face import load_dataset

LABEL = JoinedLabel(
    task_id="5f" * 16,
    raw=RawReference("raw.demo", 1, 2**40, 2),
    segment_id="redact.demo.0/1/7",
    bundle="ab" * 32,
    policy="cd" * 32,
    status=VerdictStatus.AGREED,
    confidence=0.75,
    spans=(JoinedSpan("note\u2028[0]", 3, 9, "PRODUCT", 2, True),),
    choices=(SupportedChoice("tone", "negative", 3),),
    digests=(FieldDigest("note", 40, b"\x01\xff"),),
    joined_at=1_700_000_000_000,
)
BARE = JoinedLabel("6a" * 16, *(getattr(LABEL, it) for it in ("raw", "segment_id", "bundle", "policy", "status")),
                   1.0, (), (), (), 5)  # fmt: skip
ROWS = [joined_row(LABEL), joined_row(BARE)]


def test_json_lines_are_read_back_as_they_were():
    written = json_lines(ROWS)
    assert [json.loads(line) for line in written.decode().splitlines()] == ROWS
    assert ROWS[0]["digests"] == [{"field": "note", "length": 40, "digest": "01ff"}]


@pytest.mark.parametrize(("form", "loader"), [(ExportForm.PARQUET, "parquet"), (ExportForm.JSONL, "json")])
def test_datasets_loads_both_forms_with_the_same_rows(tmp_path, form, loader):
    content = {"train": ROWS, "test": ROWS[:1]}
    files = {part: str(tmp_path / f"{part}.x") for part in content}
    for part, rows in content.items():
        written = parquet(rows, What.JOINED) if form is ExportForm.PARQUET else json_lines(rows)
        (tmp_path / f"{part}.x").write_bytes(written)
    loaded = load_dataset(loader, files, tmp_path)
    assert {part: loaded[part].to_list() for part in content} == content


def test_a_file_without_a_span_or_a_choice_has_the_columns_of_all_others(tmp_path):
    for name, rows in (("train", ROWS[:1]), ("test", ROWS[1:])):
        (tmp_path / f"{name}.parquet").write_bytes(parquet(rows, What.JOINED))
    loaded = load_dataset(
        "parquet", {name: str(tmp_path / f"{name}.parquet") for name in ("train", "test")}, tmp_path
    )
    assert loaded["test"].features == loaded["train"].features


@pytest.mark.parametrize("form", [ExportForm.CONLL, ExportForm.SPACY, ExportForm.LABEL_STUDIO])
def test_forms_that_are_nothing_without_a_text_are_refused_for_joined_labels(form):
    with pytest.raises(ConfigError, match=f"{form.value} is nothing without one"):
        forms.require(What.JOINED, form)


def test_a_missing_package_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setattr(forms.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pyarrow, which isn't here: install veilstream\[export\]"):
        forms.require(What.JOINED, ExportForm.PARQUET)
    forms.require(What.JOINED, ExportForm.JSONL)


def test_of_each_task_counts_what_was_said_last_and_what_was_taken_back_is_gone():
    codec = Codec(FixedIds())

    def said(key: str, value: bytes | None) -> Message:
        return Message("joined.demo", 0, 0, key.encode(), value, {}, 0)

    kept, other = codec.encode(LABEL), codec.encode(BARE)
    labels, unreadable = latest(
        codec,
        [said("a", kept), said("b", kept), said("c", kept), said("b", None), said("c", b"x"), said("a", other)],
        JoinedLabel,
    )
    assert (labels, unreadable) == ({"a": BARE}, 1)
