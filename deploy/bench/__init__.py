"""Measures what was promised: see README.md."""

from deploy.bench.run import main

__all__ = ["main"]
