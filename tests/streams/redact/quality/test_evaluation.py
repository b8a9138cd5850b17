"""The whole redactor on annotated texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.errors import ConfigError
from streams.redact.detect.find import Find, Searched
from streams.redact.quality.annotated import AnnotatedText, Gold, read_annotated
from streams.redact.quality.evaluation import evaluate
from topology.policies import load_policy


class FindsAnna:
    """Finds `Anna`, and nothing else."""

    version = data_hash = "anna"

    def is_everyday(self, word: str) -> bool:
        return word != "anna"

    is_common = is_everyday

    def search(self, texts: list[str]) -> list[Searched]:
        return [Searched([Find(0, 4, "PERSON")] if text.startswith("Anna") else [], 0.0) for text in texts]


def test_leak_and_over_redaction_are_given_together_and_by_type() -> None:
    texts = [
        AnnotatedText("Anna met Bert", (Gold(0, 4, "PERSON"), Gold(9, 13, "PERSON"))),
        AnnotatedText("Anna is a name", ()),
    ]
    one = evaluate(texts, load_policy("text"), FindsAnna())
    assert one.leak.value == pytest.approx(4 / 8)
    assert one.over_redaction.value == pytest.approx(4 / (5 + 14))
    assert one.by_type["PERSON"][0] == 8


def test_texts_of_one_kin_are_drawn_together() -> None:
    said = [("Anna met Bert", "anna"), ("so Cleo met Bert", "cleo")]
    alone, together = (
        evaluate(
            [AnnotatedText(text, (Gold(0, 4, "PERSON"),), kin=kin and name) for text, name in said * 50],
            load_policy("text"),
            FindsAnna(),
        )
        for kin in (None, "by template")
    )
    assert together.leak.value == alone.leak.value == pytest.approx(1 / 2)
    assert 0 < alone.leak.low < alone.leak.high < 1
    for one in (together.leak, together.by_type["PERSON"][1]):
        assert (one.low, one.high) == (0, 1)
    assert together.over_redaction.low == 0


def test_a_text_that_is_withheld_leaks_nothing_and_hides_all() -> None:
    texts = [AnnotatedText("write to bert@example.com", (Gold(9, 25, "EMAIL_ADDRESS"),))]
    one = evaluate(texts, load_policy("text"), FindsAnna())  # verification finds the address
    assert (one.refused, one.leak.value, one.over_redaction.value) == (1, 0.0, 1.0)


def test_a_file_is_read_and_a_bad_line_named_without_its_content(tmp_path: Path) -> None:
    good = {"text": "we met Zsuzsanna here", "spans": [{"start": 7, "end": 16, "entity_type": "PERSON"}]}
    file = tmp_path / "gold.jsonl"
    file.write_text(json.dumps(good) + "\n\n")
    assert read_annotated(file)[0].gold == (Gold(7, 16, "PERSON"),)
    file.write_text(
        json.dumps(good) + "\n" + json.dumps({"text": "Zsuzsanna", "spans": [{"start": 3, "end": 99}]})
    )
    with pytest.raises(ConfigError, match=r"gold.jsonl:2: is not") as caught:
        read_annotated(file)
    assert "Zsuzsanna" not in str(caught.value)
