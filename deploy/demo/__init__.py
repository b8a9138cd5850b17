"""The demo: one real run on a sample of public data, measured and proven."""

from deploy.demo.command import main

__all__ = ["main"]
