"""What must be so before a text is put into somebody's Label Studio. Pure; what can't be told is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas.errors import ConfigError

_ANALYTICS = re.compile(r"\bcollect_analytics\s*[=:]\s*(\w+)")


def check_analytics(sign_in_page: str) -> None:
    """With analytics on, which is how it comes, the server sends what is asked of it, texts too, to its vendor.

    Its page to sign in says which it is, to everybody. Raises ConfigError unless it says off, and nothing else.
    """
    if set(_ANALYTICS.findall(sign_in_page)) != {"false"}:
        raise ConfigError(
            "Label Studio: does not say that its analytics are off, so it may send texts to its vendor;"
            " start it with COLLECT_ANALYTICS=false"
        )


def check_alone(webhooks: Sequence[object], models: Sequence[object], storages: Sequence[object]) -> None:
    """Nothing may be set up there that hands tasks or answers on. Raises ConfigError."""
    found = {"webhooks": webhooks, "machine learning backends": models, "target storages": storages}
    if connected := [name for name, there in found.items() if there]:
        raise ConfigError(
            f"Label Studio: has {', '.join(connected)}, which get what tasks hold; remove them there"
        )


def asks_the_same(there: str, ours: str) -> bool:
    """Whether a project asks for what a task's policy does."""
    return _lines(there) == _lines(ours)


def check_configuration(there: str, ours: str) -> None:
    """As `asks_the_same`. Raises ConfigError where it does not."""
    if not asks_the_same(there, ours):
        raise ConfigError(
            "Label Studio: its project has another labeling configuration than ours;"
            " delete that project, or give another --title"
        )


def _lines(configuration: str) -> list[str]:
    return [line.strip() for line in configuration.strip().splitlines()]
