"""Times as tables show them."""

from __future__ import annotations

import datetime as dt


def moment(at: int) -> str:
    """Milliseconds since the epoch as date and minute in UTC."""
    return dt.datetime.fromtimestamp(at / 1000, dt.UTC).strftime("%Y-%m-%d %H:%M")
