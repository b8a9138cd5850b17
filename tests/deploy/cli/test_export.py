from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from deploy.cli.app import app
from deploy.export import joined, ordering, sanitized
from deploy.export.documents import Tally
from schemas.export_order import ExportForm, ExportOrder

JOINED = joined.Done({"train": 1_200, "test": 3}, unknown=2, moved=1, unreadable=0)
TEXTS = sanitized.Done("ab" * 32, {"all": 4}, 0, 0, 1, 5, 0, Tally({Tally.EXACT: 7, Tally.WIDENED: 2}))


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == code, result.output
    return result.output


def test_an_export_says_what_each_part_has_and_what_was_left_out(monkeypatch, tmp_path):
    monkeypatch.setattr(joined, "export_joined", lambda *order: JOINED)
    words = ("export", "--as", "olga", "--to", str(tmp_path / "x"), "--split", "train=0.9,test=0.1")
    said = run(*words)
    assert "1,203 joined labels" in said
    assert "train: 1,200" in said
    assert "2 left out: the index" in said
    assert "1 in another part" in said
    assert "can't be read" not in said
    assert json.loads(run(*words, "--json"))["records"] == JOINED.counts


def test_an_export_of_texts_says_what_became_of_the_spans(monkeypatch, tmp_path):
    monkeypatch.setattr(sanitized, "export_texts", lambda *order: TEXTS)
    words = ("export", "--as", "olga", "--to", str(tmp_path / "x"), "--what", "sanitized", "--format", "conll")
    said = run(*words)
    assert "2 spans widened" in said
    assert "5 left out: their text has left" in said
    found = json.loads(run(*words, "--json"))
    assert (found["order"], found["spans_on_tokens"]) == (TEXTS.order, {"exact": 7, "widened": 2})


@pytest.mark.parametrize(
    "words",
    [
        ("export", "--as", "olga", "--to", "x", "--split", "train=2"),
        ("grant", "export", "--as", "olga"),
        ("grant", "export", "3b90c2", "--as", "olga", "--format", "spacy"),
    ],
)
def test_what_can_not_be_meant_is_refused(words):
    run(*words, code=2)


def test_an_order_says_who_has_yet_to_sign_and_then_what_to_do(monkeypatch):
    order = ExportOrder("olga", ExportForm.SPACY, 1, 2)
    waiting = ordering.Standing("ab" * 32, order, ("olga",), ("an approver (grace)",))
    monkeypatch.setattr(ordering, "order", lambda *order: waiting)
    said = run("grant", "export", "--as", "olga", "--format", "spacy")
    assert "missing: an approver (grace)" in said
    assert "veil grant export abababababab" in said
    signed = ordering.Standing("ab" * 32, order, ("grace", "olga"), ())

    def approve(*order):
        order[-1](signed.order)  # shown before anything is asked
        return signed

    monkeypatch.setattr(ordering, "approve", approve)
    told = run("grant", "export", "abab", "--as", "grace")
    assert told.index("olga may take out texts as spacy") < told.index("in force")
    assert "veil export --what sanitized --format spacy" in told
