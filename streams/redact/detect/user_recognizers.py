"""A policy's own Presidio recognizers, unchanged: patterns join ours, code runs in processes of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from schemas.errors import Reason, Refused
from streams.redact.detect.failure_budget import FailureBudget
from streams.redact.detect.find import Find
from streams.redact.detect.isolation import IsolatedRecognizer
from streams.redact.detect.patterns import PatternScanner
from streams.redact.detect.recognizer_files import read_recognizers
from topology.policies import Recognizer as Named
from topology.policies import RecognizerForm


@dataclass(frozen=True, slots=True)
class UserRecognizers:
    """`patterns` see folded text, `code` sees the text as it is. Without any, no process is started.

    `budget` is what all of them together may lose.
    """

    patterns: PatternScanner | None = None
    code: tuple[IsolatedRecognizer, ...] = ()
    budget: FailureBudget = field(default_factory=lambda: FailureBudget(time.monotonic))

    def find_folded(self, texts: Sequence[str]) -> list[list[Find]]:
        """What the patterns find, in coordinates of the folded texts. Raises `Refused(DETECTION_FAILED)`."""
        if self.patterns is None:
            return [[] for _ in texts]
        with self.budget.trying():
            try:
                return self.patterns.find_many(texts)
            except TimeoutError:
                raise Refused(Reason.DETECTION_FAILED) from None

    def find_raw(self, texts: Sequence[str]) -> list[list[Find]]:
        """What the code finds, in coordinates of the texts themselves. Raises `Refused(DETECTION_FAILED)`."""
        found: list[list[Find]] = [[] for _ in texts]
        for one in self.code:
            for finds, more in zip(found, one.find(texts), strict=True):
                finds.extend(more)
        return found

    def close(self) -> None:
        """End all processes."""
        for one in self.code:
            one.close()


def load_user_recognizers(named: Sequence[Named]) -> UserRecognizers:
    """Those a policy names. Raises `ConfigError` for one that can't be read, used, or is not the one reviewed."""
    files = [one for one in named if one.form is RecognizerForm.FILE]
    patterns = [pattern for one in files for pattern in read_recognizers(Path(one.place), one.sha256)]
    budget = FailureBudget(time.monotonic)
    code = [
        IsolatedRecognizer(one.place, one.sha256, budget) for one in named if one.form is RecognizerForm.PYTHON
    ]
    return UserRecognizers(PatternScanner(patterns) if patterns else None, tuple(code), budget)
