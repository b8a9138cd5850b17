"""The names of months and weekdays that made-up dates are written with."""

from __future__ import annotations

from collections.abc import Sequence

_MONTHS = "january february march april may june july august september october november december"
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday"
MONTHS: Sequence[str] = tuple(_MONTHS.split())
WEEKDAYS: Sequence[str] = tuple(_WEEKDAYS.split())
