"""The statistical part of detection: which words of a batch of texts are sensitive, and of which kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from streams.redact.detect import columns as of
from streams.redact.detect import lexicon as known
from streams.redact.detect.features import Rows, describe
from streams.redact.detect.find import Find
from streams.redact.detect.lexicon import Lexicon
from streams.redact.detect.model import Model
from streams.redact.detect.native import native
from streams.redact.detect.rule_groups import mark
from streams.redact.detect.spans import join
from streams.redact.detect.tagger import DOUBT
from streams.redact.detect.tokens import Bytes, Hashes, Ints, Tokens, hash_word, tokenize
from topology.policies import Mode

Floats = NDArray[np.float32]
UNKNOWN_FACTOR = 3  # a word that no list holds is shown only below a third of the threshold
LONG_NUMBER = 5  # digits in a row from which a number can be somebody's
# What fast mode shows in lower case without asking the trees: words of zipf 3.6 and more with no capital beside
# them, and of 5.2 and more everywhere. Half of all words; it costs 0.2 to 1.4 points of leak on the dev parts.
PLAIN_ZIPF, PLAIN_ANYWHERE, PLAIN_COMMON = 90, 130, 5
RARE_NAME = 100  # 10,000 bearers
TAGGER_SHARE = 0.35  # of the tagger in the blend; 0.35 and 0.5 were alike on the dev parts, and better than 0
VETO = 3.0  # log-odds that the tagger may take away from the trees, before its share; see `_blend`
_NEVER = np.float32(-20)
_SUREST = 1e-4  # share below which the tagger's doubts are all the same


class Classifier:
    """Pure; one thread at a time."""

    def __init__(
        self, lexicon: Lexicon, model: Model, mode: Mode, permille: int | None, allow: Iterable[str]
    ) -> None:
        """`permille`: probability from which a word is hidden, `None`: the mode's; `allow`: folded words."""
        self._lexicon = lexicon
        self._model = model
        self._gated = mode is Mode.FAST
        self._limits = _limits(model.permille[mode] if permille is None else permille)
        self._allowed = np.array(sorted(hash_word(word) for word in allow), np.uint64)
        self.search(["a"], [[]])  # machine code is compiled or loaded now, not in the middle of a batch

    def search(
        self, texts: Sequence[str], found: Sequence[Sequence[Find]]
    ) -> tuple[list[list[Find]], list[float]]:
        """Finds in folded texts, and the sum of the probabilities of the words left readable, for each text.

        `found` are the rules' finds, which the trees take into account.
        """
        tokens = tokenize(texts)
        rows = describe(tokens, self._lexicon, mark(tokens, found))
        odds = self._odds(rows, tokens)
        hidden, left = _decide(
            rows.values, rows.at, odds, tokens.key, tokens.text, len(texts), self._allowed, *self._limits
        )
        kinds = self._model.kind.scores(rows.values, rows.at[hidden])
        return join(tokens, rows, hidden, kinds), left.tolist()

    def _odds(self, rows: Rows, tokens: Tokens) -> Floats:
        """Log-odds of each word to be sensitive."""
        if not self._gated:
            trees = self._model.hide.scores(rows.values, rows.at)[0]
            return _blend(trees, self._model.tagger.odds(rows, tokens.key))
        asked = _not_plain(rows.values, rows.at)
        odds = np.full(rows.at.size, _NEVER)
        odds[asked] = self._model.hide.scores(rows.values, rows.at[asked])[0]
        return odds


@native
def _blend(trees: Floats, tagger: Floats) -> Floats:
    """Both log-odds in one, but the tagger's doubt counts only so far.

    In legal text it takes every defined term ("Borrower") for a plain word, since so many are.
    """
    odds = np.empty_like(trees)
    for index in range(trees.size):
        share = (1 / (1 + np.exp(-np.float64(tagger[index]))) - DOUBT) / (1 - 2 * DOUBT)
        share = min(max(share, _SUREST), 1 - _SUREST)
        more = np.log(share / (1 - share)) - np.float64(trees[index])
        odds[index] = trees[index] + TAGGER_SHARE * max(more, -VETO)
    return odds


def _limits(permille: int) -> tuple[float, float]:
    """Log-odds from which a known and an unknown word is hidden."""
    share = min(max(permille, 1), 999) / 1000
    unknown = share / UNKNOWN_FACTOR
    return log(share / (1 - share)), log(unknown / (1 - unknown))


@native
def _not_plain(values: Bytes, at: Ints) -> NDArray[np.int64]:
    """Words that are not plain, as `PLAIN_ZIPF` says; in a text without capitals, all."""
    asked = np.empty(at.size, np.int64)
    count = 0
    for index in range(at.size):
        row = values[at[index]]
        alone = values[at[index] - 1, of.SHAPE] == of.LOWERCASE and values[at[index] + 1, of.SHAPE] == of.LOWERCASE
        common = row[known.ZIPF] >= (PLAIN_ZIPF if alone else PLAIN_ANYWHERE) and row[known.COMMON] >= PLAIN_COMMON
        named = row[known.GEO] or row[known.PHRASE] or row[of.RULE] or row[known.GIVEN] >= RARE_NAME
        if row[of.SHAPE] != of.LOWERCASE or not common or named or row[of.STYLE] & of.NO_UPPER:
            asked[count] = index
            count += 1
    return asked[:count].copy()


@native
def _decide(
    values: Bytes, at: Ints, odds: Floats, key: Hashes, text: Ints, texts: int, allowed: Hashes, limit: float,
    unknown: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:  # fmt: skip
    """The words to hide, ascending; for each text the probabilities of the others, added up."""
    hidden = np.empty(at.size, np.int64)
    left = np.zeros(texts, np.float64)
    count = 0
    for index in range(at.size):
        row = values[at[index]]
        least = unknown if row[of.SOURCE] == of.UNLISTED and row[of.SHAPE] != of.NUMERAL else limit
        if _holds(allowed, key[index]):
            continue
        if odds[index] >= least or _denied(row):
            hidden[count] = index
            count += 1
        elif row[of.RULE] == 0:
            left[text[index]] += 1 / (1 + np.exp(-np.float64(odds[index])))
    return hidden[:count].copy(), left


@native
def _denied(row: Bytes) -> bool:
    """What is hidden whatever the model says: other scripts, long numbers, the parties of a contract."""
    if row[of.SHAPE] == of.NUMERAL:
        return bool(row[of.LENGTH] >= LONG_NUMBER)
    if row[known.CUE] == known.PARTIES:
        return bool(row[of.SHAPE] == of.CAPITAL or row[of.SHAPE] == of.CAPITALS)
    return bool(row[of.SHAPE] == of.ALIEN_WORD)


@native
def _holds(ordered: Hashes, key: np.uint64) -> bool:
    if ordered.size == 0:
        return False
    place = np.searchsorted(ordered, key)
    return bool(place < ordered.size and ordered[place] == key)
