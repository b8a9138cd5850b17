"""The columns of a word's row of features, each one byte; the first are those of the lexicon."""

from __future__ import annotations

from streams.redact.detect import lexicon as known

REACH = 2  # words on either side that a row's window holds
LEXICAL = known.PHRASE  # columns that are copied from the word's own entry

SOURCE = known.WIDTH
SHAPE = SOURCE + 1
LENGTH = SHAPE + 1  # characters, at most 20
DIGITS = LENGTH + 1  # digits in it; of a number: 20 may be a year, 16 a month, 17 a day
LIKE_PERSON = DIGITS + 1  # how much it looks like a person's name; 128 is undecided
LIKE_PLACE = LIKE_PERSON + 1
LAST = LIKE_PLACE + 1  # last letter, 1 to 26
LAST_BUT_ONE = LAST + 1
BEFORE = LAST_BUT_ONE + 1  # class of the nearest sign before the word, doubled, 1 more when it touches
AFTER = BEFORE + 1
START = AFTER + 1
PLACE = START + 1  # words before it in the sentence
LINE = PLACE + 1  # words in the line
INSIDE = LINE + 1  # 1 in parentheses, 2 in quotes, 3 both
TEXT_CAPITALS = INSIDE + 1  # share of words with a capital in the text, times 255
TEXT_UPPER = TEXT_CAPITALS + 1  # share of capitals among its letters
TEXT_WORDS = TEXT_UPPER + 1
STYLE = TEXT_WORDS + 1  # signs stand apart from words, there are # or @, no lower or no upper case: a sum
SENTENCE_CAPITALS = STYLE + 1
RUN_BEFORE = SENTENCE_CAPITALS + 1  # words with capitals that touch it on the left
RUN_AFTER = RUN_BEFORE + 1
SEEN_LOWER = RUN_AFTER + 1  # times the text has the word in lower case
SEEN_CAPITAL = SEEN_LOWER + 1  # times with a capital inside a sentence
SEEN = SEEN_CAPITAL + 1
RULE = SEEN + 1  # group of the rule that found it (`rule_groups.py`)
COLUMNS = RULE + 1

# Values of SHAPE. Below NUMERAL it is letters only, and between LOWERCASE and NUMERAL there is a capital.
LOWERCASE, CAPITAL, CAPITALS, ONE_CAPITAL, MIXED, NUMERAL, WITH_DIGITS, ALIEN_WORD = range(8)
# Values of START: where the word stands. PERHAPS: after a full stop that may belong to an abbreviation.
WITHIN, TEXT, SENTENCE, NEW_LINE, COLON, PERHAPS = range(6)
# Parts of STYLE.
APART, SOCIAL, NO_LOWER, NO_UPPER = 1, 2, 4, 8
# Values of SOURCE: what the lexicon holds of the word. DERIVED: it without an ending; COMPOUND: parts of it.
ITSELF, STEM, DERIVED, UNLISTED, COMPOUND = range(5)
