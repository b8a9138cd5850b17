from __future__ import annotations

from streams.redact.quality.evaluation import Evaluation
from streams.redact.quality.intervals import Estimate
from streams.redact.training.card import card, table
from streams.redact.training.train import Trained
from topology.policies import Mode

ONE = Evaluation(3, 0, Estimate(0.012, 0.01, 0.02), Estimate(0.08, 0.07, 0.09), {})
FIGURES = {"btc_a": dict.fromkeys(Mode, ONE)}


def test_table_gives_leak_and_over_redaction_with_intervals_for_each_mode():
    lines = table(FIGURES).splitlines()
    assert lines[0] == "| texts | fast | strict | max |"
    assert lines[2].count("1.2 (1.0–2.0) / 8.0 (7.0–9.0)") == 3


def test_card_says_what_went_in_and_when():
    text = card(Trained(b"12345", 1200, 34000), 7, "2026-11-25", FIGURES)
    assert "veil detect train --seed 7` on 2026-11-25" in text
    assert "1,200 texts, 34,000 words" in text
    assert "CC BY-SA 3.0 US" in text
    assert "{" not in text
