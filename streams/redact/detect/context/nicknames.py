"""Bill for William and William for Bill: other forms of a first name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

MIN_FORM = 3  # letters; "Al" and "Jo" are in every text


@cache
def nicknames() -> Mapping[str, tuple[str, ...]]:
    """For a name, folded and in lower case, its other forms."""
    text = resources.files("streams.redact.detect.context").joinpath("nicknames.txt").read_text("utf-8")
    forms: dict[str, dict[str, None]] = {}
    for line in text.splitlines():
        names = () if line.startswith("#") else line.split()
        for name in names:
            forms.setdefault(name, {}).update(dict.fromkeys(names))
    return {
        name: tuple(other for other in others if other != name and len(other) >= MIN_FORM)
        for name, others in forms.items()
    }
