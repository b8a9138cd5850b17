"""The detector in use: rules and classifier over folded texts, and the union of what they find."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version

from schemas.errors import Reason, Refused
from streams.redact.detect.classifier import Classifier
from streams.redact.detect.custom import CustomScanner
from streams.redact.detect.encoded import encoded_finds
from streams.redact.detect.find import DEFAULT, UNUSUAL, Find, Searched
from streams.redact.detect.forms import load_forms
from streams.redact.detect.lexicon import Lexicon, lexicon_for, zipf_of
from streams.redact.detect.merge import union
from streams.redact.detect.model import Model, load_model
from streams.redact.detect.patterns import PatternScanner
from streams.redact.detect.recognizers import load_recognizers
from streams.redact.detect.repeated import repeated
from streams.redact.detect.shadow import Shadow, fold, foreign_words, shadow_of, unseen_runs
from streams.redact.detect.user_recognizers import UserRecognizers, load_user_recognizers
from topology.policies import Detection, FailedChecksum, ForeignScript, Policy, Years

_FIRST = "Anna Schmidt of Berlin, 12 March 1984."
COMMON_ZIPF = 3.0  # about 29,000 English words: in lower case they are themselves, and no slip of somebody's name
_DECIDING = ("hyperscan", "numba", "numpy", "phonenumbers", "presidio-analyzer", "regex", "wordfreq")


class TextDetector:
    """Rules and classifier. One thread at a time."""

    def __init__(
        self,
        patterns: PatternScanner,
        custom: CustomScanner,
        classifier: Classifier,
        lexicon: Lexicon,
        user: UserRecognizers,
        data_hash: str,
        *,
        refuses_foreign: bool,
    ) -> None:
        self._patterns = patterns
        self._custom = custom
        self._classifier = classifier
        self._lexicon = lexicon
        self._user = user
        self._refuses_foreign = refuses_foreign
        self._data_hash = data_hash

    @property
    def version(self) -> str:
        """The libraries that decide, each with its version."""
        return " ".join(f"{name}={version(name)}" for name in _DECIDING)

    @property
    def data_hash(self) -> str:
        return self._data_hash

    def is_everyday(self, word: str) -> bool:
        return word in self._lexicon.everyday

    def is_common(self, word: str) -> bool:
        return zipf_of(word, self._lexicon) >= COMMON_ZIPF

    def search(self, texts: Sequence[str]) -> list[Searched]:
        if self._refuses_foreign and any(foreign_words(text) for text in texts):
            raise Refused(Reason.DETECTION_FAILED)
        searched = self._look(texts)
        encoded = encoded_finds(texts, lambda plain: [one.finds for one in self._look(plain)])
        users = self._user.find_raw(texts)
        return [
            Searched(union([*one.finds, *more, *own]), one.mass) if more or own else one
            for one, more, own in zip(searched, encoded, users, strict=True)
        ]

    def warm_up(self) -> None:
        """Load or make the machine code. A user's own recognizers are left alone: they may hang."""
        self._look([_FIRST])

    def _look(self, texts: Sequence[str]) -> list[Searched]:
        shadows = [shadow_of(text) for text in texts]
        folded = [shadow.text for shadow in shadows]
        ruled = self._rules(folded)
        worded, masses = self._classifier.search(folded, ruled)
        return [
            Searched(self._together(text, shadow, rules, words), mass)
            for text, shadow, rules, words, mass in zip(texts, shadows, ruled, worded, masses, strict=True)
        ]

    def _together(self, text: str, shadow: Shadow, rules: list[Find], words: list[Find]) -> list[Find]:
        """The union, in coordinates of the text."""
        finds = union([*rules, *words]) if rules else words
        if shadow.long_runs:
            finds = union([*finds, *(Find(start, end, UNUSUAL, DEFAULT) for start, end in shadow.long_runs)])
        again = repeated(shadow.text, finds, self.is_everyday) if finds else ()
        finds = union([*finds, *again]) if again else finds
        if text.isascii():
            return finds
        foreign = [Find(*span, UNUSUAL, DEFAULT) for span in (*foreign_words(text), *unseen_runs(text))]
        return union([*to_raw(finds, shadow), *foreign]) if foreign else to_raw(finds, shadow)

    def _rules(self, folded: list[str]) -> list[list[Find]]:
        found = self._patterns.find_many(folded)
        users = self._user.find_folded(folded)
        return [
            [*finds, *own, *self._custom.find(text)] for finds, own, text in zip(found, users, folded, strict=True)
        ]


def to_raw(finds: Sequence[Find], shadow: Shadow) -> list[Find]:
    """Finds of the folded text in the coordinates of the original."""
    if shadow.origin is None:
        return list(finds)
    moved = []
    for find in finds:
        start, end = shadow.to_raw(find.start, find.end)
        moved.append(find._replace(start=start, end=end))
    return union(moved)


def build_detector(policy: Policy, model: Model | None = None) -> TextDetector:
    """The detector for `policy`, by default with the model of this package; ready for its first text.

    Raises `ConfigError` for what can't be searched.
    """
    detection, model = policy.detection, model or load_model()
    lexicon = lexicon_for(policy.language)
    allowed = [part.lower() for word in detection.allow for part in fold(word).split()]
    detector = TextDetector(
        patterns=patterns_for(detection),
        custom=CustomScanner(detection),
        classifier=Classifier(lexicon, model, detection.mode, detection.threshold_permille, allowed),
        lexicon=lexicon,
        user=load_user_recognizers(detection.recognizers),
        data_hash=_data_hash(lexicon, model, detection),
        refuses_foreign=detection.foreign_script is ForeignScript.QUARANTINE,
    )
    detector.warm_up()
    return detector


def patterns_for(detection: Detection) -> PatternScanner:
    """The rules of this package, as the policy wants them."""
    return _patterns(
        mistyped=detection.failed_checksum is FailedChecksum.MASK, bare_years=detection.years is Years.HIDE
    )


@cache
def _patterns(*, mistyped: bool, bare_years: bool) -> PatternScanner:
    """Built once a process: compiling takes seconds."""
    return PatternScanner((*load_recognizers(mistyped=mistyped), *load_forms(bare_years=bare_years)))


def _data_hash(lexicon: Lexicon, model: Model, detection: Detection) -> str:
    state = hashlib.sha256(lexicon.digest.encode())
    state.update(model.digest.encode())
    state.update(patterns_for(detection).digest().encode())
    state.update(repr(detection).encode())
    return state.hexdigest()
