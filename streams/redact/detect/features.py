"""What the classifier sees of each word: one row of bytes, the same for trees and tagger, for training and use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streams.redact.detect.columns import COLUMNS, REACH
from streams.redact.detect.lexicon import Lexicon
from streams.redact.detect.look_up import derive, look_up
from streams.redact.detect.signs import SIGN_CLASSES
from streams.redact.detect.surroundings import write_surroundings
from streams.redact.detect.tokens import KINDS, Bytes, Ints, Tokens
from streams.redact.detect.whole_text import write_again, write_sentences, write_texts
from streams.redact.detect.word_forms import mark_phrases, write_forms


@dataclass(frozen=True, slots=True, repr=False)
class Rows:
    """`values`: `[words and gaps, COLUMNS]`; `at[i]`: the row of word `i`.

    Rows of a text stand between `REACH` empty ones, so that a window around a word is a slice of consecutive rows.
    """

    values: Bytes
    at: Ints


def describe(tokens: Tokens, lexicon: Lexicon, rules: Bytes) -> Rows:
    """Rows of all words. `rules`: for each byte of the buffer the group of the rule that found it, or 0."""
    texts = tokens.bounds.size - 1
    values = np.zeros((tokens.start.size + REACH * (texts + 1), COLUMNS), np.uint8)
    at = (np.arange(tokens.start.size) + REACH * (tokens.text + 1)).astype(np.int32)
    data, start, end, text = tokens.data, tokens.start, tokens.end, tokens.text
    unlisted = look_up(start, tokens.key, tokens.stem, at, lexicon.slots, lexicon.rows, values)
    derive(data, start, end, unlisted, at, lexicon.slots, lexicon.rows, values)
    write_forms(data, start, end, at, KINDS, lexicon.grams, rules, values)
    mark_phrases(data, start, end, text, at, lexicon.slots, lexicon.rows, values)
    write_surroundings(data, tokens.bounds, start, end, text, at, SIGN_CLASSES, values)
    write_texts(data, tokens.bounds, text, at, KINDS, values)
    write_sentences(at, text, values)
    write_again(tokens.key, text, at, values)
    return Rows(values, at)
