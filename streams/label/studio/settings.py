"""Limits, with their reasons. Imports nothing: the command line shows them."""

from __future__ import annotations

PASSED_OVER = 50
"""Tasks given back, or gone when they were opened, before an import ends: a file of one's own last tasks passes
over none or few, and each was a view.
"""
