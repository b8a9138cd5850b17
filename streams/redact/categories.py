"""The categories that detection can find, so that a policy's misspelt one is noticed."""

from __future__ import annotations

from functools import cache

from streams.redact.detect.find import DENIED, NUMBER, UNUSUAL
from streams.redact.detect.forms import load_forms
from streams.redact.detect.recognizers import load_recognizers
from topology.policies import PACKS, load_pack

_OTHERS = frozenset({NUMBER, UNUSUAL, DENIED, "PERSON", "LOCATION", "ORGANIZATION", "ADDRESS", "NRP", "TITLE"})
"""What the word lists and the model find."""


@cache
def known_categories() -> frozenset[str]:
    """Of all recognizers, forms, word lists and regulation packs. Takes 2 s the first time: Presidio's import."""
    ruled = {one.entity_type for one in (*load_recognizers(), *load_forms())}
    packed = {category for name in PACKS for category in load_pack(name).actions()}
    return _OTHERS | ruled | packed
