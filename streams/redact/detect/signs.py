"""Bytes that stand between words, and their classes."""

from __future__ import annotations

import numpy as np

from streams.redact.detect.tokens import Bytes

LINE_FEED, SPACE, EXCLAMATION, QUOTE, HASH, AMPERSAND, APOSTROPHE, OPENS, CLOSES = (
    10,
    32,
    33,
    34,
    35,
    38,
    39,
    40,
    41,
)
STAR, COMMA, HYPHEN, POINT, SLASH, COLON_SIGN, QUESTION, AT, BAR = 42, 44, 45, 46, 47, 58, 63, 64, 124
_SIGNS = " .,:;!?-'\"()[]#@/&_$%*|<>=+~"
BLANK, POINT_CLASS, HYPHEN_CLASS, AMPERSAND_CLASS = (_SIGNS.index(sign) for sign in " .-&")


def _classes() -> Bytes:
    classes = np.full(256, len(_SIGNS) + 1, np.uint8)
    for number, sign in enumerate(_SIGNS):
        classes[ord(sign)] = number
    classes[[9, 10, 13]] = BLANK
    return classes


SIGN_CLASSES = _classes()
