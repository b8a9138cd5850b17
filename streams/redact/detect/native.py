"""Functions compiled to machine code when they are first called, and kept on disk where that is possible.

The first call on a machine compiles (35 s of one core for all of this room, measured 2026-11-25); later processes
load what was kept in 0.7 s. Where neither the installation nor the user's cache can be written, every process
compiles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def native(function: F) -> F:
    """`function` as machine code. No `fastmath`: the same input gives the same bits on every machine."""
    try:
        return cast("F", njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no folder for the cache can be written
        return cast("F", njit(nogil=True)(function))
