"""The seam behind which each action stands, and what two spellings of one value have in common."""

from __future__ import annotations

import re
import unicodedata
from typing import Protocol

from topology.policies import Treatment

_NO_LETTER = re.compile(r"[\W_]+")
_NO_ASCII_LETTER = dict.fromkeys(code for code in range(128) if not chr(code).isalnum())


class Transform(Protocol):
    """One action within one record. Pure: the same record, policy and key give the same replacements."""

    def replace(self, value: str, kind: str, treatment: Treatment) -> str | None:
        """What stands for `value`, which is of type `kind`. None: it can't be done, a placeholder has to do."""


def same(value: str) -> str:
    """What spellings that differ in case, spaces and punctuation have in common; the value itself if nothing."""
    if value.isascii():
        return value.lower() if value.isalnum() else value.lower().translate(_NO_ASCII_LETTER) or value
    return _NO_LETTER.sub("", unicodedata.normalize("NFKC", value).casefold()) or value
