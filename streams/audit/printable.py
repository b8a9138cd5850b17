"""What others wrote, as it may be shown: it steers neither a terminal nor a renderer."""

from __future__ import annotations


def printable(text: str) -> str:
    """What doesn't print, marks of direction too, is replaced."""
    return "".join(char if char.isprintable() else "�" for char in text)
