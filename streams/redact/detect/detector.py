"""The detector in use: every step of this room over one folded text, and the union of what they find."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import version

from streams.redact.detect.custom import CustomScanner
from streams.redact.detect.find import DEFAULT, UNUSUAL, Find
from streams.redact.detect.forms import load_forms
from streams.redact.detect.merge import draw_together, union
from streams.redact.detect.patterns import PatternScanner
from streams.redact.detect.recognizers import load_recognizers
from streams.redact.detect.shadow import Shadow, foreign_words, shadow_of
from streams.redact.detect.vocabulary import Vocabulary, load_vocabulary
from streams.redact.detect.words import WordScanner
from topology.policies import Detection, Policy

_DECIDING = ("hyperscan", "presidio-analyzer", "regex", "wordfreq")


class RuleDetector:
    """Rules and deny-by-default. One thread at a time."""

    def __init__(
        self,
        patterns: PatternScanner,
        words: WordScanner,
        custom: CustomScanner,
        everyday: frozenset[str],
        data_hash: str,
    ) -> None:
        self._patterns = patterns
        self._words = words
        self._custom = custom
        self._everyday = everyday
        self._data_hash = data_hash

    @property
    def version(self) -> str:
        """The libraries that decide, each with its version."""
        return " ".join(f"{name}={version(name)}" for name in _DECIDING)

    @property
    def data_hash(self) -> str:
        return self._data_hash

    def is_everyday(self, word: str) -> bool:
        return word in self._everyday

    def find(self, texts: Sequence[str]) -> list[list[Find]]:
        return [self._find_one(text) for text in texts]

    def _find_one(self, text: str) -> list[Find]:
        shadow = shadow_of(text)
        finds = self._patterns.find(shadow.text)
        finds += self._words.find(shadow.text)
        finds += self._custom.find(shadow.text)
        finds += [Find(start, end, UNUSUAL, DEFAULT) for start, end in shadow.long_runs]
        drawn = union(draw_together(union(finds), shadow.text))
        foreign = [Find(start, end, UNUSUAL, DEFAULT) for start, end in foreign_words(text)]
        return union([*to_raw(drawn, shadow), *foreign]) if foreign else to_raw(drawn, shadow)


def to_raw(finds: Sequence[Find], shadow: Shadow) -> list[Find]:
    """Finds of the folded text in the coordinates of the original."""
    if shadow.origin is None:
        return list(finds)
    moved = []
    for find in finds:
        start, end = shadow.to_raw(find.start, find.end)
        moved.append(replace(find, start=start, end=end))
    return union(moved)


def build_detector(policy: Policy) -> RuleDetector:
    """The detector for `policy`. Takes 6 s the first time; raises `ConfigError` for what can't be searched."""
    vocabulary = load_vocabulary(policy.language, policy.detection.allow)
    return RuleDetector(
        patterns=_patterns(),
        words=WordScanner(vocabulary),
        custom=CustomScanner(policy.detection),
        everyday=vocabulary.function_words,
        data_hash=_data_hash(vocabulary, policy.detection),
    )


@cache
def _patterns() -> PatternScanner:
    """Built once a process: compiling takes a second and depends on no policy."""
    return PatternScanner((*load_recognizers(), *load_forms()))


def _data_hash(vocabulary: Vocabulary, detection: Detection) -> str:
    state = hashlib.sha256(vocabulary.digest().encode())
    state.update(_patterns().digest().encode())
    state.update(repr(detection).encode())
    return state.hexdigest()
