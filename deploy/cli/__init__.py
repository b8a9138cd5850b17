"""`veil`: thin commands, each of which calls a function elsewhere."""

from deploy.cli.app import main

__all__ = ["main"]
