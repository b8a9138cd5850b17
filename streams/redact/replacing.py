"""From cuts to sanitized text: what stands for each value of one record, and the spans that map both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from schemas.geometry import Span
from schemas.hidden import Hidden, RawValues
from streams.redact.cuts import Cut
from streams.redact.placeholders import ESCAPE, escaped
from streams.redact.transform.drop import Drop
from streams.redact.transform.generalize import Generalize
from streams.redact.transform.keys import RecordKeys
from streams.redact.transform.mask import Mask
from streams.redact.transform.placeholder import Placeholders
from streams.redact.transform.surrogate import Real, Surrogates
from streams.redact.transform.token import Tokens
from streams.redact.transform.transform import Transform, same
from topology.policies import Action, Policy

_NAMED = frozenset({Action.TOKEN, Action.SURROGATE, Action.PLACEHOLDER})
"""Whose replacements stand for one value, so that the values layer can keep it."""
_MASK, _DROP = Mask(), Drop()


class Replacing(Hidden):
    """Everything that is replaced in one record.

    A value found under several types is called by the one with the greatest weight, wherever it stands.
    """

    __slots__ = ("_keys", "_kinds", "_originals", "_placeholders", "_policy", "_real", "_transforms")

    def __init__(
        self,
        policy: Policy,
        occurrences: Iterable[tuple[str, Cut]],
        keys: Callable[[], RecordKeys],
        real: Callable[[], Real],
    ) -> None:
        self._policy = policy
        self._keys = keys
        self._real = real
        self._kinds = _best_kinds(occurrences)
        self._originals: dict[str, str] = {}
        self._placeholders = Placeholders()
        self._transforms: dict[Action, Transform] = {Action.MASK: _MASK, Action.DROP: _DROP}

    def render(self, path: str, text: str, cuts: Sequence[Cut]) -> tuple[str, tuple[Span, ...]]:
        """The sanitized text of one field and its spans. `cuts` are ascending and disjoint."""
        if not cuts:
            return text, ()
        parts: list[str] = []
        spans: list[Span] = []
        position = length = 0
        for cut in cuts:
            start, end = cut.start, cut.end
            replacement, kind, action = self._replacement(text[start:end], cut)
            length += start - position
            spans.append(Span(path, start, end, length, length + len(replacement), kind, replacement, action))
            parts += (text[position:start], replacement)
            length += len(replacement)
            position = end
        parts.append(text[position:])
        return "".join(parts), tuple(spans)

    def values(self) -> RawValues:
        """What a placeholder, a token or a surrogate stands for."""
        return RawValues(self._originals)

    def _replacement(self, raw: str, cut: Cut) -> tuple[str, str, str]:
        if cut.treatment is None:
            return escaped(raw), cut.kind, ESCAPE
        action = cut.treatment.action
        key = same(raw)
        kind = self._kinds[key]
        if action is not Action.PLACEHOLDER:
            made = self._transform(action).replace(raw, kind, cut.treatment)
            if made is not None:
                if action in _NAMED:
                    self._originals.setdefault(made, raw)
                return made, kind, action.value
        made = self._placeholders.named(key, kind)
        self._originals.setdefault(made, raw)
        return made, kind, Action.PLACEHOLDER.value

    def _transform(self, action: Action) -> Transform:
        if action not in self._transforms:
            self._transforms[action] = self._made(action)
        return self._transforms[action]

    def _made(self, action: Action) -> Transform:
        if action is Action.GENERALIZE:
            return Generalize(int(self._policy.review_by[:4]))
        if action is Action.TOKEN:
            return Tokens(self._keys())
        return Surrogates(self._keys(), self._policy.language, self._real)


def _best_kinds(occurrences: Iterable[tuple[str, Cut]]) -> dict[str, str]:
    best: dict[str, tuple[float, str]] = {}
    for raw, cut in occurrences:
        key, rank = same(raw), (cut.weight, cut.kind)
        if key not in best or rank > best[key]:
            best[key] = rank
    return {key: kind for key, (_, kind) in best.items()}
