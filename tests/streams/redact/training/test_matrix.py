from __future__ import annotations

import numpy as np

from streams.redact.detect.columns import COLUMNS, REACH
from streams.redact.detect.model import CLASSES
from streams.redact.training.corpus import Example
from streams.redact.training.learn_tagger import learn_tagger
from streams.redact.training.matrix import Matrix, matrix_of


def matrix(*examples: Example) -> Matrix:
    return matrix_of(examples, lambda texts: [[] for _ in texts])


def classes(one: Matrix) -> list[str]:
    return [CLASSES[number] for number in one.classes]


def test_words_get_the_class_of_the_span_over_them():
    one = matrix(Example("We saw Anna in Oslo", ((7, 11, "PERSON"), (15, 19, "LOCATION")), "x"))
    assert classes(one) == ["SHOWN", "SHOWN", "PERSON", "SHOWN", "LOCATION"]


def test_spans_are_found_in_texts_that_fold_to_another_length():
    one = matrix(Example("Straße ﬀ Zoë", ((9, 12, "PERSON"),), "x"), Example("a Bo", ((2, 4, "PERSON"),), "x"))
    assert classes(one) == ["SHOWN", "SHOWN", "PERSON", "SHOWN", "PERSON"]


def test_dates_weigh_nothing_since_policies_decide_of_them():
    one = matrix(Example("born May here", ((5, 8, "DATE_TIME"),), "x"))
    assert one.weights[1] == 0
    assert one.weights[0] > 0


def test_windows_hold_the_rows_around_each_word():
    one = matrix(Example("We saw Anna", (), "x"))
    windows = one.windows().reshape(3, 2 * REACH + 1, COLUMNS)
    assert (windows[1, REACH] == one.rows.values[one.rows.at[1]]).all()
    assert (windows[1, REACH - 1] == one.rows.values[one.rows.at[0]]).all()
    assert not windows[0, 0].any()


def test_a_tagger_learns_from_context_and_repeats_for_a_seed(monkeypatch):
    monkeypatch.setattr("streams.redact.training.learn_tagger.BATCH", 64)
    random = np.random.default_rng(1)
    words = ["green", "table", "happy", "stone"]
    texts = []
    for _ in range(120):
        word = words[random.integers(4)]
        texts.append(Example(f"hello {word} today", ((6, 6 + len(word), "PERSON"),), "x"))
        texts.append(Example(f"the {word} today", (), "x"))
    one = matrix(*texts)
    tagger, again = learn_tagger(one, 1), learn_tagger(one, 1)
    odds = tagger.odds(one.rows, one.tokens.key)
    assert (odds == again.odds(one.rows, one.tokens.key)).all()
    right = (odds > 0) == (one.classes > 0)
    assert right.mean() > 0.97
