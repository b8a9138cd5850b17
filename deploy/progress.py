"""How whoever does something long says how far it is: one line at a time, never content."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[str], None]
"""Is told a line."""
